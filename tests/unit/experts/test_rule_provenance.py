"""Where a rule comes from: contributors, scenario, review session; in the workbench, over the API and in the log."""

from __future__ import annotations

import html
import json
import re
from uuid import UUID, uuid4

import pytest

from climbiq.accounts.models import User
from experts.domain.rules.content import MAX_CONTRIBUTORS
from experts.domain.rules.faults import InvalidRule
from experts.models import ExpertRule, RuleAuditLog, RuleReviewSession, SyntheticScenario
from experts.selectors import as_log_entries, rule_log_rows
from experts.services.rules import change_lifecycle, content_of, create_rule, revision_of, update_rule
from tests.factories.expert_rules import NOW, REST, TENSE, as_coach, content, stored_rule

RULES = "/api/v1/expert-capture/rules"
ADMIN = "/admin/experts/expertrule/"
BODY = {"name": "Stressed", "conditions": {"ALL": [TENSE]}, "actions": [REST]}


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True  # coaches without a second factor


@pytest.fixture
def scenario(db) -> SyntheticScenario:
    return SyntheticScenario.objects.create(
        baseline_snapshot={}, pre_session_snapshot={}, scenario_description="Tired before a competition"
    )


@pytest.fixture
def meeting(db) -> RuleReviewSession:
    return RuleReviewSession.objects.create(session_date="2026-11-02", session_name="Fingers")


def update(by, rule, **changes) -> ExpertRule:
    with as_coach(by):
        return update_rule(by=by, rule_id=rule.pk, changes=changes, reason="said so", now=NOW)


def changes_of(rule, action="modified") -> list[tuple]:
    entries = as_log_entries(rule_log_rows().filter(rule=rule, action=action))
    return [(change.what, change.before, change.after) for change in entries[0].changes]


def send(client, method, path, body):
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def text_of(response) -> str:
    return html.unescape(response.content.decode())


# --- The service ----------------------------------------------------------------------------------------------


def test_it_is_stored_and_told_by_name(carol, dave, scenario, meeting):
    with as_coach(carol):
        rule = create_rule(
            by=carol,
            content=content(
                contributors=(dave.pk, carol.pk, dave.pk),
                source_scenario=scenario.pk,
                review_session=meeting.pk,
            ),
            now=NOW,
        )
    assert rule.contributors == [dave.pk, carol.pk]
    assert (rule.source_scenario_id, rule.review_session_id) == (scenario.pk, meeting.pk)
    told = changes_of(rule, "created")
    assert ("Contributors", None, "Dave, Carol") in told
    assert ("Scenario", None, "Tired before a competition") in told
    assert ("Review session", None, "Fingers") in told

    update(carol, rule, contributors=(), source_scenario=None, review_session=None)
    assert changes_of(rule) == [
        ("Contributors", "Dave, Carol", "nothing"),
        ("Scenario", "Tired before a competition", "nothing"),
        ("Review session", "Fingers", "nothing"),
    ]


def test_who_and_what_is_not_there_is_told_with_every_other_fault(carol, alice):
    nobody, nothing = uuid4(), uuid4()
    with as_coach(carol), pytest.raises(InvalidRule) as refused:
        create_rule(
            by=carol,
            content=content(
                name=" ",
                contributors=(carol.pk, alice.pk, nobody),
                source_scenario=nothing,
                review_session=nothing,
                conditions={},
            ),
            now=NOW,
        )
    told = {fault.path: fault.message for fault in refused.value.faults}
    assert told["contributors[1]"] == f"There is no coach {alice.pk}."
    assert told["contributors[2]"] == f"There is no coach {nobody}."
    assert told["source_scenario"] == f"There is no scenario {nothing}."
    assert told["review_session"] == f"There is no review session {nothing}."
    assert {"name", "conditions"} <= set(told)
    assert "contributors[0]" not in told
    assert not ExpertRule.objects.exists()


def test_too_many(carol):
    with as_coach(carol), pytest.raises(InvalidRule, match=f"{MAX_CONTRIBUTORS} are the most; these are 51"):
        create_rule(by=carol, content=content(contributors=tuple(uuid4() for _ in range(51))), now=NOW)


def test_one_who_coaches_no_more_stays_and_comes_no_second_time(carol, dave):
    rule = stored_rule(contributors=[dave.pk])
    User.objects.filter(pk=dave.pk).update(is_staff=False)
    changed = update(carol, rule, contributors=(dave.pk, carol.pk), evidence="Seen twice.")
    assert changed.contributors == [dave.pk, carol.pk]
    update(carol, rule, contributors=(carol.pk,))
    with pytest.raises(InvalidRule, match="There is no coach"):
        update(carol, rule, contributors=(carol.pk, dave.pk))


