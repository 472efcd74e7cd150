"""What coaches read and nobody changes: scenarios, priors, meetings."""

from __future__ import annotations

import pytest

from experts.models import PopulationPrior, RuleReviewSession, SyntheticScenario


@pytest.fixture(autouse=True)
def as_carol(settings, client, carol):
    settings.DEMO = True
    client.force_login(carol)


def test_scenarios_without_what_would_unblind(client):
    scenario = SyntheticScenario.objects.create(
        baseline_snapshot={"age": 30, "name": "<script>"},
        pre_session_snapshot={"sleep_hours": 4.5},
        scenario_description="Tired before a competition",
        edge_case_tags=["sleep_deprived"],
        difficulty_level="hard",
        ai_recommendation={"session_type": "SECRET"},
        ai_reasoning="SECRET",
        consensus_recommendation={"x": "SECRET"},
    )
    listed = client.get("/admin/experts/syntheticscenario/?q=tired&difficulty_level=hard")
    page = client.get(f"/admin/experts/syntheticscenario/{scenario.pk}/change/")
    assert "Tired before a competition" in listed.content.decode()
    assert "sleep_hours: 4.5" in page.content.decode()
    for answer in (listed, page):
        text = answer.content.decode().split("<main", 1)[1]
        assert "Sleep deprived" in text
        assert "sleep_deprived" not in text
        assert "Hard" in text
        assert "SECRET" not in answer.content.decode()
        assert "<script>" not in answer.content.decode()
    assert client.post(f"/admin/experts/syntheticscenario/{scenario.pk}/change/", {}).status_code == 403


def test_priors_with_their_sources(client):
    prior = PopulationPrior.objects.get(variable_name="caffeine_mg", is_current=True)
    listed = client.get("/admin/experts/populationprior/?is_current__exact=1").content.decode()
    page = client.get(f"/admin/experts/populationprior/{prior.pk}/change/").content.decode()
    assert "caffeine_mg" in listed
    assert prior.literature_sources[0] in page


def test_meetings(client):
    meeting = RuleReviewSession.objects.create(session_date="2026-11-02", session_name="Fingers")
    assert "Fingers" in client.get("/admin/experts/rulereviewsession/").content.decode()
    page = client.get(f"/admin/experts/rulereviewsession/{meeting.pk}/change/")
    assert page.status_code == 200
    assert 'type="submit"' not in page.content.decode().split("<main", 1)[1]


MEETING = {
    "session_date": "2026-11-02",
    "session_name": "Fingers",
    "status": "completed",
    "scenarios_reviewed": "12",
    "rules_created": "1",
    "rules_modified": "2",
    "notes": "",
}


def test_facilitators_write_meetings_and_other_coaches_do_not(client, carol):
    where = "/admin/experts/rulereviewsession/"
    assert client.post(f"{where}add/", MEETING).status_code == 403
    carol.is_facilitator = True
    carol.save()
    assert client.post(f"{where}add/", MEETING | {"rules_created": "-1"}).status_code == 200
    assert client.post(f"{where}add/", MEETING).status_code == 302
    meeting = RuleReviewSession.objects.get()
    assert (meeting.session_name, meeting.scenarios_reviewed, meeting.participants) == ("Fingers", 12, [])
    assert client.post(f"{where}{meeting.pk}/change/", MEETING | {"notes": "Once more."}).status_code == 302
    meeting.refresh_from_db()
    assert meeting.notes == "Once more."
    assert meeting.completed_at is not None
    assert client.post(f"{where}{meeting.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_start_page_lists_them(client):
    page = client.get("/admin/").content.decode()
    for name in ("expertrule", "ruleauditlog", "syntheticscenario", "populationprior", "rulereviewsession"):
        assert f"/admin/experts/{name}/" in page
    assert "/admin/accounts/user/" not in page
