"""Random rules and states for properties: every kind of field, every operator, everything possibly missing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from climbiq.domain.rule_fields import RULE_FIELDS, RuleField
from climbiq.domain.variables import MODEL_VARIABLES
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS
from experts.domain.rules.actions import SUPPRESSIBLE
from experts.domain.rules.operators import Operator, operators_for

# Few enough that random rules meet the same fields and thresholds again and again.
FIELDS = [
    RULE_FIELDS[path]
    for path in (
        "pre_session.stress_level",
        "pre_session.sleep_hours",
        "pre_session.session_type",
        "pre_session.current_niggles",
        "pre_session.specific_objectives",
        "baseline.has_coach",
        "history.mean_quality_last_5",
    )
]
SOME_TEXT = st.text(alphabet="abc é", min_size=1, max_size=12).filter(str.strip)


def values_of(field: RuleField) -> st.SearchStrategy[Any]:
    """Values that a comparison with the field may have."""
    match field.kind:
        case "number" if field.is_whole:
            return st.integers(int(field.low), int(field.high))
        case "number":
            return st.sampled_from([field.low, field.low + 0.5, (field.low + field.high) / 2, field.high])
        case "flag":
            return st.booleans()
        case _:
            return st.sampled_from(list(field.choices)) if field.choices else SOME_TEXT


def _operand(field: RuleField, operator: Operator) -> st.SearchStrategy[Any]:
    single = values_of(field)
    match operator.takes:
        case "one":
            return single
        case "several":
            return st.lists(single, min_size=1, max_size=4)
        case "range":
            return st.tuples(single, single).map(sorted)


@st.composite
def comparisons_json(draw: st.DrawFn) -> dict[str, Any]:
    """One sound comparison."""
    field = draw(st.sampled_from(FIELDS))
    operator = draw(st.sampled_from(operators_for(field.kind)))
    return {"field": field.path, "op": operator.symbol, "value": draw(_operand(field, operator))}


def conditions_json(depth: int = 4, width: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """A sound tree of at most `depth` groups within groups."""
    if depth == 0:
        return comparisons_json()
    parts = st.lists(conditions_json(depth - 1, width), min_size=1, max_size=width)
    group = st.tuples(st.sampled_from(["ALL", "ANY"]), parts).map(lambda pair: {pair[0]: pair[1]})
    return comparisons_json() | group


def actions_json() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Sound actions, each purpose once."""
    words = st.sampled_from(list(OVERRIDE_RECOMMENDATIONS))
    factor = st.floats(0, 3, allow_nan=False)
    override = st.builds(
        lambda word, text: {"type": "override", "recommendation": word, "message": text}, words, SOME_TEXT
    )
    suppress = st.sampled_from(list(SUPPRESSIBLE)).map(lambda target: {"type": "suppress", "target": target})
    modify = st.builds(
        lambda name, number: {"type": "modify_coefficient", "target": name, "multiplier": number},
        st.sampled_from(MODEL_VARIABLES),
        factor,
    )
    message = SOME_TEXT.map(lambda text: {"type": "message", "message": text})

    def purpose(action: dict[str, Any]) -> object:
        kind = action["type"]
        return kind if kind == "override" else (kind, action.get("target", action.get("message", "").strip()))

    return st.lists(override | suppress | modify | message, min_size=1, max_size=5, unique_by=purpose)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A state in which each field is known, None or left out."""
    state: dict[str, Any] = {}
    for field in FIELDS:
        known = draw(st.sampled_from(["known", "known", "none", "absent"]))
        if known == "none":
            state[field.path] = None
        elif known == "known":
            single = values_of(field)
            state[field.path] = draw(
                st.lists(single, max_size=3).map(tuple) if field.kind == "list" else single
            )
    return state
