"""Evaluate many conditions at once.

Walking a thousand trees costs a call for every comparison. Yet rules share a few dozen fields, and a field has few
values. So each tree is rewritten as ANY of ALL of comparisons, each of these ALLs is one bit of an integer, and for
every value that a field takes on, the bits which that value falsifies are computed once and remembered. To decide is
then one look-up and one OR for each field:

    falsified = OR over fields of falsified_by(field, value)      undecided = OR over missing fields of their bits
    true = all & ~falsified & ~undecided                          unknown = undecided & ~falsified

The rewriting is exact: Kleene's ALL and ANY are a minimum and a maximum, which distribute over each other, and the
grammar has no negation. Trees that would grow too large by it are walked instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final

from experts.domain.rules.kleene import State, Truth, compare, missing_fields, truth
from experts.domain.rules.tree import Comparison, Condition, Group

__all__ = ["CompiledConditions", "Outcomes"]

MAX_TERMS: Final = 64  # of one tree; a larger one is walked
_REMEMBERED: Final = 1024  # values of one field, patterns of missing ones

Term = frozenset[Comparison]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Which trees are true and which are unknown, by position; the others are false.

    `true` ascends; `unknown` tells for each position the fields that keep it so, sorted.
    """

    true: tuple[int, ...]
    unknown: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _FieldBits:
    """One field: the bits that look at it, and value → (bits it makes false, bits it leaves undecided).

    `flag` stands for the field itself, among the flags of all fields.
    """

    path: str
    flag: int
    looking: int
    judge: Callable[[Any], tuple[int, int]]


class CompiledConditions:
    """Trees that are evaluated together, compiled once. None in the place of a tree is always unknown.

    >>> from experts.domain.rules.grammar import parse_conditions
    >>> tense = parse_conditions({"field": "pre_session.stress_level", "op": ">=", "value": 4})
    >>> tired = parse_conditions({"field": "pre_session.sleep_hours", "op": "<", "value": 5})
    >>> CompiledConditions([tense, tired]).evaluate({"pre_session.stress_level": 5})
    Outcomes(true=(0,), unknown={1: ('pre_session.sleep_hours',)})
    """

    def __init__(self, trees: Sequence[Condition | None]) -> None:
        self._trees = tuple(trees)
        self._walked: list[int] = []
        self._position_of_bit: list[int] = []
        bits: dict[str, dict[Comparison, int]] = {}  # field → comparison → bits of the terms that it is in
        for position, tree in enumerate(trees):
            if tree is None or _count_terms(tree) > MAX_TERMS:
                self._walked.append(position)
                continue
            for term in _terms(tree):
                bit = 1 << len(self._position_of_bit)
                self._position_of_bit.append(position)
                for comparison in term:
                    of_field = bits.setdefault(comparison.field, {})
                    of_field[comparison] = of_field.get(comparison, 0) | bit
        self._every_bit = (1 << len(self._position_of_bit)) - 1
        self._fields = tuple(_field_bits(path, bits[path], place) for place, path in enumerate(sorted(bits)))
        flags = {field.path: field.flag for field in self._fields}
        self._flags_of_flat = [_flags(tree, flags) for tree in trees]
        self._paths = lru_cache(_REMEMBERED)(self._paths_of)

    def evaluate(self, state: State) -> Outcomes:
        """Evaluate every tree on one state."""
        falsified = undecided = 0
        silent = 0  # flags of the fields that decide nothing
        unclear = False  # whether a value of a wrong type decides some comparisons and not others
        for field in self._fields:
            value = state.get(field.path)
            if value is None:
                undecided |= field.looking
                silent |= field.flag
            else:
                false_bits, undecided_bits = field.judge(value)
                falsified |= false_bits
                undecided |= undecided_bits
                unclear = unclear or undecided_bits != 0
        open_bits = self._every_bit & ~falsified
        true = set(self._positions(open_bits & ~undecided))
        unknown = set(self._positions(open_bits & undecided))
        for position in self._walked:
            outcome = self._truth(position, state)
            if outcome is not False:
                (unknown if outcome is None else true).add(position)
        missing: dict[int, tuple[str, ...]] = {}
        for position in unknown - true:
            flags = None if unclear else self._flags_of_flat[position]
            missing[position] = self._walk(position, state) if flags is None else self._paths(flags & silent)
        return Outcomes(tuple(sorted(true)), missing)

    def _truth(self, position: int, state: State) -> Truth:
        tree = self._trees[position]
        return None if tree is None else truth(tree, state)

    def _walk(self, position: int, state: State) -> tuple[str, ...]:
        tree = self._trees[position]
        return () if tree is None else missing_fields(tree, state)

    def _paths_of(self, flags: int) -> tuple[str, ...]:
        return tuple(field.path for field in self._fields if field.flag & flags)

    def _positions(self, bits: int) -> Iterator[int]:
        digits = f"{bits:b}"[::-1]
        place = digits.find("1")
        while place >= 0:
            yield self._position_of_bit[place]
            place = digits.find("1", place + 1)


def _field_bits(path: str, of_field: dict[Comparison, int], place: int) -> _FieldBits:
    looking = 0
    for bits in of_field.values():
        looking |= bits

    def judge(value: Any) -> tuple[int, int]:
        false_bits = undecided_bits = 0
        for comparison, bits in of_field.items():
            outcome = compare(comparison, value)
            if outcome is None:
                undecided_bits |= bits
            elif not outcome:
                false_bits |= bits
        return false_bits, undecided_bits

    remembered = lru_cache(_REMEMBERED)(judge)

    def judge_once(value: Any) -> tuple[int, int]:
        try:
            return remembered(value)
        except TypeError:  # a list has no hash to remember it by
            return judge(value)

    return _FieldBits(path, 1 << place, looking, judge_once)


def _flags(tree: Condition | None, flags: Mapping[str, int]) -> int | None:
    """The flags of the fields of a flat tree, each of which keeps it unknown if it is silent; None for others."""
    parts = tree.parts if isinstance(tree, Group) else (tree,)
    found = 0
    for part in parts:
        if not isinstance(part, Comparison) or part.field not in flags:
            return None
        found |= flags[part.field]
    return found


def _count_terms(condition: Condition) -> int:
    if isinstance(condition, Comparison):
        return 1
    counts = [_count_terms(part) for part in condition.parts]
    return sum(counts) if condition.kind == "ANY" else prod(counts)


def _terms(condition: Condition) -> Iterator[Term]:
    """The comparisons of each ALL, of which ANY must hold for the tree to hold."""
    if isinstance(condition, Comparison):
        yield frozenset((condition,))
    elif condition.kind == "ANY":
        for part in condition.parts:
            yield from _terms(part)
    else:
        for combination in product(*(tuple(_terms(part)) for part in condition.parts)):
            yield frozenset().union(*combination)
