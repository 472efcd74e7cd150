"""Decide on a climber's state: does a rule bypass the model, what do the others change, how did each come out?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from experts.domain.rules.tree import Action

__all__ = [
    "Adjustments",
    "AppliedRule",
    "Decision",
    "Outcome",
    "RuleDefinition",
    "RuleOverride",
    "TraceEntry",
]

Outcome = Literal["true", "false", "not_evaluable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDefinition:
    """A stored rule: `conditions` and `actions` as JSON, higher priority first."""

    id: str
    name: str
    version: int
    conditions: Any
    actions: Any
    description: str = ""
    category: str = "edge_case"
    priority: int = 50
    confidence: str = ""
    source: str = ""
    evidence: str = ""
    expires_at: datetime | None = None
    is_active: bool = True
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """How one rule came out; `missing` are the fields that would have decided it."""

    rule_id: str
    name: str
    version: int
    outcome: Outcome
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """What is said instead of the model's advice, and by which rule."""

    rule_id: str
    rule_name: str
    rule_version: int
    recommendation: str
    message: str
    actions: tuple[Action, ...]
    source: str = "expert_rule"


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A matching rule that adjusts the model's advice."""

    rule_id: str
    name: str
    version: int
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustments:
    """What the matching rules without an override change, taken together.

    Attributes
    ----------
    suppressed : tuple of str
        Treatments that no advice is given on.
    multipliers : mapping
        Variable → factor on its coefficient: the product over rules, at most `MAX_MULTIPLIER`.
    messages : tuple of str
        By priority, each once.
    """

    rules: tuple[AppliedRule, ...] = ()
    suppressed: tuple[str, ...] = ()
    multipliers: Mapping[str, float] = field(default_factory=dict)
    messages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of all rules on one state.

    Attributes
    ----------
    override : RuleOverride or None
        Of the first matching rule that has one; then the model is bypassed.
    adjustments : Adjustments
        Of the matching rules without an override, whether or not the model is bypassed.
    trace : tuple of TraceEntry
        Every rule, by priority.
    said_besides : tuple of str
        Under an override, what the matching rules say besides its own message, by priority, each once.
    unevaluable_safety : tuple of TraceEntry
        The safety rules that could not be evaluated: the climber is asked for what is missing.
    """

    override: RuleOverride | None
    adjustments: Adjustments
    trace: tuple[TraceEntry, ...]
    unevaluable_safety: tuple[TraceEntry, ...]
    said_besides: tuple[str, ...] = ()

    @property
    def fields_to_ask_for(self) -> tuple[str, ...]:
        """The missing fields of safety rules, sorted, each once."""
        return tuple(sorted({path for entry in self.unevaluable_safety for path in entry.missing}))
