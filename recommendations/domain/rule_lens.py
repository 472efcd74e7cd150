"""What the rules would do to the advice on one treatment if one input were another.

Rules are rewritten as ANY of ALLs, each ALL is one bit, and a field's needs are what an ALL asks of that field.
An ALL that exactly one field blocks is one change away from holding: that field's nearest value is a candidate
for what would flip the advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final

from climbiq.domain.rule_fields import RULE_FIELDS, RuleField
from climbiq.domain.variables import VARIABLES
from experts.domain.rules.actions import MAX_MULTIPLIER, SUPPRESSIBLE
from experts.domain.rules.decision import RuleDefinition
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.kleene import compare, truth
from experts.domain.rules.rule_set import RuleSet
from experts.domain.rules.tree import (
    Comparison,
    Condition,
    ModifyCoefficient,
    ParsedRule,
    Suppress,
    comparisons,
)

TODAY: Final = "pre_session."  # only today's inputs can be another; who the climber is and was cannot
NIGGLE: Final = "pre_session.niggle_severity."
WORST_NIGGLE: Final = f"{NIGGLE}any"
NIGGLES: Final = "pre_session.current_niggles"
MAX_TERMS: Final = 64  # of one rule; a larger one is evaluated, but no change is looked for in it

State = Mapping[str, Any]
Need = frozenset[Comparison]  # of one field, all to hold


@dataclass(frozen=True, slots=True)
class Effect:
    """What rules do to the advice on one treatment."""

    silenced_by: tuple[str, ...] = ()  # names of rules that override or suppress
    multiplier: float = 1.0
    modified_by: tuple[str, ...] = ()

    def same_as(self, other: Effect) -> bool:
        """Whether the advice is treated alike."""
        return not self.silenced_by and not other.silenced_by and self.multiplier == other.multiplier


NO_EFFECT: Final = Effect()


@dataclass(frozen=True, slots=True)
class _Rule:
    definition: RuleDefinition
    conditions: Condition
    silences: bool
    multiplier: float | None


@dataclass(frozen=True, slots=True)
class _Field:
    """One field's needs: `blocked` gives the bits that a value does not satisfy, `targets` where to go."""

    path: str
    blocked: Callable[[Any], int]
    targets: Callable[[Any], tuple[tuple[Any, int], ...]]


class RuleLens:
    """The rules that can touch the advice on one treatment."""

    def __init__(self, rules: Iterable[tuple[RuleDefinition, ParsedRule]], variable: str) -> None:
        self._rules = tuple(
            found
            for definition, parsed in rules
            if (found := _relevant(definition, parsed, variable)) is not None
        )
        self._walked = tuple(
            i for i, rule in enumerate(self._rules) if _count_terms(rule.conditions) > MAX_TERMS
        )
        self._mentioned: dict[str, tuple[float, ...]] = {}
        self._rule_of_bit: list[int] = []
        needs: dict[str, dict[Need, int]] = {}
        for place, rule in enumerate(self._rules):
            if place in self._walked:
                continue
            for term in _terms(rule.conditions):
                bit = 1 << len(self._rule_of_bit)
                self._rule_of_bit.append(place)
                for path in {comparison.field for comparison in term}:
                    need = frozenset(c for c in term if c.field == path)
                    of_field = needs.setdefault(path, {})
                    of_field[need] = of_field.get(need, 0) | bit
        self._every_bit = (1 << len(self._rule_of_bit)) - 1
        self._fields = tuple(_field(path, needs[path]) for path in sorted(needs))

    def mentioned(self, path: str) -> tuple[float, ...]:
        """Numbers at and beside those that the rules compare a field with: truth changes nowhere else."""
        known = self._mentioned.get(path)
        if known is None:
            compared = [c for rule in self._rules for c in _of_path(rule, path)]
            values = _values_around(compared, RULE_FIELDS[path])
            known = self._mentioned[path] = tuple(v for v in values if isinstance(v, int | float))
        return known

    def effect(self, state: State, now: datetime) -> Effect:
        """What the rules do on a state."""
        blocked = 0
        for field in self._fields:
            blocked |= field.blocked(state.get(field.path))
        open_bits = self._every_bit & ~blocked
        if not open_bits and not self._walked:
            return NO_EFFECT
        holding = {self._rule_of_bit[bit] for bit in _places(open_bits)}
        holding.update(i for i in self._walked if truth(self._rules[i].conditions, state))
        rules = [rule for i in sorted(holding) if not _expired(rule := self._rules[i], now)]
        return _effect(rules) if rules else NO_EFFECT

    def one_change_away(self, state: State) -> Iterator[tuple[str, Any]]:
        """Fields of today and the nearest values at which another rule would hold, or one would cease to."""
        once = twice = 0
        blocked_by: dict[str, int] = {}
        for field in self._fields:
            bits = blocked_by[field.path] = field.blocked(state.get(field.path))
            twice |= once & bits
            once |= bits
        for field in self._fields:
            if not field.path.startswith(TODAY):
                continue
            near = blocked_by[field.path] & ~twice
            for value, bits in field.targets(state.get(field.path)):
                if bits & near:
                    yield field.path, value
        holding = self._every_bit & ~once
        for place in sorted({self._rule_of_bit[bit] for bit in _places(holding)}):
            rule = self._rules[place]
            if rule.multiplier is not None:
                yield from _ways_out(rule.conditions, state)


