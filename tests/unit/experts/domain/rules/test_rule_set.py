"""Decisions: who wins, what the others change, what is missing, and who may not speak any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbiq.domain.rule_fields import build_state
from experts.domain.rules.decision import Decision, RuleDefinition
from experts.domain.rules.grammar import parse_conditions, parse_rule
from experts.domain.rules.kleene import missing_fields, truth
from experts.domain.rules.rule_set import RuleSet
from tests.factories.rules import actions_json, conditions_json, states

NOW = datetime(2026, 5, 20, 8, 0, tzinfo=UTC)
STRESS, SLEEP, ANXIETY = "pre_session.stress_level", "pre_session.sleep_hours", "baseline.performance_anxiety"
TENSE = {"field": STRESS, "op": ">=", "value": 4}
TIRED = {"field": SLEEP, "op": "<", "value": 5}
RESTED = {"field": SLEEP, "op": ">=", "value": 7}


def override(word: str = "rest_day", message: str = "Rest.") -> dict[str, Any]:
    return {"type": "override", "recommendation": word, "message": message}


def suppress(name: str) -> dict[str, Any]:
    return {"type": "suppress", "target": f"{name}_recommendation"}


def multiply(name: str, factor: float) -> dict[str, Any]:
    return {"type": "modify_coefficient", "target": name, "multiplier": factor}


def say(message: str) -> dict[str, Any]:
    return {"type": "message", "message": message}


def rule(name: str, conditions: Any = TENSE, *actions: dict[str, Any], **more: Any) -> RuleDefinition:
    chosen = list(actions) or [override()]
    return RuleDefinition(
        id=f"id-{name}", name=name, version=3, conditions=conditions, actions=chosen, **more
    )


def decide(*rules: RuleDefinition, now: datetime = NOW, **state: Any) -> Decision:
    paths = {"stress": STRESS, "sleep": SLEEP, "anxiety": ANXIETY}
    return RuleSet(rules).decide({paths[name]: value for name, value in state.items()}, now=now)


def outcomes(decision: Decision) -> dict[str, str]:
    return {entry.name: entry.outcome for entry in decision.trace}


def test_the_highest_priority_overrides() -> None:
    decision = decide(
        rule("low", TENSE, override("shorten_session"), priority=10),
        rule("high", TENSE, override("rest_day", "Not today."), priority=90),
        rule("higher but silent", TIRED, override("seek_advice"), priority=95),
        stress=5,
        sleep=8,
    )
    assert decision.override is not None
    assert (decision.override.rule_name, decision.override.rule_id, decision.override.rule_version) == (
        "high",
        "id-high",
        3,
    )
    assert (decision.override.recommendation, decision.override.message) == ("rest_day", "Not today.")
    assert decision.override.source == "expert_rule"


def test_names_break_ties() -> None:
    decision = decide(rule("b"), rule("a"), rule("c", priority=49), stress=5)
    assert decision.override is not None
    assert decision.override.rule_name == "a"
    assert [entry.name for entry in decision.trace] == ["a", "b", "c"]


def test_an_adjusting_rule_does_not_bypass_and_does_not_hide_an_override_below_it() -> None:
    rules = (
        rule("adjust", TENSE, suppress("caffeine"), priority=90),
        rule("override", TIRED, override(), priority=10),
    )
    alone = decide(*rules, stress=5, sleep=8)
    assert alone.override is None
    assert alone.adjustments.suppressed == ("caffeine_mg",)
    both = decide(*rules, stress=5, sleep=4)
    assert both.override is not None
    assert both.adjustments.suppressed == ("caffeine_mg",)
    assert outcomes(both) == {"adjust": "true", "override": "true"}


def test_adjustments_add_up() -> None:
    decision = decide(
        rule("a", TENSE, multiply("caffeine_mg", 0.5), say("Less coffee."), suppress("warmup"), priority=3),
        rule("b", TENSE, multiply("caffeine_mg", 0.4), say("Less coffee."), say("More sleep."), priority=2),
        rule(
            "c",
            TENSE,
            multiply("sleep_hours", 2),
            multiply("stress_level", 0),
            suppress("warmup"),
            priority=1,
        ),
        rule("d", TENSE, multiply("sleep_hours", 2.5), priority=0),
        rule("no", TIRED, multiply("sleep_hours", 0), say("Never said.")),
        stress=4,
        sleep=9,
    )
    adjustments = decision.adjustments
    assert adjustments.multipliers == {"caffeine_mg": 0.2, "sleep_hours": 3.0, "stress_level": 0.0}
    assert adjustments.messages == ("Less coffee.", "More sleep.")
    assert adjustments.suppressed == ("warmup_duration_min",)
    assert [applied.name for applied in adjustments.rules] == ["a", "b", "c", "d"]
    assert adjustments


def test_what_an_overriding_rule_does_besides_is_not_an_adjustment() -> None:
    decision = decide(rule("both", TENSE, override(), suppress("caffeine")), stress=5)
    assert decision.override is not None
    assert not decision.adjustments
    assert decision.adjustments.suppressed == ()


def test_what_matching_rules_say_besides_an_override() -> None:
    def say(text: str) -> dict[str, Any]:
        return {"type": "message", "message": text}

    decision = decide(
        rule("above", TENSE, say("Drink."), priority=95),
        rule("first", TENSE, override(message="Rest."), say("Breathe."), priority=90),
        rule("second", TENSE, override("shorten_session", "Half an hour."), say("Drink."), priority=50),
        rule("no match", TIRED, say("Sleep."), priority=40),
        stress=5,
    )
    assert decision.said_besides == ("Drink.", "Breathe.", "Half an hour.")
    assert decide(rule("a", TENSE, say("Drink.")), stress=5).said_besides == ()


def test_nothing_matches() -> None:
    decision = decide(rule("a"), stress=1)
    assert (decision.override, bool(decision.adjustments), outcomes(decision)) == (
        None,
        False,
        {"a": "false"},
    )


def test_no_rules_at_all() -> None:
    assert decide(stress=5) == Decision(
        override=None, adjustments=decide().adjustments, trace=(), unevaluable_safety=()
    )


def test_a_rule_that_cannot_be_evaluated_does_not_fire_and_says_what_is_missing() -> None:
    decision = decide(
        rule("safety", {"ALL": [TENSE, TIRED]}, category="safety"),
        rule("other", TIRED, category="performance"),
        rule("decided", {"ALL": [{"field": STRESS, "op": "<", "value": 2}, TIRED]}, category="safety"),
        stress=5,
    )
    assert decision.override is None
    assert outcomes(decision) == {"safety": "not_evaluable", "other": "not_evaluable", "decided": "false"}
    assert [(entry.name, entry.missing) for entry in decision.unevaluable_safety] == [("safety", (SLEEP,))]
    assert decision.fields_to_ask_for == (SLEEP,)


def test_questions_of_several_safety_rules_come_once_each() -> None:
    nervous = {"field": ANXIETY, "op": ">", "value": 6}
    decision = decide(
        rule("a", {"ANY": [TENSE, nervous]}, category="safety"), rule("b", TENSE, category="safety"), sleep=5
    )
    assert decision.fields_to_ask_for == (ANXIETY, STRESS)


@pytest.mark.parametrize(
    "more",
    [
        {"is_active": False},
        {"superseded_by": "other"},
        {"expires_at": NOW},
        {"expires_at": NOW - timedelta(days=1)},
    ],
    ids=["inactive", "superseded", "expires now", "expired"],
)
def test_rules_out_of_force_never_match_and_are_not_traced(more: dict[str, Any]) -> None:
    decision = decide(
        rule("gone", TENSE, override(), priority=99, **more),
        rule("gone too", TENSE, say("No."), priority=98, **more),
        rule("gone unasked", TIRED, category="safety", priority=97, **more),
        rule("here", TENSE, say("Yes.")),
        stress=5,
    )
    assert decision.override is None
    assert decision.adjustments.messages == ("Yes.",)
    assert decision.unevaluable_safety == ()
    assert outcomes(decision) == {"here": "true"}


def test_one_set_of_rules_serves_before_and_after_an_expiry() -> None:
    rules = RuleSet(
        [rule("soon", expires_at=NOW), rule("later", expires_at=NOW + timedelta(days=1)), rule("never")]
    )
    seen = {
        days: [entry.name for entry in rules.decide({STRESS: 5}, now=NOW + timedelta(days=days)).trace]
        for days in (2, -1, 0, 1)
    }
    assert seen == {-1: ["later", "never", "soon"], 0: ["later", "never"], 1: ["never"], 2: ["never"]}


def test_a_rule_that_cannot_be_read_does_not_stop_the_others() -> None:
    broken = rule(
        "broken", {"field": "pre_session.mood", "op": ">=", "value": 4}, category="safety", priority=99
    )
    rules = RuleSet([broken, rule("sound")])
    decision = rules.decide({STRESS: 5}, now=NOW)
    assert decision.override is not None
    assert decision.override.rule_name == "sound"
    assert outcomes(decision) == {"broken": "not_evaluable", "sound": "true"}
    assert [entry.name for entry in decision.unevaluable_safety] == ["broken"]
    assert [fault.path for fault in rules.faulty["id-broken"]] == ["conditions.field"]
    assert rules.explain("id-broken", {}) is None


def test_explanations_come_on_demand() -> None:
    rules = RuleSet([rule("a", {"ANY": [TENSE, TIRED]})])
    explanation = rules.explain("id-a", {STRESS: 2})
    assert explanation is not None
    assert (explanation.outcome, [part.outcome for part in explanation.parts]) == (None, [False, None])
    assert rules.explain("nobody", {}) is None


def test_messages_are_shown_as_they_are_written() -> None:
    decision = decide(rule("a", TENSE, override(message="100 % rest: <b>%s</b> $stress")), stress=5)
    assert decision.override is not None
    assert decision.override.message == "100 % rest: <b>%s</b> $stress"


def test_from_a_form_to_a_decision() -> None:
    hurt = {"ALL": [{"field": "pre_session.niggle_severity.finger", "op": ">=", "value": 3}]}
    rules = RuleSet([rule("finger", hurt, override("no_hangboard"), category="safety")])
    pains = {"worse": [{"location": "finger", "severity": 4}], "none": [], "unasked": None}
    found = {
        name: outcomes(
            rules.decide(
                build_state(baseline=None, conditions={"current_niggles": pain}, history=None), now=NOW
            )
        )["finger"]
        for name, pain in pains.items()
    }
    assert found == {"worse": "true", "none": "false", "unasked": "not_evaluable"}


def test_from_a_grade_to_a_decision() -> None:
    strong = {"ALL": [{"field": "baseline.current_boulder_grade_index", "op": ">=", "value": 4.5}]}
    rules = RuleSet([rule("strong", strong, override("no_hangboard"))])
    found = {
        grade: outcomes(
            rules.decide(
                build_state(baseline={"current_boulder_grade": grade}, conditions={}, history=None), now=NOW
            )
        )["strong"]
        for grade in ("V4", "6B+", "V4/V5", "V7", None)
    }
    assert found == {
        "V4": "false", "6B+": "true", "V4/V5": "true", "V7": "true", None: "not_evaluable",
    }  # fmt: skip


CATEGORIES = st.sampled_from(["safety", "performance"])
EXPIRIES = st.sampled_from([None, None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)])


@st.composite
def definitions(draw: st.DrawFn) -> list[RuleDefinition]:
    count = draw(st.integers(0, 8))
    return [
        RuleDefinition(
            id=str(number),
            name=f"rule {number}",
            version=1,
            conditions=draw(conditions_json(depth=2, width=3)),
            actions=draw(actions_json()),
            category=draw(CATEGORIES),
            priority=draw(st.integers(0, 3)),
            expires_at=draw(EXPIRIES),
            is_active=draw(st.integers(0, 4)) > 0,
        )
        for number in range(count)
    ]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(definitions(), states())
def test_decisions_agree_with_the_definition(rules: list[RuleDefinition], state: dict[str, Any]) -> None:
    """A decision spelt out rule by rule, from the definition in the docstrings alone."""
    decision = RuleSet(rules).decide(state, now=NOW)
    live = [r for r in rules if r.is_active and (r.expires_at is None or r.expires_at > NOW)]
    live.sort(key=lambda r: (-r.priority, r.name))
    parsed = {r.id: parse_rule(conditions=r.conditions, actions=r.actions) for r in live}
    truths = {r.id: truth(parse_conditions(r.conditions), state) for r in live}
    words = {True: "true", False: "false", None: "not_evaluable"}

    assert [(e.rule_id, e.outcome) for e in decision.trace] == [(r.id, words[truths[r.id]]) for r in live]
    assert [e.missing for e in decision.trace] == [
        missing_fields(parsed[r.id].conditions, state) for r in live
    ]
    winners = [r for r in live if truths[r.id] and parsed[r.id].override]
    assert (decision.override and decision.override.rule_id) == (winners[0].id if winners else None)
    others = [r.id for r in live if truths[r.id] and not parsed[r.id].override]
    assert [applied.rule_id for applied in decision.adjustments.rules] == others
    unasked = [r.id for r in live if truths[r.id] is None and r.category == "safety"]
    assert [e.rule_id for e in decision.unevaluable_safety] == unasked