def test_it_is_no_content_a_safety_rule_stays_in_force(carol, dave, scenario, meeting):
    with as_coach(carol):
        rule = create_rule(by=carol, content=content(rule_category="safety"), now=NOW)
    with as_coach(dave):
        rule = change_lifecycle(by=dave, rule_id=rule.pk, to="active", reason="read it")
    before = (rule.version, rule.updated_by_id, rule.lifecycle, rule.is_active)
    for part, value in (
        ("contributors", (carol.pk, dave.pk)),
        ("source_scenario", scenario.pk),
        ("review_session", meeting.pk),
    ):
        rule = update(carol, rule, **{part: value})
        assert (rule.version, rule.updated_by_id, rule.lifecycle, rule.is_active) == before, part
    assert RuleAuditLog.objects.filter(rule=rule, action="modified", changed_by=carol).count() == 3


def test_who_writes_down_where_it_comes_from_is_a_second_coach_still(carol, dave):
    with as_coach(carol):
        rule = create_rule(by=carol, content=content(rule_category="safety"), now=NOW)
    update(dave, rule, contributors=(carol.pk,))
    with as_coach(dave):
        assert change_lifecycle(by=dave, rule_id=rule.pk, to="active", reason="read it").is_active


def test_a_revision_changes_with_it(carol):
    rule = stored_rule()
    before = revision_of(rule)
    assert revision_of(update(carol, rule, contributors=(carol.pk,))) != before


# --- The API --------------------------------------------------------------------------------------------------


def test_over_the_api(client, carol, dave, scenario, meeting):
    client.force_login(carol)
    origin = {
        "contributors": [str(dave.pk)],
        "source_scenario": str(scenario.pk),
        "review_session": str(meeting.pk),
    }
    made = send(client, "post", RULES, BODY | origin)
    assert made.status_code == 201, made.content
    assert {name: made.json()[name] for name in origin} == origin
    address = f"{RULES}/{made.json()['id']}"
    changed = send(
        client, "patch", address, {"contributors": [], "source_scenario": None, "reason": "a mistake"}
    )
    assert changed.status_code == 200, changed.content
    got = client.get(address).json()
    assert (got["contributors"], got["source_scenario"], got["review_session"]) == ([], None, str(meeting.pk))
    assert (got["version"], got["lifecycle"]) == (1, "draft")
    (entry,) = [e for e in client.get(f"{address}/audit").json()["results"] if e["action"] == "modified"]
    assert entry["changes"] == [
        {"what": "Contributors", "before": "Dave", "after": "nothing"},
        {"what": "Scenario", "before": "Tired before a competition", "after": "nothing"},
    ]


@pytest.mark.parametrize(
    ("part", "given", "field", "says"),
    [
        ("contributors", ["{alice}"], "contributors[0]", "There is no coach {alice}."),
        ("contributors", ["{nothing}"], "contributors[0]", "There is no coach {nothing}."),
        ("source_scenario", "{nothing}", "source_scenario", "There is no scenario {nothing}."),
        ("review_session", "{nothing}", "review_session", "There is no review session {nothing}."),
        ("contributors", ["me"], "contributors", "Must be a valid UUID."),
        ("contributors", "me", "contributors", 'Expected a list of items but got type "str".'),
        ("contributors", None, "contributors", "This field may not be null."),
        ("source_scenario", "me", "source_scenario", "Must be a valid UUID."),
    ],
    ids=["climber", "nobody", "scenario", "meeting", "no-key", "no-list", "null", "no-scenario-key"],
)
def test_the_api_says_at_the_field_what_is_not_there(client, carol, alice, part, given, field, says):
    client.force_login(carol)
    names = {"alice": alice.pk, "nothing": UUID(int=4)}

    def filled(value):
        if isinstance(value, list):
            return [filled(one) for one in value]
        return value.format(**names) if isinstance(value, str) else value

    answer = send(client, "post", RULES, BODY | {part: filled(given)})
    assert answer.status_code == 400, answer.content
    told = answer.json()["errors"]
    assert [name for name in told if name.startswith(part)], told
    assert says.format(**names) in json.dumps(told, ensure_ascii=False).replace('\\"', '"'), (field, told)
    assert not ExpertRule.objects.exists()


# --- The workbench --------------------------------------------------------------------------------------------


def typed(client, rule, **fields):
    """What the browser would send: the page's own values, and what was chosen over them."""
    page = client.get(f"{ADMIN}{rule.pk}/change/")
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    said = {name: "" if value is None else value for name, value in shown.items()}
    revision = re.search(r'name="revision" value="(\w+)"', text_of(page)).group(1)
    return {**said, "revision": revision, "reason": "because", **fields}


