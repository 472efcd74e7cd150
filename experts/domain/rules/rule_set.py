"""The rules in force, ready to decide on a climber's state before any model is asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from experts.domain.rules.actions import MAX_MULTIPLIER, SUPPRESSIBLE
from experts.domain.rules.compiler import CompiledConditions
from experts.domain.rules.decision import (
    Adjustments,
    AppliedRule,
    Decision,
    Outcome,
    RuleDefinition,
    RuleOverride,
    TraceEntry,
)
from experts.domain.rules.faults import Fault, InvalidRule
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.kleene import Explanation, State, explain
from experts.domain.rules.tree import Message, ModifyCoefficient, Override, ParsedRule, Suppress

__all__ = ["RuleSet"]

_REMEMBERED: Final = 10_000  # trace entries of rules that could not be evaluated


class RuleSet:
    """Rules by priority, then by name: parsed and compiled once, decided on often.

    Inactive and superseded rules are left out at once, expired ones at each decision. A rule that the grammar
    refuses (a field was renamed, or SQL wrote it) never matches: `faulty` tells why, the trace has it as not
    evaluable, and the other rules go on.

    >>> from datetime import UTC
    >>> tense = RuleDefinition(
    ...     id="7",
    ...     name="Tense",
    ...     version=1,
    ...     category="safety",
    ...     conditions={"field": "pre_session.stress_level", "op": ">=", "value": 4},
    ...     actions=[{"type": "override", "recommendation": "rest_day", "message": "Rest."}],
    ... )
    >>> rules, now = RuleSet([tense]), datetime(2026, 5, 1, tzinfo=UTC)
    >>> rules.decide({"pre_session.stress_level": 5}, now=now).override.message
    'Rest.'
    >>> rules.decide({}, now=now).fields_to_ask_for
    ('pre_session.stress_level',)
    """

    def __init__(self, definitions: Iterable[RuleDefinition]) -> None:
        live = (rule for rule in definitions if rule.is_active and rule.superseded_by is None)
        self.definitions = tuple(sorted(live, key=lambda rule: (-rule.priority, rule.name)))
        self.faulty: dict[str, tuple[Fault, ...]] = {}
        self._parsed = [self._parse(rule) for rule in self.definitions]
        self._compiled = CompiledConditions(
            [parsed.conditions if parsed else None for parsed in self._parsed]
        )
        pairs = list(zip(self.definitions, self._parsed, strict=True))
        self._overrides = [_override(rule, parsed) for rule, parsed in pairs]
        self._applied = [_applied(rule, parsed) for rule, parsed in pairs]
        self._if_false = [_entry(rule, "false") for rule in self.definitions]
        self._if_true = [_entry(rule, "true") for rule in self.definitions]
        self._not_evaluable = lru_cache(_REMEMBERED)(
            lambda place, missing: _entry(self.definitions[place], "not_evaluable", missing)
        )
        self._safety = frozenset(place for place, (rule, _) in enumerate(pairs) if rule.category == "safety")
        ends = sorted((rule.expires_at, place) for place, (rule, _) in enumerate(pairs) if rule.expires_at)
        self._expiries = [moment for moment, _ in ends]
        self._by_expiry = [place for _, place in ends]

    def decide(self, state: State, *, now: datetime) -> Decision:
        """Evaluate every rule on a state as `climbiq.domain.rule_fields.build_state` lays it out."""
        outcomes = self._compiled.evaluate(state)
        expired = frozenset(self._by_expiry[: bisect_right(self._expiries, now)])
        matching = [place for place in outcomes.true if place not in expired]
        unknown_safety = sorted(self._safety.intersection(outcomes.unknown) - expired)
        override = next((found for place in matching if (found := self._overrides[place])), None)
        trace = self._if_false.copy()
        for place, missing in outcomes.unknown.items():
            trace[place] = self._not_evaluable(place, missing)
        for place in matching:
            trace[place] = self._if_true[place]
        return Decision(
            override=override,
            adjustments=_adjustments([rule for place in matching if (rule := self._applied[place])]),
            unevaluable_safety=tuple(trace[place] for place in unknown_safety),
            trace=_without(trace, expired),
            said_besides=() if override is None else self._said_besides(override, matching),
        )

    def explain(self, rule_id: str, state: State) -> Explanation | None:
        """How a rule's conditions came out one by one; None for a rule that is not here or cannot be read."""
        for rule, parsed in zip(self.definitions, self._parsed, strict=True):
            if rule.id == rule_id and parsed is not None:
                return explain(parsed.conditions, state)
        return None

    def _said_besides(self, override: RuleOverride, matching: Sequence[int]) -> tuple[str, ...]:
        parsed = (rule for place in matching if (rule := self._parsed[place]))
        actions = (action for rule in parsed for action in rule.actions)
        said = _each_once(action.message for action in actions if isinstance(action, Message | Override))
        return tuple(message for message in said if message != override.message)

    def _parse(self, rule: RuleDefinition) -> ParsedRule | None:
        try:
            return parse_rule(conditions=rule.conditions, actions=rule.actions)
        except InvalidRule as invalid:
            self.faulty[rule.id] = invalid.faults
            return None


def _override(rule: RuleDefinition, parsed: ParsedRule | None) -> RuleOverride | None:
    action = parsed.override if parsed else None
    if parsed is None or action is None:
        return None
    return RuleOverride(
        rule_id=rule.id,
        rule_name=rule.name,
        rule_version=rule.version,
        recommendation=action.recommendation,
        message=action.message,
        actions=parsed.actions,
    )


def _applied(rule: RuleDefinition, parsed: ParsedRule | None) -> AppliedRule | None:
    if parsed is None or parsed.override is not None:
        return None
    return AppliedRule(rule.id, rule.name, rule.version, parsed.actions)


def _adjustments(applied: Sequence[AppliedRule]) -> Adjustments:
    actions = [action for rule in applied for action in rule.actions]
    factors: dict[str, float] = {}
    for action in actions:
        if isinstance(action, ModifyCoefficient):
            factors[action.target] = factors.get(action.target, 1.0) * action.multiplier
    return Adjustments(
        rules=tuple(applied),
        suppressed=_each_once(SUPPRESSIBLE[a.target] for a in actions if isinstance(a, Suppress)),
        multipliers={name: min(factor, MAX_MULTIPLIER) for name, factor in factors.items()},
        messages=_each_once(a.message for a in actions if isinstance(a, Message)),
    )


def _without(trace: list[TraceEntry], expired: frozenset[int]) -> tuple[TraceEntry, ...]:
    if not expired:
        return tuple(trace)
    return tuple(entry for place, entry in enumerate(trace) if place not in expired)


def _entry(rule: RuleDefinition, outcome: Outcome, missing: tuple[str, ...] = ()) -> TraceEntry:
    return TraceEntry(rule.id, rule.name, rule.version, outcome, missing)


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