def changed(state: State, path: str, value: Any) -> dict[str, Any]:
    """A state with one input of today replaced; niggles are kept consistent with one another."""
    new = dict(state)
    new[path] = value
    if path.startswith(NIGGLE) and path != WORST_NIGGLE:
        severities = {p: s for p, s in new.items() if p.startswith(NIGGLE) and p != WORST_NIGGLE}
        new[WORST_NIGGLE] = max(severities.values(), default=0)
        new[NIGGLES] = tuple(p.removeprefix(NIGGLE) for p, s in severities.items() if s > 0)
    return new


def lens_for(*, rules: RuleSet, variable: str) -> RuleLens:
    """The lens of a rule set on one variable, built once for as long as the set is served.

    Of a state, which nothing is advised on, it shows the multipliers of its effect.
    """
    lenses, parsed = _lenses(rules)
    if variable not in lenses:
        lenses[variable] = RuleLens(parsed, variable)
    return lenses[variable]


@lru_cache(maxsize=4)
def _lenses(rules: RuleSet) -> tuple[dict[str, RuleLens], list[tuple[RuleDefinition, ParsedRule]]]:
    """Lenses are added as they are asked for; two threads that ask at once make the same one twice."""
    parsed = [
        (rule, parse_rule(conditions=rule.conditions, actions=rule.actions))
        for rule in rules.definitions
        if rule.id not in rules.faulty
    ]
    return {}, parsed


def _relevant(definition: RuleDefinition, parsed: ParsedRule, variable: str) -> _Rule | None:
    if parsed.override is not None:
        return _Rule(definition, parsed.conditions, silences=True, multiplier=None)
    silences = any(isinstance(a, Suppress) and SUPPRESSIBLE[a.target] == variable for a in parsed.actions)
    factors = [
        a.multiplier for a in parsed.actions if isinstance(a, ModifyCoefficient) and a.target == variable
    ]
    if not silences and not factors:
        return None
    return _Rule(definition, parsed.conditions, silences, prod(factors) if factors else None)


def _of_path(rule: _Rule, path: str) -> list[Comparison]:
    return [comparison for comparison in comparisons(rule.conditions) if comparison.field == path]


def _effect(holding: Sequence[_Rule]) -> Effect:
    modifying = [rule for rule in holding if rule.multiplier is not None]
    return Effect(
        silenced_by=tuple(rule.definition.name for rule in holding if rule.silences),
        multiplier=min(prod(rule.multiplier or 0.0 for rule in modifying), MAX_MULTIPLIER),
        modified_by=tuple(rule.definition.name for rule in modifying),
    )


