"""How a field may be compared. A new operator is one entry here."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from climbiq.domain.rule_fields import FieldKind

__all__ = ["OPERATORS", "Operator", "operators_for"]


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to compare.

    Attributes
    ----------
    words : str
        What the sentence of a rule says between the field and the value.
    kinds : tuple
        The kinds of fields that it compares.
    takes : {"one", "several", "range"}
        Whether its value is a single one, a list of them, or a low and a high one.
    holds : callable
        (actual, expected) → whether it holds. A TypeError means that the actual value cannot be compared.
    """

    symbol: str
    words: str
    kinds: tuple[FieldKind, ...]
    takes: Literal["one", "several", "range"]
    holds: Callable[[Any, Any], bool]


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, str):
        raise TypeError("a word is not a list of letters")
    return expected in actual


_ALL_ENTRIES: Final = (
    Operator(">=", "is at least", ("number",), "one", operator.ge),
    Operator("<=", "is at most", ("number",), "one", operator.le),
    Operator(">", "is more than", ("number",), "one", operator.gt),
    Operator("<", "is less than", ("number",), "one", operator.lt),
    Operator("==", "is", ("number", "choice", "flag"), "one", operator.eq),
    Operator("!=", "is not", ("number", "choice", "flag"), "one", operator.ne),
    Operator("in", "is", ("number", "choice"), "several", lambda actual, expected: actual in expected),
    Operator(
        "not_in", "is not", ("number", "choice"), "several", lambda actual, expected: actual not in expected
    ),
    Operator(
        "between",
        "is between",
        ("number",),
        "range",
        lambda actual, expected: expected[0] <= actual <= expected[1],
    ),
    Operator("contains", "include", ("list",), "one", _contains),
)
OPERATORS: Final[Mapping[str, Operator]] = {entry.symbol: entry for entry in _ALL_ENTRIES}


def operators_for(kind: FieldKind) -> tuple[Operator, ...]:
    """The operators that a kind of field can be compared with, in the order an editor shows them.

    >>> [entry.symbol for entry in operators_for("flag")]
    ['==', '!=']
    """
    return tuple(entry for entry in _ALL_ENTRIES if kind in entry.kinds)
