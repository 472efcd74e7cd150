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


def _one_of(actual: Any, expected: Any) -> bool:
    return actual in expected


def _none_of(actual: Any, expected: Any) -> bool:
    return actual not in expected


def _between(actual: Any, expected: Any) -> bool:
    return bool(expected[0] <= actual <= expected[1])


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, str):
        raise TypeError("a word is not a list of letters")
    return expected in actual


_NUMBERS: Final[tuple[FieldKind, ...]] = ("number",)
_NAMEABLE: Final[tuple[FieldKind, ...]] = ("number", "choice")

_ALL_ENTRIES: Final = (
    Operator(">=", "is at least", _NUMBERS, "one", operator.ge),
    Operator("<=", "is at most", _NUMBERS, "one", operator.le),
    Operator(">", "is more than", _NUMBERS, "one", operator.gt),
    Operator("<", "is less than", _NUMBERS, "one", operator.lt),
    Operator("==", "is", (*_NAMEABLE, "flag"), "one", operator.eq),
    Operator("!=", "is not", (*_NAMEABLE, "flag"), "one", operator.ne),
    Operator("in", "is", _NAMEABLE, "several", _one_of),
    Operator("not_in", "is none of", _NAMEABLE, "several", _none_of),
    Operator("between", "is between", _NUMBERS, "range", _between),
    Operator("contains", "include", ("list",), "one", _contains),
)
OPERATORS: Final[Mapping[str, Operator]] = {entry.symbol: entry for entry in _ALL_ENTRIES}


def operators_for(kind: FieldKind) -> tuple[Operator, ...]:
    """The operators that a kind of field can be compared with, in the order an editor shows them.

    >>> [entry.symbol for entry in operators_for("flag")]
    ['==', '!=']
    """
    return tuple(entry for entry in _ALL_ENTRIES if kind in entry.kinds)
