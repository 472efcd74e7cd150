"""What rules can say, and the priors in force, as a client reads them."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cache
from typing import Any

from rest_framework import serializers

from experts.domain.rules.actions import MAX_ACTIONS, MAX_MESSAGE_CHARS, MAX_MULTIPLIER
from experts.domain.rules.grammar import MAX_CONDITIONS, MAX_DEPTH, MAX_PARTS
from experts.domain.rules.reference import (
    ACTION_REFERENCE,
    FieldReference,
    field_reference,
    operator_reference,
)
from experts.selectors import CurrentPriors


class RuleFieldSerializer(serializers.Serializer[Any]):
    """One field that conditions may look at."""

    path = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not a label
    kind = serializers.ChoiceField(choices=["number", "choice", "flag", "list"])
    operators = serializers.ListField(child=serializers.CharField())
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    step = serializers.FloatField(allow_null=True)
    choices = serializers.DictField(child=serializers.CharField())
    anchors = serializers.DictField(child=serializers.CharField())


class OperatorSerializer(serializers.Serializer[Any]):
    """One way to compare."""

    symbol = serializers.CharField()
    words = serializers.CharField()
    takes = serializers.ChoiceField(choices=["one", "several", "range"])
    kinds = serializers.ListField(child=serializers.CharField())


class ActionSerializer(serializers.Serializer[Any]):
    """One kind of action; `words` are what its `key` takes."""

    type = serializers.CharField()
    says = serializers.CharField()
    key = serializers.CharField()
    words = serializers.DictField(child=serializers.CharField())
    example = serializers.DictField()


class RuleGrammarSerializer(serializers.Serializer[Any]):
    """Everything that an editor of rules needs to know."""

    fields: Any = RuleFieldSerializer(many=True)
    operators = OperatorSerializer(many=True)
    actions = ActionSerializer(many=True)
    limits = serializers.DictField(child=serializers.FloatField())


class PriorSerializer(serializers.Serializer[Any]):
    """One coefficient before any session; per natural unit, up to the optimal range's end."""

    variable_name = serializers.CharField()
    population_mean = serializers.FloatField()
    population_std = serializers.FloatField()
    individual_variance = serializers.FloatField(
        allow_null=True, help_text="A standard deviation between climbers, despite its name."
    )
    optimal_min = serializers.FloatField(allow_null=True)
    optimal_max = serializers.FloatField(allow_null=True)
    literature_mean = serializers.FloatField(allow_null=True)
    literature_std = serializers.FloatField(allow_null=True)
    literature_sources = serializers.ListField(child=serializers.CharField())
    expert_mean = serializers.FloatField(allow_null=True)
    expert_std = serializers.FloatField(allow_null=True)
    expert_n_scenarios = serializers.IntegerField(allow_null=True)
    blend_weights = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class CurrentPriorsSerializer(serializers.Serializer[Any]):
    """The priors that the next recommendation starts from."""

    version = serializers.IntegerField()
    priors = PriorSerializer(many=True)


@cache
def published_grammar() -> dict[str, Any]:
    """Fields, operators, actions and limits; the same for everybody until the next release."""
    return {
        "fields": [_field(entry) for entry in field_reference()],
        "operators": [
            {"symbol": op.symbol, "words": op.words, "takes": op.takes, "kinds": list(op.kinds)}
            for op in operator_reference()
        ],
        "actions": [
            {
                "type": action.kind,
                "says": action.says,
                "key": action.key,
                "words": dict(action.words or {}),
                "example": dict(action.example),
            }
            for action in ACTION_REFERENCE
        ],
        "limits": {
            "depth": MAX_DEPTH,
            "parts_of_a_group": MAX_PARTS,
            "conditions": MAX_CONDITIONS,
            "actions": MAX_ACTIONS,
            "message_characters": MAX_MESSAGE_CHARS,
            "multiplier": MAX_MULTIPLIER,
        },
    }


def published_priors(current: CurrentPriors) -> dict[str, Any]:
    """Numbers as JSON numbers."""
    rows = [
        {"variable_name": name} | {column: _number(value) for column, value in row.items()}
        for name, row in current.rows.items()
    ]
    return {"version": current.version, "priors": rows}


def _field(entry: FieldReference) -> dict[str, Any]:
    field = entry.field
    is_number = field.kind == "number"
    return {
        "path": field.path,
        "aliases": list(entry.aliases),
        "label": field.label,
        "kind": field.kind,
        "operators": list(entry.operators),
        "unit": field.unit,
        "low": field.low if is_number and math.isfinite(field.low) else None,
        "high": field.high if is_number and math.isfinite(field.high) else None,
        "step": field.step if is_number else None,
        "choices": dict(field.choices),
        "anchors": {f"{point:g}": word for point, word in field.anchors.items()},
    }


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
