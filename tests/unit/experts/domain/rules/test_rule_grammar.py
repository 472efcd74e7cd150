"""What the grammar accepts and how it stores it; everything that it refuses, with the path and the sentence."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbiq.domain.rule_fields import RULE_FIELDS
from experts.domain.rules.faults import MAX_FAULTS, InvalidRule
from experts.domain.rules.grammar import parse_conditions, parse_rule
from experts.domain.rules.operators import OPERATORS
from experts.domain.rules.tree import Comparison, Group, canonical_json
from tests.factories.rules import actions_json, conditions_json


def find_faults(*, conditions, actions):
    """Everything wrong with a rule, or nothing."""
    try:
        parse_rule(conditions=conditions, actions=actions)
    except InvalidRule as invalid:
        return invalid.faults
    return ()


STRESS = "pre_session.stress_level"
TENSE = {"field": STRESS, "op": ">=", "value": 4}
REST = {"type": "override", "recommendation": "rest_day", "message": "High anxiety + stress requires rest"}


def comparison(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = TENSE
    for _ in range(depth):
        tree = {"ALL": [tree]}
    return tree


def test_the_example_of_the_specification() -> None:
    rule = parse_rule(
        conditions={
            "ALL": [
                {"field": "baseline.performance_anxiety", "op": ">=", "value": 7},
                {"field": "pre_session.stress_level", "op": ">=", "value": 4},
            ]
        },
        actions=[
            {
                "type": "override",
                "recommendation": "rest_day",
                "message": "High anxiety + stress requires rest",
            },
            {"type": "suppress", "target": "caffeine_recommendation"},
            {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
        ],
    )
    assert rule.condition_fields == ("baseline.performance_anxiety", "pre_session.stress_level")
    assert rule.override is not None
    assert rule.override.recommendation == "rest_day"
    assert rule.actions_json()[1:] == [
        {"type": "suppress", "target": "caffeine_recommendation"},
        {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
    ]


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        pytest.param(comparison(STRESS, ">=", 4.0), Comparison(STRESS, ">=", 4), id="whole number"),
        pytest.param(
            comparison("pre_session.planned_caffeine_mg", ">", 200),
            Comparison("pre_session.caffeine_mg", ">", 200),
            id="column becomes name",
        ),
        pytest.param(
            comparison(STRESS, "in", [5, 4, 5.0]),
            Comparison(STRESS, "in", (4, 5)),
            id="list without order or repeats",
        ),
        pytest.param(
            comparison("pre_session.sleep_hours", "between", [5, 7.5]),
            Comparison("pre_session.sleep_hours", "between", (5, 7.5)),
            id="range",
        ),
        pytest.param(
            comparison(STRESS, "between", [3, 3]), Comparison(STRESS, "between", (3, 3)), id="range of one"
        ),
        pytest.param(
            comparison("pre_session.session_type", "not_in", ["project", "power"]),
            Comparison("pre_session.session_type", "not_in", ("power", "project")),
            id="choices",
        ),
        pytest.param(
            comparison("baseline.has_coach", "==", False),
            Comparison("baseline.has_coach", "==", False),
            id="flag",
        ),
        pytest.param(
            comparison("pre_session.current_niggles", "contains", "finger"),
            Comparison("pre_session.current_niggles", "contains", "finger"),
            id="niggle",
        ),
        pytest.param(
            comparison("pre_session.specific_objectives", "contains", " the  arete\n"),
            Comparison("pre_session.specific_objectives", "contains", "the arete"),
            id="text",
        ),
        pytest.param(
            comparison("pre_session.niggle_severity.any", ">=", 0),
            Comparison("pre_session.niggle_severity.any", ">=", 0),
            id="derived",
        ),
        pytest.param(
            {"ANY": [TENSE, {"ALL": [TENSE]}]},
            Group("ANY", (Comparison(STRESS, ">=", 4), Group("ALL", (Comparison(STRESS, ">=", 4),)))),
            id="groups",
        ),
    ],
)
def test_sound_conditions(raw: dict[str, Any], stored: object) -> None:
    assert parse_conditions(raw) == stored


def test_five_groups_deep_is_the_deepest() -> None:
    assert parse_conditions(nested(5))
    with pytest.raises(
        InvalidRule, match=r"^conditions(\.ALL\[0\]){5}\.ALL: Groups can be nested 5 deep at most\.$"
    ):
        parse_conditions(nested(6))


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        *(
            pytest.param(
                raw, "conditions", 'Must be {"field", "op", "value"}, {"ALL": […]} or', id=f"not one: {raw!r}"
            )
            for raw in (None, [], {}, "stress", 3, {"NOT": []}, {"all": [TENSE]})
        ),
        pytest.param({"ALL": []}, "conditions.ALL", "Needs at least one condition.", id="empty ALL"),
        pytest.param({"ANY": []}, "conditions.ANY", "Needs at least one condition.", id="empty ANY"),
        pytest.param(
            {"ALL": TENSE}, "conditions.ALL", "Must be a list of conditions.", id="ALL without a list"
        ),
        pytest.param(
            {"ALL": [TENSE] * 51}, "conditions.ALL", "Has 51 conditions; 50 are the most.", id="51 parts"
        ),
        pytest.param(
            {"ALL": [TENSE], "ANY": [TENSE]}, "conditions", "Unknown key: ANY. Known here: ALL.", id="both"
        ),
        pytest.param({"ALL": [TENSE], "note": 1}, "conditions", "Unknown key: note.", id="key beside ALL"),
        pytest.param(
            {**TENSE, "not": True}, "conditions", "Unknown key: not. Known here: field, op", id="key beside"
        ),
        pytest.param({"op": ">=", "value": 4}, "conditions", 'Needs "field".', id="no field"),
        pytest.param({"field": STRESS, "value": 4}, "conditions", 'Needs "op".', id="no op"),
        pytest.param({"field": STRESS, "op": ">="}, "conditions", 'Needs "value".', id="no value"),
        pytest.param(
            comparison("pre_session.stress", ">=", 4),
            "conditions.field",
            f"There is no field pre_session.stress. Did you mean {STRESS}?",
            id="misspelt field",
        ),
        pytest.param(
            comparison("luck", ">=", 4), "conditions.field", "There is no field luck.", id="unknown field"
        ),
        pytest.param(
            comparison(["a"], ">=", 4), "conditions.field", "Must be the path of a field.", id="field list"
        ),
        pytest.param(
            comparison("post_session.session_quality", ">=", 4),
            "conditions.field",
            "There is no field post",
            id="after",
        ),
        pytest.param(
            comparison(STRESS, "=>", 4), "conditions.op", "There is no operator =>. Known: >=, <=", id="op"
        ),
        pytest.param(
            comparison(STRESS, None, 4), "conditions.op", "There is no operator None.", id="no operator"
        ),
        pytest.param(
            comparison(STRESS, {}, 4), "conditions.op", "There is no operator {}.", id="unhashable op"
        ),
        pytest.param(
            comparison(STRESS, "contains", 4),
            "conditions.op",
            "Stress cannot be compared with contains.",
            id="number",
        ),
        pytest.param(
            comparison("pre_session.session_type", ">", "power"),
            "conditions.op",
            "Session type cannot be compared with >. Usable: ==, !=, in, not_in.",
            id="choice",
        ),
        pytest.param(
            comparison("baseline.has_coach", "in", [True]),
            "conditions.op",
            "Has a coach cannot be",
            id="flag",
        ),
        pytest.param(
            comparison("pre_session.current_niggles", "==", "finger"),
            "conditions.op",
            "Niggles cannot be",
            id="list",
        ),
        pytest.param(
            comparison(STRESS, ">=", 9), "conditions.value", "Stress must be between 1 and 5.", id="range"
        ),
        pytest.param(
            comparison("pre_session.sleep_hours", "<", -1),
            "conditions.value",
            "Sleep must be between 0 and 16 h.",
            id="u",
        ),
        pytest.param(
            comparison(STRESS, ">=", 3.5), "conditions.value", "Stress must be a whole number.", id="half"
        ),
        *(
            pytest.param(
                comparison(STRESS, ">=", value),
                "conditions.value",
                "Stress must be a number.",
                id=f"number {value!r}",
            )
            for value in ("4", True, None, [4], float("nan"), float("inf"), float("-inf"))
        ),
        pytest.param(
            comparison(STRESS, ">=", 10**400),
            "conditions.value",
            "Stress must be between 1 and 5.",
            id="googol^4",
        ),
        pytest.param(
            comparison("pre_session.session_type", "==", "nap"),
            "conditions.value",
            "Session type must be one of: project, volume,",
            id="no such choice",
        ),
        pytest.param(
            comparison("pre_session.session_type", "==", ["project"]),
            "conditions.value",
            "Session type must be one of",
            id="choice in a list",
        ),
        *(
            pytest.param(
                comparison("baseline.has_coach", "==", value),
                "conditions.value",
                "Has a coach must be true or false.",
                id=f"flag {value!r}",
            )
            for value in (1, 0, "true", None)
        ),
        pytest.param(
            comparison("pre_session.current_niggles", "contains", "ear"),
            "conditions.value",
            "Niggles must be one of: finger, wrist",
            id="no such site",
        ),
        pytest.param(
            comparison("pre_session.specific_objectives", "contains", " "),
            "conditions.value",
            "Objectives must have 1 to 200 characters.",
            id="blank text",
        ),
        pytest.param(
            comparison("pre_session.specific_objectives", "contains", "a\x00"),
            "conditions.value",
            "Objectives must not contain a NUL character.",
            id="NUL",
        ),
        pytest.param(
            comparison(STRESS, "in", 4), "conditions.value", "Must be a list.", id="in without a list"
        ),
        pytest.param(
            comparison(STRESS, "in", []),
            "conditions.value",
            "Must list 1 to 50 values; these are 0.",
            id="none",
        ),
        pytest.param(
            comparison(STRESS, "in", [4] * 51),
            "conditions.value",
            "Must list 1 to 50 values; these are 51.",
            id="51",
        ),
        pytest.param(
            comparison(STRESS, "in", [4, 7]), "conditions.value[1]", "Stress must be between", id="item"
        ),
        pytest.param(
            comparison(STRESS, "between", 4), "conditions.value", "Must be a list: [low, high].", id="one end"
        ),
        pytest.param(
            comparison(STRESS, "between", [4]), "conditions.value", "Must be [low, high].", id="one of two"
        ),
        pytest.param(
            comparison(STRESS, "between", [4, 2]),
            "conditions.value",
            "The low end is above the high end.",
            id="upside",
        ),
        pytest.param(
            {"ALL": [TENSE, {"ANY": []}]}, "conditions.ALL[1].ANY", "Needs at least one", id="inside"
        ),
    ],
)
def test_refused_conditions(raw: object, path: str, message: str) -> None:
    with pytest.raises(InvalidRule) as invalid:
        parse_conditions(raw)
    (fault,) = invalid.value.faults
    assert (fault.path, fault.message[: len(message)]) == (path, message)
    assert str(fault) == f"{fault.path}: {fault.message}"


def test_all_faults_are_told_at_once() -> None:
    faults = find_faults(
        conditions={
            "ALL": [
                comparison(STRESS, ">=", 9),
                comparison("luck", "~", 1),
                {"ANY": [comparison("baseline.has_coach", "==", "yes"), {"ALL": []}]},
            ]
        },
        actions=[
            {"type": "suppress", "target": "x"},
            {"type": "override", "recommendation": "x", "message": ""},
        ],
    )
    assert [fault.path for fault in faults] == [
        "conditions.ALL[0].value",
        "conditions.ALL[1].field",
        "conditions.ALL[1].op",
        "conditions.ALL[2].ANY[0].value",
        "conditions.ALL[2].ANY[1].ALL",
        "actions[0].target",
        "actions[1].recommendation",
        "actions[1].message",
    ]
    assert str(faults[0]) == "conditions.ALL[0].value: Stress must be between 1 and 5."


def test_a_rule_without_a_fault_has_none() -> None:
    assert find_faults(conditions=TENSE, actions=[REST]) == ()


def test_a_flood_of_conditions_ends_soon() -> None:
    bad = {"ANY": [comparison("luck", "~", 1)] * 50}
    with pytest.raises(InvalidRule) as invalid:
        parse_conditions({"ALL": [{"ALL": [bad] * 50}] * 50})
    assert len(invalid.value.faults) == MAX_FAULTS
    with pytest.raises(InvalidRule, match="The rule ends here: 200 conditions and groups are the most"):
        parse_conditions({"ALL": [{"ANY": [TENSE] * 49}] * 5})


def test_faults_survive_a_worker_boundary() -> None:
    with pytest.raises(InvalidRule) as invalid:
        parse_conditions({})
    assert pickle.loads(pickle.dumps(invalid.value)).faults == invalid.value.faults


def test_every_field_takes_every_operator_of_its_kind() -> None:
    for field in RULE_FIELDS.values():
        value = field.low if field.kind == "number" else next(iter(field.choices), "x")
        value = True if field.kind == "flag" else value
        for operator in OPERATORS.values():
            if field.kind in operator.kinds:
                whole = {"one": value, "several": [value], "range": [value, value]}[operator.takes]
                assert parse_conditions(comparison(field.path, operator.symbol, whole))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions_json(), actions_json())
def test_canonical_form_reads_back_to_itself(conditions: dict, actions: list) -> None:
    rule = parse_rule(conditions=conditions, actions=actions)
    text = canonical_json(rule)
    stored = json.loads(text)
    again = parse_rule(**stored)
    assert again == rule
    assert canonical_json(again) == text
    assert hash(again) == hash(rule)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([STRESS, ">=", 4]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["field", "op", "value", "ALL", "ANY", "type", "target", "message", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, JSON)
def test_anything_is_read_or_refused_with_paths(conditions: object, actions: object) -> None:
    for fault in find_faults(conditions=conditions, actions=actions):
        assert fault.path.startswith(("conditions", "actions"))
        assert fault.message.endswith((".", "?"))
