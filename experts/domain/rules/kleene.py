"""What a condition is worth on a state: true, false, or unknown because something was not said.

Kleene's strong logic: ANY with one true part is true whatever else is missing, ALL with one false part is false, and
otherwise one unknown part makes the whole unknown. This module is the definition; `compiler` computes the same for
many rules at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experts.domain.rules.operators import OPERATORS
from experts.domain.rules.sentences import condition_sentence
from experts.domain.rules.tree import Comparison, Condition

__all__ = ["Explanation", "State", "Truth", "compare", "explain", "missing_fields", "truth"]

State = Mapping[str, Any]  # path → value; what is unknown has no key, or None
Truth = bool | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One condition on one state, with its parts; `actual` is the value found, None for groups and the unknown."""

    sentence: str
    outcome: Truth
    field: str | None = None
    actual: Any = None
    parts: tuple[Explanation, ...] = ()


def compare(comparison: Comparison, actual: Any) -> Truth:
    """The truth of one comparison; a value that is missing or cannot be compared makes it unknown.

    >>> compare(Comparison("pre_session.stress_level", ">=", 4), 5)
    True
    >>> compare(Comparison("pre_session.stress_level", "!=", 4), None) is None
    True
    """
    if actual is None:
        return None
    try:
        return OPERATORS[comparison.op].holds(actual, comparison.value)
    except TypeError:
        return None


def truth(condition: Condition, state: State) -> Truth:
    """The truth of a tree.

    >>> from experts.domain.rules.grammar import parse_conditions
    >>> tired = {"field": "pre_session.sleep_hours", "op": "<", "value": 5}
    >>> tense = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
    >>> truth(parse_conditions({"ANY": [tired, tense]}), {"pre_session.sleep_hours": 4})
    True
    >>> truth(parse_conditions({"ALL": [tired, tense]}), {"pre_session.sleep_hours": 4}) is None
    True
    """
    outcome = _weigh(condition, state)
    return None if isinstance(outcome, frozenset) else outcome


def missing_fields(condition: Condition, state: State) -> tuple[str, ...]:
    """The fields that keep a condition unknown, sorted; none where it is not unknown.

    A missing field inside a part that is decided anyway is not among them: asking for it would change nothing.
    """
    outcome = _weigh(condition, state)
    return tuple(sorted(outcome)) if isinstance(outcome, frozenset) else ()


def explain(condition: Condition, state: State) -> Explanation:
    """The truth of a tree and of every part of it, with the values found: what an evidence page shows."""
    sentence = condition_sentence(condition)
    if isinstance(condition, Comparison):
        actual = state.get(condition.field)
        return Explanation(sentence, compare(condition, actual), condition.field, actual)
    parts = tuple(explain(part, state) for part in condition.parts)
    return Explanation(sentence, truth(condition, state), parts=parts)


def _weigh(condition: Condition, state: State) -> bool | frozenset[str]:
    """True, false, or the fields that keep it unknown."""
    if isinstance(condition, Comparison):
        outcome = compare(condition, state.get(condition.field))
        return frozenset((condition.field,)) if outcome is None else outcome
    deciding = condition.kind == "ANY"
    missing: frozenset[str] = frozenset()
    for part in condition.parts:
        weight = _weigh(part, state)
        if weight is deciding:
            return deciding
        if isinstance(weight, frozenset):
            missing |= weight
    return missing or not deciding
