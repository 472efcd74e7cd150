"""Rules in plain English, as a coach would read them out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from climbiq.domain.rule_fields import RULE_FIELDS
from experts.domain.rules.grammar import parse_actions, parse_conditions, parse_rule
from experts.domain.rules.operators import operators_for
from experts.domain.rules.sentences import action_sentence, condition_sentence, rule_sentence
from tests.factories.rules import conditions_json

NERVOUS = {"field": "baseline.performance_anxiety", "op": ">=", "value": 7}
TENSE = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
TIRED = {"field": "pre_session.sleep_hours", "op": "<", "value": 5.5}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"ALL": [NERVOUS, TENSE]}, "performance anxiety is at least 7 and stress is at least 4 (high)"),
        ({"ANY": [TENSE, TIRED]}, "stress is at least 4 (high) or sleep is less than 5.5 h"),
        (
            {"ALL": [NERVOUS, {"ANY": [TENSE, TIRED]}]},
            "performance anxiety is at least 7 and (stress is at least 4 (high) or sleep is less than 5.5 h)",
        ),
        ({"ALL": [{"ANY": [TENSE, TIRED]}]}, "stress is at least 4 (high) or sleep is less than 5.5 h"),
        (
            {"ALL": [NERVOUS, {"ALL": [{"ANY": [TENSE, TIRED]}]}]},
            "performance anxiety is at least 7 and (stress is at least 4 (high) or sleep is less than 5.5 h)",
        ),
        ({"ALL": [{"ANY": [TENSE]}, TIRED]}, "stress is at least 4 (high) and sleep is less than 5.5 h"),
        (
            ("pre_session.stress_level", "between", [3, 5]),
            "stress is between 3 (moderate) and 5 (overwhelmed)",
        ),
        (("pre_session.sleep_hours", "between", [5, 7]), "sleep is between 5 and 7 h"),
        (
            ("pre_session.stress_level", "in", [1, 3, 5]),
            "stress is 1 (calm), 3 (moderate) or 5 (overwhelmed)",
        ),
        (("pre_session.session_type", "in", ["project", "power"]), "session type is power or projecting"),
        (
            ("pre_session.session_type", "not_in", ["project", "power"]),
            "session type is none of power, projecting",
        ),
        (("pre_session.session_type", "==", "recovery"), "session type is easy recovery"),
        (("pre_session.session_type", "!=", "hangboard"), "session type is not hangboard"),
        (("pre_session.current_niggles", "contains", "other"), "niggles include elsewhere"),
        (("pre_session.specific_objectives", "contains", "Rainbow"), "objectives include “Rainbow”"),
        (("pre_session.niggle_severity.finger", ">=", 3), "finger niggle is at least 3 (painful)"),
        (("pre_session.niggle_severity.any", "==", 0), "worst niggle is 0 (none)"),
        (("pre_session.days_since_hard_session", "<=", 1), "days since a hard session is at most 1"),
        (("pre_session.caffeine_mg", ">", 400), "caffeine is more than 400 mg"),
        (("baseline.years_climbing", "<", 2), "years climbing is less than 2"),
        (("baseline.age", ">=", 50), "age is at least 50 years"),
        (("baseline.has_hangboard", "==", True), "the climber has a hangboard"),
        (("baseline.has_hangboard", "!=", True), "the climber does not have a hangboard"),
        (("baseline.has_coach", "==", False), "the climber does not have a coach"),
        (("baseline.has_coach", "!=", False), "the climber has a coach"),
        (("history.n_sessions", "<", 10), "sessions on record is less than 10"),
    ],
    ids=str,
)
def test_conditions(raw: Any, sentence: str) -> None:
    if isinstance(raw, tuple):
        raw = dict(zip(("field", "op", "value"), raw, strict=True))
    assert condition_sentence(parse_conditions(raw)) == sentence


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (
            {"type": "override", "recommendation": "rest_day", "message": "Sleep first."},
            "leave the model out and say “Rest today”: “Sleep first.”",
        ),
        ({"type": "suppress", "target": "caffeine_recommendation"}, "give no advice on caffeine"),
        ({"type": "suppress", "target": "warmup_recommendation"}, "give no advice on warm-up"),
        (
            {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
            "count the effect of caffeine × 0.5",
        ),
        ({"type": "message", "message": "Mind the finger."}, "say “Mind the finger.”"),
    ],
    ids=["override", "suppress", "suppress another", "modify", "message"],
)
def test_actions(raw: dict[str, Any], sentence: str) -> None:
    assert action_sentence(parse_actions([raw])[0]) == sentence


def test_a_whole_rule() -> None:
    actions = [
        {"type": "suppress", "target": "caffeine_recommendation"},
        {"type": "message", "message": "Skip it"},
    ]
    rule = parse_rule(conditions={"ALL": [NERVOUS]}, actions=actions)
    assert (
        rule_sentence(rule)
        == "If performance anxiety is at least 7: give no advice on caffeine; say “Skip it”."
    )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (
            "baseline.current_boulder_grade_index",
            4,
            "boulder grade now is at least 4 (V4 or 6B) on the V scale",
        ),
        (
            "baseline.peak_route_grade_index",
            14,
            "best route grade is at least 14 (5.11a or 6b+) on the IRCRA scale",
        ),
        ("baseline.peak_route_grade_index", 14.25, "best route grade is at least 14.25 on the IRCRA scale"),
    ],
)
def test_a_grades_index_says_which_grade_it_is(field: str, value: float, sentence: str) -> None:
    assert condition_sentence(parse_conditions({"field": field, "op": ">=", "value": value})) == sentence


def test_every_field_and_operator_can_be_said() -> None:
    for field in RULE_FIELDS.values():
        for operator in operators_for(field.kind):
            single: Any = field.low if field.kind == "number" else next(iter(field.choices), "x")
            single = True if field.kind == "flag" else single
            value = {"one": single, "several": [single], "range": [single, single]}[operator.takes]
            raw = {"field": field.path, "op": operator.symbol, "value": value}
            sentence = condition_sentence(parse_conditions(raw))
            assert "None" not in sentence
            assert sentence[0].islower()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions_json(), conditions_json())
def test_different_conditions_read_differently(first: dict, second: dict) -> None:
    if condition_sentence(parse_conditions(first)) == condition_sentence(parse_conditions(second)):
        assert flattened(first) == flattened(second)


def flattened(raw: dict) -> object:
    """The tree without groups of one and without the operators' synonyms."""
    tree = parse_conditions(raw)

    def flat(node: Any) -> object:
        if hasattr(node, "parts"):
            inner = [flat(part) for part in node.parts]
            return inner[0] if len(inner) == 1 else (node.kind, inner)
        return condition_sentence(node)

    return flat(tree)
