"""Writing rules: checked as a whole, held while they change, logged with who and why."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.db import connection

from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.words import LIFECYCLE_STEPS, LIFECYCLES
from experts.models import ExpertRule, RuleAuditLog
from experts.selectors import rule_log_rows
from experts.services.rule_refusals import (
    DuplicateName,
    ImpossibleStep,
    ReasonNeeded,
    RuleConflict,
    RuleNotFound,
    SafetyRuleInForce,
    SecondCoachNeeded,
    refusals_explained,
)
from experts.services.rules import (
    ActsForSomebodyElse,
    change_lifecycle,
    create_rule,
    revision_of,
    update_rule,
)
from tests.factories.expert_rules import NO_CAFFEINE_ADVICE, NOW, REST, TENSE, as_coach, content, stored_rule


def create(by, reason="", **fields) -> ExpertRule:
    with as_coach(by):
        return create_rule(by=by, content=content(**fields), now=NOW, reason=reason)


def update(by, rule, reason="because", revision=None, **changes) -> ExpertRule:
    with as_coach(by):
        return update_rule(by=by, rule_id=rule.pk, changes=changes, reason=reason, now=NOW, revision=revision)


def step(by, rule, to, reason="because", revision=None) -> ExpertRule:
    with as_coach(by):
        return change_lifecycle(by=by, rule_id=rule.pk, to=to, reason=reason, revision=revision)


def log_of(rule) -> list[tuple]:
    rows = RuleAuditLog.objects.filter(rule=rule).order_by("created_at")
    return [(row.action, row.changed_by_id, row.reason) for row in rows]


def test_a_new_rule_is_a_draft_in_its_one_spelling(carol):
    ask = {"ANY": [{"value": 200.0, "op": ">", "field": "pre_session.planned_caffeine_mg"}]}
    rule = create(carol, name="  Much   coffee ", conditions=ask, description=" ", reason="first of all")
    assert (rule.name, rule.lifecycle, rule.is_active, rule.version) == ("Much coffee", "draft", False, 1)
    assert rule.conditions == {"ANY": [{"field": "pre_session.caffeine_mg", "op": ">", "value": 200}]}
    assert rule.condition_fields == ["pre_session.caffeine_mg"]
    assert rule.description is None
    assert log_of(rule) == [("created", carol.pk, "first of all")]


def test_every_fault_is_told_at_once_with_its_path(carol):
    with pytest.raises(InvalidRule) as refused:
        create(
            carol,
            name=" ",
            priority=101,
            rule_category="urgent",
            expires_at=NOW,
            conditions={"ALL": [TENSE | {"value": 9}]},
            actions=[{"type": "dance"}],
        )
    assert [fault.path for fault in refused.value.faults] == [
        *("name", "rule_category", "priority", "expires_at"),
        *("conditions.ALL[0].value", "actions[0].type"),
    ]
    assert not ExpertRule.objects.exists()


@pytest.mark.parametrize("name", ["Stressed", "STRESSED", " stressed "], ids=["same", "case", "space"])
def test_names_differ_by_more_than_case(carol, name):
    stored_rule(lifecycle="retired")
    with pytest.raises(DuplicateName, match="the retired rule “Stressed”"):
        create(carol, name=name)


def test_the_database_has_the_last_word_on_names(carol):
    stored_rule()
    with pytest.raises(DuplicateName), as_coach(carol), refusals_explained():
        ExpertRule.objects.create(name="Stressed", conditions={}, actions=[])


def test_emoji_and_scripts_are_names_like_others(carol):
    rule = create(carol, name="🧗‍♀️ مرهق <script>alert(1)</script>")
    assert rule.name == "🧗‍♀️ مرهق <script>alert(1)</script>"


def test_a_rule_of_ones_own_name_in_another_case(carol):
    rule = create(carol)
    assert update(carol, rule, name="STRESSED").name == "STRESSED"


def test_a_change_writes_only_what_changed_and_says_why(carol, dave):
    rule = create(carol)
    changed = update(dave, rule, "fewer false alarms", priority=70, name="Stressed")
    assert (changed.version, changed.updated_by_id, changed.created_by_id) == (2, dave.pk, carol.pk)
    row = RuleAuditLog.objects.get(rule=rule, action="modified")
    assert (row.changed_by_id, row.reason) == (dave.pk, "fewer false alarms")
    assert {k for k, v in row.new_state.items() if row.previous_state[k] != v} - {"updated_at"} == {
        *("priority", "version", "updated_by"),
    }


def test_a_change_that_changes_nothing_leaves_no_trace(carol):
    rule = create(carol)
    same = {"ALL": [{"op": ">=", "value": 4.0, "field": "pre_session.stress_level"}]}
    assert update(carol, rule, conditions=same, name=" Stressed ").version == 1
    assert len(log_of(rule)) == 1


def test_the_log_keeps_the_order_of_changes_in_one_transaction(carol):
    """By moments of their own: the keys of its rows are random, and one moment for all would leave the order to them."""
    with as_coach(carol):
        rule = create_rule(by=carol, content=content(), now=NOW)
        for priority in range(1, 9):
            update_rule(by=carol, rule_id=rule.pk, changes={"priority": priority}, reason="r", now=NOW)
    rows = rule_log_rows().filter(rule=rule)
    assert [row.new_state["priority"] for row in rows] == [8, 7, 6, 5, 4, 3, 2, 1, 50]


def test_a_reason_is_used_once(carol):
    rule = create(carol)
    with as_coach(carol):
        update_rule(by=carol, rule_id=rule.pk, changes={"priority": 1}, reason="mine", now=NOW)
        ExpertRule.objects.filter(pk=rule.pk).update(priority=2)
    assert [(a, r) for a, _, r in log_of(rule)] == [
        ("created", None),
        ("modified", "mine"),
        ("modified", None),
    ]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501, "a\x00b"], ids=["none", "blank", "long", "nul"])
def test_a_change_needs_a_reason(carol, reason):
    rule = create(carol)
    with pytest.raises(ReasonNeeded):
        update(carol, rule, reason, priority=1)
    with pytest.raises(ReasonNeeded):
        step(carol, rule, "active", reason)


def test_two_coaches_at_once(carol, dave):
    rule = create(carol)
    read = revision_of(rule)
    update(carol, rule, revision=read, description="Carol was first.")
    with pytest.raises(RuleConflict, match="changed by somebody else"):
        update(dave, rule, revision=read, priority=90)
    rule.refresh_from_db()
    assert (rule.description, rule.priority) == ("Carol was first.", 50)


def test_what_is_activated_is_what_was_read(carol, dave):
    rule = create(carol, rule_category="safety")
    read = revision_of(rule)
    update(carol, rule, priority=1)
    with pytest.raises(RuleConflict):
        step(dave, rule, "active", revision=read)


def test_an_end_in_the_past_is_refused_unless_it_is_the_one_that_it_has(carol):
    ended = NOW - timedelta(days=1)
    rule = stored_rule(expires_at=ended)
    assert update(carol, rule, priority=1).expires_at == ended
    with pytest.raises(InvalidRule, match="expires_at: This moment has passed"):
        update(carol, rule, expires_at=ended - timedelta(days=1))


def test_a_safety_rule_takes_two(carol, dave):
    rule = create(carol, rule_category="safety")
    with pytest.raises(SecondCoachNeeded):
        step(carol, rule, "active")
    assert step(dave, rule, "active").is_active
    with pytest.raises(SafetyRuleInForce):
        update(dave, rule, priority=1)
    update(dave, rule, evidence="A note is no change of the rule.")
    step(dave, rule, "paused")
    update(dave, rule, actions=[NO_CAFFEINE_ADVICE])
    with pytest.raises(SecondCoachNeeded):
        step(dave, rule, "active")
    assert step(carol, rule, "active").is_active


@pytest.mark.parametrize("category", ["performance", None])
def test_a_rule_that_was_a_safety_rule_takes_two(carol, dave, category):
    rule = create(carol, rule_category="safety")
    update(carol, rule, rule_category=category)
    with pytest.raises(SecondCoachNeeded, match="is or was a safety rule"):
        step(carol, rule, "active")
    assert step(dave, rule, "active").is_active
    with pytest.raises(SafetyRuleInForce):
        update(carol, rule, actions=[NO_CAFFEINE_ADVICE])


def test_a_colleague_who_ranks_it_is_its_second_coach_and_relieves_nobody(carol, dave):
    rule = create(carol, rule_category="safety")
    update(dave, rule, priority=90)
    with pytest.raises(SecondCoachNeeded):
        step(carol, rule, "active")
    assert step(dave, rule, "active").is_active


def test_an_ordinary_rule_takes_one(carol):
    rule = create(carol, rule_category="performance")
    assert step(carol, rule, "active").is_active


def test_the_database_itself_asks_for_the_second_coach(carol):
    rule = create(carol, rule_category="safety")
    with pytest.raises(SecondCoachNeeded), as_coach(carol), refusals_explained():
        ExpertRule.objects.filter(pk=rule.pk).update(lifecycle="active")


@pytest.mark.parametrize(("start", "to"), list(product(LIFECYCLES, LIFECYCLES)))
def test_our_steps_are_the_databases(carol, start, to):
    rule = stored_rule(lifecycle=start)
    ours = start == to or to in LIFECYCLE_STEPS[start]
    refusal = (
        nullcontext() if ours else pytest.raises(ImpossibleStep, match=f"A {start} rule cannot become {to}.")
    )
    with refusal, as_coach(carol), refusals_explained():
        ExpertRule.objects.filter(pk=rule.pk).update(lifecycle=to)


def test_steps_are_logged_and_repeating_one_is_none(carol, dave):
    rule = create(carol)
    for to in ("active", "active", "paused", "retired"):
        step(dave, rule, to, f"to {to}")
    assert [a for a, _, _ in log_of(rule)] == ["created", "activated", "deactivated", "modified"]
    with pytest.raises(ImpossibleStep, match="can only become: draft"):
        step(dave, rule, "active")
    with pytest.raises(ImpossibleStep, match="no such state"):
        step(dave, rule, "asleep")


def test_a_rule_that_cannot_be_read_is_not_activated_but_can_be_put_away(carol):
    rule = stored_rule(conditions={"field": "pre_session.gone", "op": "<", "value": 1}, lifecycle="paused")
    with pytest.raises(InvalidRule):
        step(carol, rule, "active")
    assert step(carol, rule, "retired").lifecycle == "retired"


def test_nobody_changes_what_is_not_there(carol):
    for write in (
        lambda: update(carol, ExpertRule(pk=uuid4())),
        lambda: step(carol, ExpertRule(pk=uuid4()), "active"),
    ):
        with pytest.raises(RuleNotFound):
            write()


def test_nobody_acts_for_somebody_else(carol, dave):
    rule = create(carol)
    with pytest.raises(ActsForSomebodyElse), as_coach(dave):
        update_rule(by=carol, rule_id=rule.pk, changes={"priority": 1}, reason="r", now=NOW)


def test_a_climber_cannot_write_rules_even_past_the_pages(alice):
    with pytest.raises(Exception, match="row-level security"), as_coach(alice):
        create_rule(by=alice, content=content(), now=NOW)


def test_without_claims_the_log_names_nobody(carol):
    rule = create_rule(by=carol, content=content(), now=NOW, reason="loaded by a command")
    assert rule.created_by_id == carol.pk
    assert log_of(rule) == [("created", None, "loaded by a command")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.change_reason', true)")
        assert cursor.fetchone() == ("",)


def test_hostile_depth_and_size(carol):
    deep: dict = TENSE
    for _ in range(10_000):
        deep = {"ALL": [deep]}
    with pytest.raises(InvalidRule, match="nested 5 deep"):
        create(carol, conditions=deep)
    with pytest.raises(InvalidRule, match="50 are the most"):
        create(carol, conditions={"ALL": [TENSE] * 100_000})
    with pytest.raises(InvalidRule, match="20 are the most"):
        create(carol, actions=[REST] * 100_000)
    goal = {"field": "pre_session.specific_objectives", "op": "contains"}
    long = [{"ANY": [goal | {"value": f"{n} {m} " + "y" * 190} for m in range(50)]} for n in range(3)]
    with pytest.raises(InvalidRule, match="too long: 30,000"):
        create(carol, conditions={"ALL": long})
