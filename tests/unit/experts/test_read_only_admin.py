"""What coaches read and nobody changes: scenarios, priors, meetings."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

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


@pytest.fixture
def facilitating(client, carol):
    carol.is_facilitator = True
    carol.save()
    return "/admin/experts/rulereviewsession/"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("session_date", "0001-01-01"),
        ("session_date", "1949-12-31"),
        ("session_date", "9999-12-31"),
        ("session_name", "n" * 201),
    ],
)
def test_what_no_meeting_can_have_is_told_at_its_field(client, facilitating, field, typed):
    page = client.post(f"{facilitating}add/", MEETING | {field: typed})
    assert list(page.context["adminform"].form.errors) == [field]
    assert not RuleReviewSession.objects.exists()


def test_days_and_names_at_the_edge_are_taken(client, facilitating):
    next_year = timezone.localdate().year + 1
    for day in ("1950-01-01", f"{next_year}-12-31"):
        changes = {"session_date": day, "session_name": "n" * 200}
        assert client.post(f"{facilitating}add/", MEETING | changes).status_code == 302


def test_of_two_who_save_the_second_is_told_and_keeps_what_was_typed(client, facilitating, dave):
    dave.is_facilitator, dave.display_name = True, "Dave D."
    dave.save()
    meeting = RuleReviewSession.objects.create(session_date="2026-11-02", session_name="Fingers")
    address = f"{facilitating}{meeting.pk}/change/"
    opened = client.get(address).context["adminform"].form["revision"].value()
    his = Client()
    his.force_login(dave)
    assert his.post(address, MEETING | {"notes": "His.", "revision": opened}).status_code == 302

    mine = MEETING | {"notes": "Mine.", "revision": opened}
    page = client.post(address, mine)
    (told,) = page.context["adminform"].form.non_field_errors()
    assert told.startswith(
        "This meeting was changed by Dave D. while you had it open. It differs from yours in: notes."
    )
    assert "Mine." in page.content.decode()
    meeting.refresh_from_db()
    assert meeting.notes == "His."
    again = page.context["adminform"].form["revision"].value()
    assert client.post(address, mine | {"revision": again}).status_code == 302
    meeting.refresh_from_db()
    assert meeting.notes == "Mine."


def test_the_start_page_lists_them(client):
    page = client.get("/admin/").content.decode()
    for name in ("expertrule", "ruleauditlog", "syntheticscenario", "populationprior", "rulereviewsession"):
        assert f"/admin/experts/{name}/" in page
    assert "/admin/accounts/user/" not in page
