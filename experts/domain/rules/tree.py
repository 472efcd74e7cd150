"""A rule once it is known to be sound: conditions as a tree, actions as a list, both frozen and comparable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Action",
    "Comparison",
    "Condition",
    "Group",
    "Message",
    "ModifyCoefficient",
    "Override",
    "ParsedRule",
    "Suppress",
    "canonical_json",
    "comparisons",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field of the state against a value; `value` is a tuple where the operator takes several."""

    field: str
    op: str
    value: Any

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field, "op": self.op, "value": value}


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all, or any, must hold; never empty."""

    kind: Literal["ALL", "ANY"]
    parts: tuple[Condition, ...]

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        return {self.kind: [part.to_json() for part in self.parts]}


Condition = Comparison | Group


@dataclass(frozen=True, slots=True)
class Override:
    """Say this instead of anything that the model would."""

    recommendation: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        return {"type": "override", "recommendation": self.recommendation, "message": self.message}


@dataclass(frozen=True, slots=True)
class Suppress:
    """Give no advice on one treatment; `target` ends in ``_recommendation``."""

    target: str

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        return {"type": "suppress", "target": self.target}


@dataclass(frozen=True, slots=True)
class ModifyCoefficient:
    """Multiply a climber's coefficient; `target` is a variable of the model."""

    target: str
    multiplier: float

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        return {"type": "modify_coefficient", "target": self.target, "multiplier": self.multiplier}


@dataclass(frozen=True, slots=True)
class Message:
    """Say this beside the model's advice."""

    message: str

    def to_json(self) -> dict[str, Any]:
        """The form that the grammar reads."""
        return {"type": "message", "message": self.message}


Action = Override | Suppress | ModifyCoefficient | Message


@dataclass(frozen=True, slots=True)
class ParsedRule:
    """What a rule asks and what it does."""

    conditions: Condition
    actions: tuple[Action, ...]

    @property
    def condition_fields(self) -> tuple[str, ...]:
        """The paths that the conditions look at, sorted, each once."""
        return tuple(sorted({comparison.field for comparison in comparisons(self.conditions)}))

    @property
    def override(self) -> Override | None:
        """The action that bypasses the model, if there is one."""
        return next((action for action in self.actions if isinstance(action, Override)), None)

    def actions_json(self) -> list[dict[str, Any]]:
        """The actions in the form that the grammar reads."""
        return [action.to_json() for action in self.actions]


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison of a tree, from left to right."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from comparisons(part)


def canonical_json(rule: ParsedRule) -> str:
    """One text for rules that mean the same in the same words, whatever the order of keys and spelling of fields.

    >>> from experts.domain.rules.grammar import parse_rule
    >>> say = [{"type": "message", "message": "Sip slowly."}]
    >>> written = {"value": 200.0, "op": ">", "field": "pre_session.planned_caffeine_mg"}
    >>> stored = {"field": "pre_session.caffeine_mg", "op": ">", "value": 200}
    >>> first, second = (parse_rule(conditions=ask, actions=say) for ask in (written, stored))
    >>> canonical_json(first) == canonical_json(second)
    True
    """
    content = {"conditions": rule.conditions.to_json(), "actions": rule.actions_json()}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
