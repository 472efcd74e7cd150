"""The climber's recommendations, to find an earlier one again."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.openapi import documented
from climbiq.common.pagination import NewestFirst, read_query
from climbiq.common.serializers import StrictSerializer
from recommendations.models import Recommendation
from recommendations.selectors import recommendations_of


class RecommendationListQuery(StrictSerializer):
    """Which recommendations to list."""

    session_id = serializers.UUIDField(required=False, help_text="Only those for this session.")


class RecommendationInListSerializer(serializers.Serializer[object]):
    """One line of the list; `url` has all of it."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    session_id = serializers.UUIDField(allow_null=True)
    is_done = serializers.BooleanField(help_text="Whether all its words are written.")
    is_overridden = serializers.BooleanField(help_text="Whether a coach's rule spoke instead of the model.")
    expected_quality = serializers.FloatField(allow_null=True, help_text="Null where a rule spoke.")
    own_forecast = serializers.FloatField(allow_null=True)


class RecommendationsView(APIView):
    """`recommendations/`."""

    pagination_class = NewestFirst

    @documented(
        operation_id="recommendations_list",
        summary="List recommendations",
        parameters=[RecommendationListQuery],
        responses=RecommendationInListSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One's own recommendations, newest first, a page at a time."""
        wanted = read_query(request, RecommendationListQuery)
        found = recommendations_of(user_id=person_of(request).pk, **wanted)
        paginator = NewestFirst()
        rows = paginator.paginate_queryset(found, request, self) or []
        return paginator.get_paginated_response([_line(row) for row in rows])


def _line(row: Recommendation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": reverse("api_recommendation", args=[row.pk]),
        "created_at": row.created_at,
        "session_id": row.session_id,
        "is_done": row.is_done,
        "is_overridden": row.is_overridden,
        "expected_quality": row.shown_quality,
        "own_forecast": row.own_forecast,
    }
