"""What a client sends to ask for a recommendation."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from climbiq.common.serializers import StrictSerializer, VariableField
from climbiq.domain.variables import CONDITIONS, VARIABLES


class ConditionsSerializer(StrictSerializer):
    """The day's conditions and plan, under the registry's names or their aliases; null or absent: not said."""

    def get_fields(self) -> dict[str, Any]:
        """One field for each condition of the registry."""
        return {name: VariableField(VARIABLES[name]) for name in CONDITIONS}


class ForecastField(serializers.FloatField):
    """A number; `true` is none, although it counts as one in Python."""

    def to_internal_value(self, data: Any) -> float:
        """Convert what was sent."""
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class PreSessionRequestSerializer(StrictSerializer):
    """`POST …/recommendations/pre-session`."""

    current_conditions = ConditionsSerializer(required=False)
    session_id = serializers.UUIDField(required=False, allow_null=True)
    user_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="May be left out: the climber is whoever the credentials belong to. Another's is refused.",
    )
    own_forecast = ForecastField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=10,
        help_text="The climber's own guess of the session's quality, made before ours is seen and before the session "
        "begins; else it is not kept.",
    )

    def validate_user_id(self, value: Any) -> Any:
        """Nobody asks for somebody else."""
        if value is not None and value != self.context["request"].user.pk:
            raise serializers.ValidationError("You can only ask for yourself; leave this out.")
        return value

    def validate(self, attrs: Any) -> Any:
        """There has to be something to go by."""
        if "current_conditions" not in attrs and not attrs.get("session_id"):
            raise serializers.ValidationError(
                {"current_conditions": ["Say how you are today, or name a planned session."]}
            )
        return super().validate(attrs)
