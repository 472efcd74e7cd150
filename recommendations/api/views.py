"""Recommendations over HTTP: as a stream of events, or as one object."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import HEADER, refuse_bad_key
from climbiq.common.openapi import OpenApiParameter, OpenApiResponse, documented
from climbiq.common.parsers import body_of
from climbiq.common.problems import Conflict, Unavailable
from climbiq.common.streams import EventStreamRenderer, sse_response
from experts.selectors import NoPriors
from recommendations.api.schema import EVENT_STREAM, RecommendationSerializer
from recommendations.api.serializers import PreSessionRequestSerializer
from recommendations.selectors import RecommendationNotFound, Shown, shown
from recommendations.services.recommend import Asked, SessionIsOver, make_recommendation
from recommendations.services.telling import tell_now
from recommendations.streaming.reader import BadEventId, parse_event_id, read_events
from sessions_app.selectors import SessionNotFound

LAST_EVENT_ID = "Last-Event-ID"


class StreamingView(APIView):
    """Answers as a stream unless JSON is what the client asks for."""

    renderer_classes = [EventStreamRenderer, JSONRenderer]
    throttle_scope = "recommendations"

    @property
    def wants_object(self) -> bool:
        """Whether one JSON object was asked for."""
        renderer = self.request.accepted_renderer
        return isinstance(renderer, JSONRenderer) and not isinstance(renderer, EventStreamRenderer)


class PreSessionRecommendationView(StreamingView):
    """`POST …/recommendations/pre-session`."""

    @documented(
        request=PreSessionRequestSerializer,
        parameters=[
            OpenApiParameter(
                name=HEADER,
                location=OpenApiParameter.HEADER,
                required=False,
                description="A key of your own making. The same key with the same body is the same recommendation, "
                "for good: its stream is joined or replayed, and nothing is made or paid for twice.",
            )
        ],
        responses={
            (200, "text/event-stream"): EVENT_STREAM,
            (200, "application/json"): OpenApiResponse(RecommendationSerializer),
            (201, "application/json"): OpenApiResponse(RecommendationSerializer),
        },
        summary="Recommend before a session",
        description="Rules first, then the model, then words. Streams events; with `Accept: application/json` "
        "answers one object, worded from templates: 201, or 200 where the key had made it already.",
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Make a recommendation and stream it."""
        serializer = PreSessionRequestSerializer(data=body_of(request), context={"request": request})
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        user = person_of(request)
        asked = Asked(
            conditions=given.get("current_conditions"),
            session_id=given.get("session_id"),
            own_forecast=given.get("own_forecast"),
            idempotency_key=_idempotency_key(request),
        )
        try:
            made = make_recommendation(by=user, asked=asked, now=timezone.now(), tells=not self.wants_object)
        except NoPriors as missing:
            raise Unavailable(str(missing)) from missing
        except SessionNotFound:
            raise ValidationError({"session_id": ["You have no such session."]}) from None
        except SessionIsOver as over:
            raise Conflict(str(over)) from over
        if not self.wants_object:
            events = read_events(
                recommendation_id=made.recommendation_id,
                user_id=user.pk,
                lease=made.lease,
                first=made.events if made.is_new else (),
            )
            return sse_response(events, user_id=user.pk)
        return Response(
            _as_object(user, made.recommendation_id),
            status=201 if made.is_new else 200,
            headers={"Location": reverse("api_recommendation", args=[made.recommendation_id])},
        )


class RecommendationView(APIView):
    """One recommendation as an object."""

    @documented(responses=RecommendationSerializer, summary="A recommendation")
    def get(self, request: Request, recommendation_id: UUID) -> Response:
        """Everything that was shown, and the words so far."""
        return Response(_object(_shown(person_of(request), recommendation_id)))


class RecommendationEventsView(StreamingView):
    """`GET …/{id}/events`: from the beginning, or from where the client was cut off."""

    throttle_scope = ""

    @documented(
        parameters=[
            OpenApiParameter(
                name=LAST_EVENT_ID,
                location=OpenApiParameter.HEADER,
                description="The `id` of the last event that arrived; what comes after it is sent.",
            ),
            OpenApiParameter(
                name="after", type=int, description="The same as a number, for a first connection."
            ),
        ],
        responses={(200, "text/event-stream"): EVENT_STREAM, 204: None},
        summary="A recommendation's events",
    )
    def get(self, request: Request, recommendation_id: UUID) -> HttpResponseBase:
        """Replay and follow; 204 when everything had arrived, which ends an EventSource."""
        user = person_of(request)
        found = _shown(user, recommendation_id)
        text = request.headers.get(LAST_EVENT_ID) or request.query_params.get("after") or "0"
        try:
            after = parse_event_id(text, recommendation_id=recommendation_id)
        except BadEventId as bad:
            raise ValidationError({LAST_EVENT_ID: [str(bad)]}) from bad
        if found.is_done and after >= found.last_seq:
            return HttpResponse(status=204)
        events = read_events(recommendation_id=recommendation_id, user_id=user.pk, after=after)
        return sse_response(events, user_id=user.pk)


def _as_object(user: User, recommendation_id: UUID) -> dict[str, Any]:
    tell_now(user_id=user.pk, recommendation_id=recommendation_id)
    return _object(_shown(user, recommendation_id))


def _object(found: Shown) -> dict[str, Any]:
    key = found.recommendation.pk
    names = ("meta", "rule_trace", "rule_override", "rule_adjustments", "prediction", "stats")
    return {
        "id": str(key),
        "created_at": found.recommendation.created_at,
        "session_id": found.recommendation.session_id,
        "is_done": found.is_done,
        "events_url": reverse("api_recommendation_events", args=[key]),
        **{name: found.payloads.get(name) for name in names},
        "recommendations": {**found.payloads["recommendations"], "items": found.tips}
        if "recommendations" in found.payloads
        else None,
        "notices": found.notices,
        "nothing_to_change": found.texts.get(0, {}).get("text") if not found.tips else None,
    }


def _shown(user: User, recommendation_id: UUID) -> Shown:
    try:
        return shown(user_id=user.pk, recommendation_id=recommendation_id)
    except RecommendationNotFound:
        raise NotFound from None


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    refuse_bad_key(key)
    return f"api-{key}"
