"""One rule takes another one's place: the other never matches again, and the log says who, why and by what."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from climbiq.accounts.tokens import create_token
from climbiq.common.models import DataVersion
from experts.domain.rules.faults import InvalidRule
from experts.models import ExpertRule, RuleAuditLog
from experts.services.rule_engine import RuleEngine
from experts.services.rule_refusals import (
    ImpossibleStep,
    ImpossibleSuccessor,
    ReasonNeeded,
    RuleConflict,
    RuleNotFound,
    SafetyRuleInForce,
)
from experts.services.rules import change_lifecycle, revision_of, supersede_rule, update_rule
from tests.factories.expert_rules import NOW, TENSE, as_coach, stored_rule

RULES = "/api/v1/expert-capture/rules"


@pytest.fixture
def old(db):
    return stored_rule(name="Old", lifecycle="active")


@pytest.fixture
def new(db):
    return stored_rule(name="New", lifecycle="active", priority=1)


def supersede(by, rule, successor, reason="newer evidence", revision=None):
    key = getattr(successor, "pk", successor)
    with as_coach(by):
        return supersede_rule(
            by=by, rule_id=rule.pk, successor_id=key, reason=reason, now=NOW, revision=revision
        )


def matching():
    """The rules that speak to a tense climber."""
    rules = RuleEngine().active_rules(version=DataVersion.objects.get(name="rules").version)
    decision = rules.decide({"pre_session.stress_level": 5}, now=NOW)
    return [entry.name for entry in decision.trace if entry.outcome == "true"]


def log_of(rule):
    rows = RuleAuditLog.objects.filter(rule=rule).exclude(action="created").order_by("created_at")
    return [(row.action, row.changed_by_id, row.reason) for row in rows]


def test_a_superseded_rule_never_matches_and_the_log_says_why(carol, old, new):
    changed = supersede(carol, old, new)
    assert (changed.superseded_by_id, changed.is_active, changed.lifecycle) == (new.pk, False, "active")
    assert matching() == ["New"]
    (entry,) = RuleAuditLog.objects.filter(rule=old, action="superseded")
    assert (entry.changed_by_id, entry.reason) == (carol.pk, "newer evidence")
    assert (entry.previous_state["superseded_by"], entry.new_state["superseded_by"]) == (None, str(new.pk))
    assert log_of(new) == []


def test_once_more_is_no_change_and_leaves_no_trace(carol, dave, old, new):
    supersede(carol, old, new)
    supersede(dave, old, new, reason="again")
    assert len(log_of(old)) == 1


def test_it_is_taken_back(carol, dave, old, new):
    supersede(carol, old, new)
    back = supersede(dave, old, None, reason="the newer one was worse")
    assert (back.superseded_by_id, back.is_active) == (None, True)
    assert matching() == ["Old", "New"]
    assert log_of(old) == [
        ("superseded", carol.pk, "newer evidence"),
        ("activated", dave.pk, "the newer one was worse"),
    ]


@pytest.mark.parametrize(
    ("successor", "why"),
    [
        pytest.param({"lifecycle": "draft"}, "not in force", id="draft"),
        pytest.param({"lifecycle": "shadow"}, "not in force", id="shadow"),
        pytest.param({"lifecycle": "paused"}, "not in force", id="paused"),
        pytest.param({"lifecycle": "active", "expires_at": NOW}, "not in force", id="expired"),
        pytest.param({"lifecycle": "retired"}, "retired", id="retired"),
    ],
)
def test_no_gap_where_a_rule_in_force_goes(carol, old, successor, why):
    weak = stored_rule(name="Weak", **successor)
    with pytest.raises(ImpossibleSuccessor, match=why):
        supersede(carol, old, weak)
    assert matching()[:1] == ["Old"]


def test_what_is_not_in_force_leaves_no_gap(carol, new):
    draft = stored_rule(name="Draft")
    heir = stored_rule(name="Heir")
    expired = stored_rule(name="Over", lifecycle="active", expires_at=NOW - timedelta(days=1))
    assert supersede(carol, draft, heir).superseded_by_id == heir.pk
    assert supersede(carol, expired, heir).superseded_by_id == heir.pk


def test_no_rule_supersedes_itself_by_any_way_round(carol, old, new):
    with pytest.raises(ImpossibleSuccessor, match="itself"):
        supersede(carol, old, old)
    supersede(carol, old, new)
    with pytest.raises(ImpossibleSuccessor, match="superseded itself"):
        supersede(carol, new, old)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExpertRule.objects.filter(pk=new.pk).update(superseded_by=new.pk)


def test_rules_that_do_not_exist(carol, old):
    with pytest.raises(ImpossibleSuccessor, match="no such rule"):
        supersede(carol, old, uuid4())
    with pytest.raises(RuleNotFound), as_coach(carol):
        supersede_rule(by=carol, rule_id=uuid4(), successor_id=old.pk, reason="r", now=NOW)


def test_a_reason_and_the_version_that_was_read_are_needed(carol, old, new):
    with pytest.raises(ReasonNeeded):
        supersede(carol, old, new, reason=" ")
    read = revision_of(old)
    with as_coach(carol):
        update_rule(by=carol, rule_id=old.pk, changes={"priority": 7}, reason="r", now=NOW)
    with pytest.raises(RuleConflict):
        supersede(carol, old, new, revision=read)
    assert log_of(old)[-1][0] == "modified"


def test_a_superseded_rule_takes_no_step_into_force(carol, old, new):
    supersede(carol, old, new)
    with as_coach(carol):
        change_lifecycle(by=carol, rule_id=old.pk, to="paused", reason="r")
        for to in ("active", "shadow"):
            with pytest.raises(ImpossibleStep, match="“New” supersedes this rule"):
                change_lifecycle(by=carol, rule_id=old.pk, to=to, reason="r")
    supersede(carol, old, None)
    with as_coach(carol):
        assert change_lifecycle(by=carol, rule_id=old.pk, to="active", reason="r").is_active


def test_what_cannot_be_read_does_not_come_back_into_force(carol, old, new):
    supersede(carol, old, new)
    ExpertRule.objects.filter(pk=old.pk).update(conditions={"ALL": [TENSE | {"field": "pre_session.mood"}]})
    with pytest.raises(InvalidRule):
        supersede(carol, old, None)


def test_a_superseded_safety_rule_cannot_be_rewritten_and_slipped_back(carol, new):
    safety = stored_rule(name="Safety", rule_category="safety", lifecycle="active")
    supersede(carol, safety, new)
    with pytest.raises(SafetyRuleInForce), as_coach(carol):
        update_rule(by=carol, rule_id=safety.pk, changes={"priority": 1}, reason="r", now=NOW)


# --- API and workbench --------------------------------------------------------------------------------------------


@pytest.fixture
def demo(settings):
    settings.DEMO = True  # coaches without a second factor


def post(client, rule, body):
    return client.post(f"{RULES}/{rule.pk}/supersede", json.dumps(body), content_type="application/json")


def test_over_the_api(client, demo, carol, old, new):
    client.force_login(carol)
    done = post(client, old, {"successor": str(new.pk), "reason": "newer"})
    assert done.status_code == 200, done.content
    assert (done.json()["superseded_by"], done.json()["is_active"]) == (str(new.pk), False)
    log = client.get(f"{RULES}/{old.pk}/audit").json()["results"]
    assert ("superseded", "newer") in [(entry["action"], entry["reason"]) for entry in log]
    assert post(client, old, {"successor": None, "reason": "back"}).json()["is_active"] is True


def test_of_two_coaches_who_read_the_same_rule_the_second_is_told(client, demo, carol, dave, old, new):
    """Each names another successor: the later one must not take the earlier one's back unseen."""
    other = stored_rule(name="Other", lifecycle="active")
    client.force_login(carol)
    read = client.get(f"{RULES}/{old.pk}").json()["revision"]
    first = post(client, old, {"successor": str(new.pk), "reason": "newer", "revision": read})
    client.force_login(dave)
    second = post(client, old, {"successor": str(other.pk), "reason": "better", "revision": read})
    assert (first.status_code, second.status_code) == (200, 409)
    old.refresh_from_db()
    assert old.superseded_by_id == new.pk
    again = {"successor": str(other.pk), "reason": "better", "revision": first.json()["revision"]}
    assert post(client, old, again).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"successor", "reason"}),
        ({"successor": "x", "reason": "r"}, {"successor"}),
        ({"successor": str(uuid4()), "reason": "r"}, {"successor"}),
        ({"successor": None, "reason": ""}, {"reason"}),
        ({"successor": None, "reason": "r", "by": "me"}, {"by"}),
    ],
)
def test_the_api_names_what_is_wrong(client, demo, carol, old, body, fields):
    client.force_login(carol)
    answer = post(client, old, body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert set(answer.json()["errors"]) == fields
    assert log_of(old) == []


def test_only_coaches_supersede(client, demo, alice, carol, old, new):
    body = {"successor": str(new.pk), "reason": "r"}
    assert post(client, old, body).status_code == 401
    client.force_login(alice)
    assert post(client, old, body).status_code == 403
    client.logout()
    _, token = create_token(user=carol, name="t", scope="read", expires_at=None)
    headers = {"Authorization": f"Bearer {token}"}
    raw = json.dumps(body)
    assert (
        client.post(
            f"{RULES}/{old.pk}/supersede", raw, content_type="application/json", headers=headers
        ).status_code
        == 403
    )
    old.refresh_from_db()
    assert old.superseded_by_id is None


def test_in_the_workbench(client, demo, carol, old, new):
    client.force_login(carol)
    change = f"/admin/experts/expertrule/{old.pk}/change/"
    url = f"/admin/experts/expertrule/{old.pk}/supersede/"
    assert f'<option value="{new.pk}">New</option>' in client.get(change).content.decode()
    refused = client.post(url, {"successor": str(new.pk), "reason": ""})
    assert refused.status_code == 200
    assert "Say why" in refused.content.decode()
    stored_rule(name="Weak")
    weak = ExpertRule.objects.get(name="Weak")
    gap = client.post(url, {"successor": str(weak.pk), "reason": "kept what was typed"}).content.decode()
    assert "not in force" in gap
    assert "kept what was typed" in gap
    done = client.post(url, {"successor": str(new.pk), "reason": "newer"}, follow=True).content.decode()
    assert "“Old” is superseded by “New”." in done
    assert "has taken this rule’s place" in done
    assert (
        "This rule has taken the place of"
        in client.get(f"/admin/experts/expertrule/{new.pk}/change/").content.decode()
    )
    assert ">Superseded</span>" in client.get("/admin/experts/expertrule/").content.decode()
    back = client.post(url, {"successor": "", "reason": "back"}, follow=True).content.decode()
    assert "stands for itself again" in back
    assert client.get(url).status_code == 302
