"""What rules would do at another input, against the decision itself and against trying every value."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.rule_fields import build_state
from experts.domain.rules.rule_set import RuleSet
from recommendations.domain.rule_lens import changed, lens_for
from tests.factories.recommendation_context import MORNING, asks, multiply, override, rule, suppress

STATES = {
    "baseline.performance_anxiety": st.integers(1, 10),
    "pre_session.stress_level": st.integers(1, 5),
    "pre_session.energy_level": st.integers(1, 5),
    "pre_session.caffeine_mg": st.integers(0, 400),
    "pre_session.time_of_day": st.sampled_from(["morning", "midday", "afternoon", "evening"]),
}
NUMBERS = [path for path in STATES if path != "pre_session.time_of_day"]


@st.composite
def comparisons(draw):
    if draw(st.integers(0, 4)) == 0:
        word = draw(STATES["pre_session.time_of_day"])
        return asks("pre_session.time_of_day", draw(st.sampled_from(["==", "!="])), word)
    path = draw(st.sampled_from(NUMBERS))
    return asks(path, draw(st.sampled_from([">=", "<=", ">", "<", "==", "!="])), draw(STATES[path]))


conditions = st.recursive(
    comparisons(),
    lambda inner: st.builds(
        lambda kind, parts: {kind: parts},
        st.sampled_from(["ALL", "ANY"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
actions = st.one_of(
    st.just(override()),
    st.sampled_from(["caffeine", "warmup"]).map(suppress),
    st.builds(
        multiply,
        st.sampled_from(["caffeine_mg", "warmup_duration_min"]),
        st.sampled_from([0, 0.2, 0.5, 2, 3]),
    ),
)


@st.composite
def rule_sets(draw, most=6):
    found = draw(st.lists(st.tuples(conditions, actions, st.booleans()), max_size=most))
    return RuleSet(
        rule(f"rule {i}", c, a, expires_at=MORNING - timedelta(days=1) if expired and i % 3 == 0 else None)
        for i, (c, a, expired) in enumerate(found)
    )


states = st.fixed_dictionaries({}, optional=STATES)


@settings(max_examples=150, deadline=None)
@given(rule_sets(), states, st.sampled_from(["caffeine_mg", "warmup_duration_min"]))
def test_the_effect_is_the_decision_s(rules, state, variable):
    decision = rules.decide(state, now=MORNING)
    effect = lens_for(rules=rules, variable=variable).effect(state, MORNING)
    silenced = decision.override is not None or variable in decision.adjustments.suppressed
    assert bool(effect.silenced_by) == silenced
    assert effect.multiplier == pytest.approx(decision.adjustments.multipliers.get(variable, 1.0))


@settings(max_examples=150, deadline=None)
@given(rule_sets(most=4), states)
def test_no_single_change_of_a_number_is_missed(rules, state):
    """Whatever whole number of one field silences the advice, a change at least as near is proposed."""
    lens = lens_for(rules=rules, variable="caffeine_mg")
    if lens.effect(state, MORNING).silenced_by:
        return
    proposed = {}
    for path, value in lens.one_change_away(state):
        proposed.setdefault(path, []).append(value)
    for path, low, high in [("pre_session.stress_level", 1, 5), ("pre_session.energy_level", 1, 5)]:
        current = state.get(path)
        silencing = [
            v for v in range(low, high + 1) if lens.effect(changed(state, path, v), MORNING).silenced_by
        ]
        if not silencing or current is None:
            continue
        near = [
            v for v in proposed.get(path, []) if lens.effect(changed(state, path, v), MORNING).silenced_by
        ]
        assert near
        assert min(abs(v - current) for v in near) == min(abs(v - current) for v in silencing)


def test_a_rule_too_large_to_rewrite_is_still_weighed():
    many = {
        "ALL": [{"ANY": [asks("pre_session.stress_level", "==", s) for s in (1, 2, 3)]} for _ in range(5)]
    }
    rules = RuleSet([rule("large", many, suppress("caffeine"))])  # 3^5 = 243 ALLs
    lens = lens_for(rules=rules, variable="caffeine_mg")
    assert lens.effect({"pre_session.stress_level": 2}, MORNING).silenced_by == ("large",)
    assert not lens.effect({"pre_session.stress_level": 4}, MORNING).silenced_by


def test_a_rule_that_cannot_be_read_touches_nothing():
    rules = RuleSet([rule("broken", asks("pre_session.mood", "==", 1), override())])
    assert rules.faulty
    assert lens_for(rules=rules, variable="caffeine_mg").effect({}, MORNING).multiplier == 1.0


def test_niggles_change_together():
    state = build_state(
        baseline=None,
        conditions={"current_niggles": [{"location": "knee", "severity": 1, "notes": ""}]},
        history=None,
    )
    assert changed(state, "pre_session.niggle_severity.finger", 3) == build_state(
        baseline=None,
        conditions={
            "current_niggles": [
                {"location": "finger", "severity": 3, "notes": ""},
                {"location": "knee", "severity": 1, "notes": ""},
            ]
        },
        history=None,
    )


def test_a_modifying_rule_can_also_be_left():
    rules = RuleSet([rule("boost", asks("pre_session.energy_level", ">=", 4), multiply("caffeine_mg", 2))])
    lens = lens_for(rules=rules, variable="caffeine_mg")
    assert list(lens.one_change_away({"pre_session.energy_level": 5})) == [("pre_session.energy_level", 3)]


def test_multipliers_multiply_up_to_the_most_that_is_allowed():
    rules = RuleSet(
        rule(f"times {m}", asks("pre_session.energy_level", ">=", 1), multiply("caffeine_mg", m))
        for m in (2, 3)
    )
    state = {"pre_session.energy_level": 3}
    effect = lens_for(rules=rules, variable="caffeine_mg").effect(state, MORNING)
    assert effect.multiplier == rules.decide(state, now=MORNING).adjustments.multipliers["caffeine_mg"] == 3.0
    assert effect.modified_by == ("times 2", "times 3")