def _expired(rule: _Rule, now: datetime) -> bool:
    return rule.definition.expires_at is not None and rule.definition.expires_at <= now


def _field(path: str, needs: Mapping[Need, int]) -> _Field:
    def blocked(value: Any) -> int:
        bits = 0
        for need, of_need in needs.items():
            if not all(compare(comparison, value) for comparison in need):
                bits |= of_need
        return bits

    def targets(value: Any) -> tuple[tuple[Any, int], ...]:
        """Where each unmet need is first met, the nearest first."""
        entry = RULE_FIELDS[path]
        found: dict[Any, int] = {}
        for need, bits in needs.items():
            meeting = [v for v in _values_around(need, entry) if all(compare(c, v) for c in need)]
            if meeting and not all(compare(c, value) for c in need):
                nearest = min(meeting, key=lambda v: (distance(path, value, v), str(v)))
                found[nearest] = found.get(nearest, 0) | bits
        return tuple(sorted(found.items(), key=lambda item: (distance(path, value, item[0]), str(item[0]))))

    return _Field(path, _remembered(blocked), _remembered(targets))


def _remembered(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Values are few; what cannot be hashed is computed anew."""
    cached = lru_cache(1024)(function)

    def call(value: Any) -> Any:
        try:
            return cached(value)
        except TypeError:
            return function(value)

    return call


def _values_around(need: Iterable[Comparison], entry: RuleField) -> list[Any]:
    """The values at and beside what a need compares with, inside the field's range."""
    if entry.kind == "flag":
        return [False, True]
    if entry.kind == "choice":
        return list(entry.choices)
    if entry.kind != "number":
        return []
    mentioned = {float(v) for c in need for v in (c.value if isinstance(c.value, tuple) else (c.value,))}
    beside = {round(v + shift, 6) for v in mentioned for shift in (-entry.step, 0.0, entry.step)}
    return sorted(_whole_if_whole(v) for v in beside if entry.low <= v <= entry.high)


def _ways_out(condition: Condition, state: State) -> Iterator[tuple[str, Any]]:
    """Nearest value of each field at which a condition that holds holds no more."""
    for path in sorted(_paths(condition)):
        if not path.startswith(TODAY):
            continue
        entry = RULE_FIELDS[path]
        of_path = [c for c in comparisons(condition) if c.field == path]
        leaving = [v for v in _values_around(of_path, entry) if not truth(condition, changed(state, path, v))]
        if leaving:
            yield path, min(leaving, key=lambda v: (distance(path, state.get(path), v), str(v)))


def distance(path: str, current: Any, value: Any) -> float:
    """How far a value is from the current one, in typical spreads; any other word is one step away."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0 if value == current else 1.0
    variable = VARIABLES.get(path.removeprefix(TODAY))
    if not isinstance(current, int | float):
        current = variable.reference if variable else 0.0
    return abs(float(value) - float(current)) / (variable.spread if variable else 1.0)


def _whole_if_whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _paths(condition: Condition) -> set[str]:
    return {comparison.field for comparison in comparisons(condition)}


def _count_terms(condition: Condition) -> int:
    if isinstance(condition, Comparison):
        return 1
    counts = [_count_terms(part) for part in condition.parts]
    return sum(counts) if condition.kind == "ANY" else prod(counts)


def _terms(condition: Condition) -> Iterator[Need]:
    """The comparisons of each ALL, of which ANY must hold for the condition to hold."""
    if isinstance(condition, Comparison):
        yield frozenset((condition,))
    elif condition.kind == "ANY":
        for part in condition.parts:
            yield from _terms(part)
    else:
        for combination in product(*(tuple(_terms(part)) for part in condition.parts)):
            yield frozenset().union(*combination)


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
