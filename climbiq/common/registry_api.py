"""`GET /api/v1/variables`: the registry of variables and its word lists, for whoever builds a client."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.common.openapi import documented
from climbiq.domain import vocabularies
from climbiq.domain.variables import VARIABLES, Variable


class PriorInRegistry(serializers.Serializer[Any]):
    """What a coefficient is believed to be before any data."""

    population_mean = serializers.FloatField()
    population_std = serializers.FloatField()
    individual_variance = serializers.FloatField(help_text="A standard deviation between climbers.")
    optimal_range = serializers.ListField(child=serializers.FloatField(), required=False)
    sources = serializers.ListField(child=serializers.CharField())


class VariableInRegistry(serializers.Serializer[Any]):
    """One variable, as every form and every check knows it."""

    name = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not a label
    question = serializers.CharField()
    room = serializers.ChoiceField(choices=["baseline", "pre_session", "post_session"])
    role = serializers.ChoiceField(choices=["state", "treatment", "trait", "outcome", "context"])
    kind = serializers.ChoiceField(choices=["number", "choice", "flag", "text", "list", "niggles"])
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    step = serializers.FloatField(allow_null=True)
    anchors = serializers.DictField(child=serializers.CharField())
    choices = serializers.DictField(child=serializers.CharField())
    polarity = serializers.IntegerField(help_text="1: more is better. -1: more is worse. 0: it depends.")
    changeable_today = serializers.BooleanField()
    reference = serializers.FloatField(allow_null=True)
    typical_spread = serializers.FloatField(allow_null=True)
    optimal_range = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    safe_high = serializers.FloatField(allow_null=True)
    prior = PriorInRegistry(allow_null=True)


class Registry(serializers.Serializer[Any]):
    """Variables and closed lists of words."""

    variables = VariableInRegistry(many=True)
    vocabularies = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))


class VariablesView(APIView):
    """The registry is the same for everybody and holds nothing personal."""

    permission_classes = [AllowAny]

    @documented(operation_id="variables", responses=Registry)
    def get(self, request: Request) -> Response:
        """Publish it."""
        del request
        return Response(_published(), headers={"Cache-Control": "public, max-age=300"})


@functools.cache
def _published() -> dict[str, Any]:
    return {
        "variables": [_variable(v) for v in VARIABLES.values()],
        "vocabularies": {
            name.lower(): {str(word): label for word, label in words.items()}
            for name, words in vars(vocabularies).items()
            if name.isupper() and isinstance(words, Mapping)
        },
    }


def _variable(v: Variable) -> dict[str, Any]:
    is_number = v.kind == "number"
    return {
        "name": v.name,
        "aliases": list(v.aliases),
        "label": v.label,
        "question": v.question,
        "room": v.room,
        "role": v.role,
        "kind": v.kind,
        "unit": v.unit,
        "low": v.low if is_number else None,
        "high": v.high if is_number else None,
        "step": v.step if is_number else None,
        "anchors": {f"{point:g}": word for point, word in v.anchors.items()},
        "choices": dict(v.choices),
        "polarity": v.polarity,
        "changeable_today": v.changeable_today,
        "reference": v.reference if is_number else None,
        "typical_spread": v.spread if is_number else None,
        "optimal_range": list(v.optimal_range) if v.optimal_range else None,
        "safe_high": v.safe_high,
        "prior": dict(v.prior) if v.prior else None,
    }
