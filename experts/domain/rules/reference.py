"""What a rule can say, laid out for people and for clients: fields, operators, actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from climbiq.domain.rule_fields import FIELD_ALIASES, RULE_FIELDS, RuleField
from climbiq.domain.variables import MODEL_VARIABLES, variable
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS
from experts.domain.rules.actions import MAX_MULTIPLIER, SUPPRESSIBLE
from experts.domain.rules.operators import OPERATORS, Operator, operators_for

__all__ = ["ACTION_REFERENCE", "ActionReference", "FieldReference", "field_reference", "operator_reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReference:
    """One field of the state with the operators that compare it and the other names that it answers to."""

    field: RuleField
    operators: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def values(self) -> str:
        """What it can be compared with, in words.

        >>> field_reference()[0].values
        '8 to 99 years'
        """
        match self.field.kind:
            case "number":
                unit = "" if self.field.unit == "points" else self.field.unit
                return f"{self.field.low:,g} to {self.field.high:,g} {unit}".rstrip()
            case "flag":
                return "true or false"
            case _:
                return ", ".join(self.field.choices) or "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReference:
    """One kind of action: its keys, an example, and the words that its main key takes."""

    kind: str
    says: str
    example: Mapping[str, object]
    key: str = ""
    words: Mapping[str, str] | None = None


@cache
def field_reference() -> tuple[FieldReference, ...]:
    """Every field, in the order of the registry."""
    aliases: dict[str, list[str]] = {}
    for alias, path in FIELD_ALIASES.items():
        aliases.setdefault(path, []).append(alias)
    return tuple(
        FieldReference(
            field=field,
            operators=tuple(operator.symbol for operator in operators_for(field.kind)),
            aliases=tuple(sorted(aliases.get(path, []))),
        )
        for path, field in RULE_FIELDS.items()
    )


def operator_reference() -> tuple[Operator, ...]:
    """Every operator."""
    return tuple(OPERATORS.values())


ACTION_REFERENCE: Final = (
    ActionReference(
        kind="override",
        says="Leave the model out and say this. At most one in a rule.",
        example={"type": "override", "recommendation": "rest_day", "message": "Rest today."},
        key="recommendation",
        words=OVERRIDE_RECOMMENDATIONS,
    ),
    ActionReference(
        kind="suppress",
        says="Give no advice on one treatment.",
        example={"type": "suppress", "target": "caffeine_recommendation"},
        key="target",
        words={target: variable(name).label for target, name in SUPPRESSIBLE.items()},
    ),
    ActionReference(
        kind="modify_coefficient",
        says=f"Count the effect of a variable more or less: a factor from 0 to {MAX_MULTIPLIER:g}.",
        example={"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
        key="target",
        words={name: variable(name).label for name in MODEL_VARIABLES},
    ),
    ActionReference(
        kind="message",
        says="Say this beside the model’s advice.",
        example={"type": "message", "message": "Warm your fingers up for ten minutes."},
    ),
)
