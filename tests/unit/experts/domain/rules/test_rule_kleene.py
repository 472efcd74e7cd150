"""Three-valued logic against a brute-force evaluator that knows only minimum and maximum."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts.domain.rules.compiler import MAX_TERMS, CompiledConditions
from experts.domain.rules.grammar import parse_conditions
from experts.domain.rules.kleene import compare, explain, missing_fields, truth
from experts.domain.rules.tree import Comparison, comparisons
from tests.factories.rules import FIELDS, conditions_json, states, values_of

UNKNOWN = 0.5
STRESS, SLEEP, COACH = "pre_session.stress_level", "pre_session.sleep_hours", "baseline.has_coach"
TENSE = {"field": STRESS, "op": ">=", "value": 4}
TIRED = {"field": SLEEP, "op": "<", "value": 5}
COACHED = {"field": COACH, "op": "==", "value": True}

thorough = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def brute_force(raw: dict[str, Any], state: dict[str, Any]) -> float:
    """0, 1 or a half, straight from the JSON, sharing no code with what is tested."""
    if "ALL" in raw:
        return min(brute_force(part, state) for part in raw["ALL"])
    if "ANY" in raw:
        return max(brute_force(part, state) for part in raw["ANY"])
    actual, expected = state.get(raw["field"]), raw["value"]
    if actual is None:
        return UNKNOWN
    match raw["op"]:
        case ">=":
            return float(actual >= expected)
        case "<=":
            return float(actual <= expected)
        case ">":
            return float(actual > expected)
        case "<":
            return float(actual < expected)
        case "==":
            return float(actual == expected)
        case "!=":
            return float(actual != expected)
        case "in":
            return float(any(actual == each for each in expected))
        case "not_in":
            return float(all(actual != each for each in expected))
        case "between":
            return float(expected[0] <= actual and actual <= expected[1])
        case "contains":
            return float(" ".join(expected.split()) in list(actual))
    raise AssertionError(raw)


def as_number(outcome: bool | None) -> float:
    return UNKNOWN if outcome is None else float(outcome)


@pytest.mark.parametrize(
    ("op", "expected", "actual", "outcome"),
    [
        (">=", 4, 4, True),
        (">=", 4, 3, False),
        ("<=", 4, 4, True),
        ("<=", 4, 5, False),
        (">", 4, 4, False),
        (">", 4, 5, True),
        ("<", 4, 4, False),
        ("<", 4, 3, True),
        ("==", 4, 4.0, True),
        ("==", "power", "project", False),
        ("!=", 4, 4, False),
        ("!=", True, False, True),
        ("in", ("power", "project"), "power", True),
        ("in", (1, 2), 3, False),
        ("not_in", (1, 2), 3, True),
        ("not_in", (1, 2), 2, False),
        ("between", (3, 5), 3, True),
        ("between", (3, 5), 5, True),
        ("between", (3, 5), 6, False),
        ("contains", "finger", ("finger", "hip"), True),
        ("contains", "finger", ["hip"], False),
        ("contains", "finger", (), False),
        ("contains", "fin", "finger", None),
        *(
            (op, (1, 2) if op in ("in", "not_in", "between") else 1, None, None)
            for op in (">=", "!=", "not_in", "in")
        ),
        (">=", 4, "high", None),
        ("between", (1, 2), "high", None),
    ],
    ids=repr,
)
def test_operators(op: str, expected: object, actual: object, outcome: bool | None) -> None:
    assert compare(Comparison("any.field", op, expected), actual) is outcome


@pytest.mark.parametrize(
    ("raw", "state", "outcome", "missing"),
    [
        ({"ANY": [TENSE, TIRED]}, {STRESS: 5}, True, ()),
        ({"ANY": [TENSE, TIRED]}, {STRESS: 1}, None, (SLEEP,)),
        ({"ALL": [TENSE, TIRED]}, {STRESS: 1}, False, ()),
        ({"ALL": [TENSE, TIRED]}, {STRESS: 5}, None, (SLEEP,)),
        ({"ALL": [TENSE, TIRED]}, {}, None, (SLEEP, STRESS)),
        ({"ALL": [TENSE, TIRED]}, {STRESS: None, SLEEP: None}, None, (SLEEP, STRESS)),
        ({"ALL": [{"ANY": [TENSE, COACHED]}, TIRED]}, {COACH: True}, None, (SLEEP,)),
        ({"ANY": [{"ALL": [TENSE, COACHED]}, TIRED]}, {COACH: False}, None, (SLEEP,)),
        ({"ALL": [TENSE]}, {STRESS: 4}, True, ()),
        (TENSE, {}, None, (STRESS,)),
    ],
    ids=[
        "ANY with one true",
        "ANY with one false",
        "ALL with one false",
        "ALL with one true",
        "nothing said",
        "said to be unknown",
        "what a decided ANY misses does not matter",
        "what a decided ALL misses does not matter",
        "ALL of one",
        "alone",
    ],
)
def test_what_is_missing(raw: dict, state: dict, outcome: bool | None, missing: tuple[str, ...]) -> None:
    tree = parse_conditions(raw)
    assert truth(tree, state) is outcome
    assert missing_fields(tree, state) == missing


@thorough
@given(conditions_json(), states())
def test_trees_agree_with_brute_force(raw: dict, state: dict) -> None:
    tree = parse_conditions(raw)
    assert as_number(truth(tree, state)) == brute_force(raw, state)
    assert as_number(explain(tree, state).outcome) == brute_force(raw, state)


@thorough
@given(
    st.lists(conditions_json(depth=3, width=3) | st.none(), max_size=12),
    st.lists(states(), min_size=1, max_size=3),
)
def test_many_at_once_agree_with_one_by_one(raws: list[dict | None], several: list[dict]) -> None:
    trees = [parse_conditions(raw) if raw else None for raw in raws]
    compiled = CompiledConditions(trees)
    for state in (*several, several[0]):  # the first again, now that its values are remembered
        outcomes = compiled.evaluate(state)
        expected = [UNKNOWN if raw is None else brute_force(raw, state) for raw in raws]
        assert outcomes.true == tuple(place for place, outcome in enumerate(expected) if outcome == 1)
        assert outcomes.unknown == {
            place: missing_fields(tree, state) if (tree := trees[place]) else ()
            for place, outcome in enumerate(expected)
            if outcome == UNKNOWN
        }


ILL_TYPED = st.sampled_from(["high", 3, True, ("finger",), ["finger"], {"a": 1}, float("nan"), None])


@thorough
@given(
    st.lists(conditions_json(depth=3, width=3), min_size=1, max_size=8),
    st.fixed_dictionaries({field.path: ILL_TYPED for field in FIELDS}),
)
def test_values_of_a_wrong_type_do_no_more_harm_at_once_than_one_by_one(
    raws: list[dict], state: dict
) -> None:
    trees = [parse_conditions(raw) for raw in raws]
    outcomes = CompiledConditions(trees).evaluate(state)
    singly = [truth(tree, state) for tree in trees]
    assert outcomes.true == tuple(place for place, outcome in enumerate(singly) if outcome)
    assert outcomes.unknown == {
        place: missing_fields(trees[place], state) for place, outcome in enumerate(singly) if outcome is None
    }


@thorough
@given(conditions_json(), states(), st.data())
def test_nothing_said_later_overturns_an_outcome(raw: dict, state: dict, data: st.DataObject) -> None:
    tree = parse_conditions(raw)
    completed = dict(state)
    for field in FIELDS:
        if state.get(field.path) is None:
            single = values_of(field)
            completed[field.path] = data.draw(
                st.lists(single, max_size=2) if field.kind == "list" else single
            )
    before, after = truth(tree, state), truth(tree, completed)
    assert after is not None
    assert before is None or before is after
    asked_for = {path: completed[path] for path in missing_fields(tree, state)}
    assert truth(tree, state | asked_for) is after


def test_a_tree_too_large_to_rewrite_is_walked() -> None:
    pairs = [{"ANY": [{**TENSE, "value": 1 + n % 5}, {**TIRED, "value": n % 17}]} for n in range(40)]
    raw = {"ALL": pairs}
    tree = parse_conditions(raw)
    assert 2 ** len(pairs) > MAX_TERMS  # a million million terms: rewriting it would not end
    compiled = CompiledConditions([tree, parse_conditions(TENSE)])
    for state in ({STRESS: 5}, {STRESS: 1}, {STRESS: 1, SLEEP: 9}, {}, {SLEEP: 0}, {STRESS: 1, SLEEP: 0}):
        outcomes = compiled.evaluate(state)
        assert as_number(0 in outcomes.true or (None if 0 in outcomes.unknown else False)) == brute_force(
            raw, state
        )
        assert outcomes.unknown.get(0, ()) == missing_fields(tree, state)


def test_explanations_name_the_values_found() -> None:
    explanation = explain(parse_conditions({"ALL": [TENSE, TIRED]}), {STRESS: 5})
    assert explanation.sentence == "stress is at least 4 (high) and sleep is less than 5 h"
    assert explanation.outcome is None
    assert [(part.field, part.actual, part.outcome) for part in explanation.parts] == [
        (STRESS, 5, True),
        (SLEEP, None, None),
    ]


@given(conditions_json())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_comparisons_are_all_of_them(raw: dict) -> None:
    assert str(raw).count("'field'") == len(list(comparisons(parse_conditions(raw))))