def test_in_the_workbench(client, carol, dave, alice, scenario, meeting):
    client.force_login(carol)
    chosen = {
        "contributors": [str(carol.pk), str(dave.pk)],
        "source_scenario": str(scenario.pk),
        "review_session": str(meeting.pk),
    }
    form = {
        "name": "Stressed",
        "conditions": json.dumps(TENSE),
        "actions": json.dumps([REST]),
        "priority": "50",
    }
    offered = text_of(client.get(f"{ADMIN}add/"))
    assert f'<option value="{dave.pk}">Dave</option>' in offered
    assert str(alice.pk) not in offered
    made = client.post(f"{ADMIN}add/", form | chosen, follow=True)
    rule = ExpertRule.objects.get()
    assert set(rule.contributors) == {carol.pk, dave.pk}
    assert (rule.source_scenario_id, rule.review_session_id) == (scenario.pk, meeting.pk)
    page = text_of(made)
    assert "With Carol, Dave." in page
    assert (
        f'<a href="/admin/experts/syntheticscenario/{scenario.pk}/change/">Tired before a competition</a>'
        in page
    )
    assert f'<a href="/admin/experts/rulereviewsession/{meeting.pk}/change/">Fingers</a>' in page
    assert f'<option value="{dave.pk}" selected>Dave</option>' in page

    where = f"{ADMIN}{rule.pk}/change/"
    assert "Nothing was changed." in text_of(client.post(where, typed(client, rule), follow=True))
    User.objects.filter(pk=dave.pk).update(is_staff=False)
    assert "Nothing was changed." in text_of(client.post(where, typed(client, rule), follow=True))
    changed = typed(client, rule, contributors=[str(dave.pk)], source_scenario="")
    assert "is stored" in text_of(client.post(where, changed, follow=True))
    rule.refresh_from_db()
    assert (rule.contributors, rule.source_scenario_id, rule.version) == ([dave.pk], None, 1)
    log = text_of(client.get(f"{ADMIN}{rule.pk}/history/"))
    assert re.search(
        r"<dt>Contributors</dt>\s*<dd><del>(Carol, Dave|Dave, Carol)</del>.*<ins>Dave</ins>", log
    )
    assert "<del>Tired before a competition</del>" in log


def test_the_form_says_at_the_field_what_is_not_there(client, carol, alice):
    rule = stored_rule()
    client.force_login(carol)
    nothing = str(uuid4())
    bad = typed(
        client,
        rule,
        contributors=[str(carol.pk), str(alice.pk)],
        source_scenario=nothing,
        review_session=nothing,
    )
    errors = client.post(f"{ADMIN}{rule.pk}/change/", bad).context["form"].errors
    assert errors["contributors"] == [f"There is no coach {alice.pk}."]
    assert errors["source_scenario"] == ["There is no such scenario."]
    assert errors["review_session"] == ["There is no such review session."]
    rule.refresh_from_db()
    assert content_of(rule).contributors == ()


def test_a_conflict_keeps_every_contributor_that_was_chosen(client, carol, dave):
    rule = stored_rule()
    client.force_login(carol)
    mine = typed(client, rule, contributors=[str(carol.pk), str(dave.pk)])
    update(dave, rule, evidence="Meanwhile.")
    answer = client.post(f"{ADMIN}{rule.pk}/change/", mine)
    assert "changed by somebody else" in text_of(answer)
    assert text_of(answer).count(" selected>") >= 2
    form = answer.context["form"]
    assert set(form["contributors"].value()) == {str(carol.pk), str(dave.pk)}
    assert form["revision"].value() == revision_of(ExpertRule.objects.get())


def test_facilitators_say_who_was_at_a_meeting_and_coaches_read_it(client, carol, dave, alice):
    where = "/admin/experts/rulereviewsession/"
    carol.is_facilitator = True
    carol.save()
    client.force_login(carol)
    form = {
        "session_date": "2026-11-02",
        "session_name": "Fingers",
        "status": "completed",
        "notes": "",
        "scenarios_reviewed": "0",
        "rules_created": "0",
        "rules_modified": "0",
    }
    refused = client.post(f"{where}add/", form | {"participants": [str(alice.pk)]})
    assert refused.context["adminform"].form.errors["participants"] == [f"There is no coach {alice.pk}."]
    there = form | {"participants": [str(dave.pk), str(carol.pk)]}
    assert client.post(f"{where}add/", there).status_code == 302
    meeting = RuleReviewSession.objects.get()
    assert set(meeting.participants) == {carol.pk, dave.pk}

    User.objects.filter(pk=carol.pk).update(is_facilitator=False)
    page = text_of(client.get(f"{where}{meeting.pk}/change/")).split("<main", 1)[1]
    assert "Carol" in page
    assert "Dave" in page
    assert str(dave.pk) not in page
    User.objects.filter(pk=carol.pk).update(is_facilitator=True)
    User.objects.filter(pk=dave.pk).update(is_staff=False)
    assert client.post(f"{where}{meeting.pk}/change/", there).status_code == 302
    meeting.refresh_from_db()
    assert set(meeting.participants) == {carol.pk, dave.pk}
