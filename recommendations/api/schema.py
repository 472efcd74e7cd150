"""What recommendations look like in the OpenAPI document: a stream of events, or one object."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from climbiq.common.openapi import OpenApiResponse, one_of_many
from recommendations.api.payloads import (
    PAYLOADS,
    MetaSerializer,
    PredictionSerializer,
    RuleAdjustmentsSerializer,
    RuleOverrideSerializer,
    RuleTraceSerializer,
    StatsSerializer,
    WordedRecommendationsSerializer,
)


def _frame(event: str) -> type[serializers.Serializer[object]]:
    """One event as it is sent: a frame's three fields."""
    fields: dict[str, Any] = {
        "__doc__": f"A frame of the stream: `event: {event}`, and `data`, one line of JSON.",
        "id": serializers.CharField(help_text="<recommendation>:<number>, for Last-Event-ID."),
        "event": serializers.ChoiceField(choices=[event]),
        "data": PAYLOADS[event](),
    }
    name = "".join(word.title() for word in event.split("_"))
    return type(f"{name}EventSerializer", (serializers.Serializer,), fields)


EVENT_STREAM: Final = OpenApiResponse(
    response=one_of_many("RecommendationEvent", {event: _frame(event) for event in PAYLOADS}, by="event"),
    description="Server-sent events, in order; the schema lists their frames, `data` read as the JSON that it is. "
    "`meta`, `rule_trace`, then `rule_override` and `done`, or `rule_adjustments` (if any), `prediction`, "
    "`recommendations`, `stats`, per tip `nlg_start`, `nlg_chunk` …, `nlg_complete`, and `done`. `error` carries a "
    "problem object and is followed by `done`. An `nlg_start` with `restart: true` takes back that tip's text. "
    "`notices` in `rule_override` and `recommendations` are warnings to show above everything. "
    "Every number is final before the first word.",
)


class RecommendationSerializer(serializers.Serializer[object]):
    """One recommendation: the payloads of its events by name, and each tip with its words."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    session_id = serializers.UUIDField(allow_null=True)
    is_done = serializers.BooleanField()
    events_url = serializers.CharField()
    meta = MetaSerializer()
    rule_trace = RuleTraceSerializer()
    rule_override = RuleOverrideSerializer(allow_null=True)
    rule_adjustments = RuleAdjustmentsSerializer(allow_null=True)
    prediction = PredictionSerializer(allow_null=True)
    recommendations = WordedRecommendationsSerializer(allow_null=True)
    stats = StatsSerializer(allow_null=True)
    notices = serializers.ListField(
        child=serializers.CharField(),
        help_text="Warnings in plain words: a planned dose above the most that counts as safe. Show them first.",
    )
    nothing_to_change = serializers.CharField(allow_null=True)
