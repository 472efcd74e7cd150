"""What recommendations look like in the OpenAPI document."""

from __future__ import annotations

from typing import Final

from rest_framework import serializers

from climbiq.common.openapi import OpenApiResponse

EVENT_STREAM: Final = OpenApiResponse(
    response={"type": "string"},
    description="Server-sent events, each with `id: <recommendation>:<number>` and one line of JSON, in order: "
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
    meta = serializers.DictField()
    rule_trace = serializers.DictField()
    rule_override = serializers.DictField(allow_null=True)
    rule_adjustments = serializers.DictField(allow_null=True)
    prediction = serializers.DictField(allow_null=True)
    recommendations = serializers.DictField(allow_null=True)
    stats = serializers.DictField(allow_null=True)
    notices = serializers.ListField(
        child=serializers.CharField(),
        help_text="Warnings in plain words: a planned dose above the most that counts as safe. Show them first.",
    )
    nothing_to_change = serializers.CharField(allow_null=True)
