"""Sessions over HTTP: list, plan, change, skip, delete and take that back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import documented
from climbiq.common.pagination import NewestFirst, read_query
from climbiq.common.parsers import body_of
from sessions_app.api.faults import told_in_http
from sessions_app.api.representations import session_as_json
from sessions_app.api.serializers import (
    DeletedSerializer,
    SessionChangeSerializer,
    SessionCreateSerializer,
    SessionListQuery,
    SessionSerializer,
)
from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.records import SessionRecord
from sessions_app.models import Session
from sessions_app.selectors import records_by_id, session_of
from sessions_app.services.logs import reopen, skip_session
from sessions_app.services.plans import change_circumstances, plan_session
from sessions_app.services.starts import start_session
from sessions_app.services.undo import delete_session, restore_session


class LatestDayFirst(NewestFirst):
    """Sessions by their day."""

    ordering = ("-session_date", "-created_at", "-id")


class SessionsView(APIView):
    """`sessions/`."""

    pagination_class = LatestDayFirst

    @documented(
        operation_id="sessions_list",
        summary="List sessions",
        parameters=[SessionListQuery],
        responses=SessionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One's own sessions, latest first, a page at a time."""
        wanted = read_query(request, SessionListQuery)
        paginator = LatestDayFirst()
        rows = paginator.paginate_queryset(_found(person_of(request), wanted), request, self) or []
        records = records_by_id(user_id=person_of(request).pk, session_ids=[row.pk for row in rows])
        # What was deleted between the two queries is left out.
        found = [records[row.pk] for row in rows if row.pk in records]
        return paginator.get_paginated_response([session_as_json(record) for record in found])

    @documented(
        operation_id="sessions_plan",
        summary="Plan a session",
        request=SessionCreateSerializer,
        responses={201: SessionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Plan a session, with its pre-session form if that is known already."""
        serializer = SessionCreateSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        values = given.pop("pre_session", None)
        with told_in_http():
            session = plan_session(
                by=person_of(request), values=values, circumstances=Circumstances(**given), now=timezone.now()
            )
        return created(session)


class SessionView(APIView):
    """`sessions/{id}`."""

    @documented(operation_id="session_read", summary="Read a session", responses=SessionSerializer)
    def get(self, request: Request, session_id: UUID) -> Response:
        """One session with both its forms."""
        return Response(session_as_json(own(request, session_id)))

    @documented(
        operation_id="session_change",
        summary="Change when and where",
        request=SessionChangeSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def patch(self, request: Request, session_id: UUID) -> Response:
        """Change day, times or place; what is not given stays."""
        own(request, session_id)
        serializer = SessionChangeSerializer(data=body_of(request), partial=True)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        version = given.pop("version", None)
        with told_in_http():
            session = change_circumstances(
                by=person_of(request),
                session_id=session_id,
                moves=given,
                now=timezone.now(),
                version=version,
            )
        return Response(session_as_json(session))

    @documented(
        operation_id="session_delete",
        summary="Delete a session",
        responses={200: DeletedSerializer},
        description="Deletes at once and for good; the answer holds the only copy, signed, to take it back with.",
    )
    @idempotent
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Delete, and hand out the way back."""
        with told_in_http():
            undo = delete_session(by=person_of(request), session_id=session_id, now=timezone.now())
        return Response({"undo": undo})


class StartView(APIView):
    """`sessions/{id}/start`."""

    @documented(
        operation_id="session_start", summary="Start a session", request=None, responses=SessionSerializer
    )
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        """Begin a session that is planned for today; it ends by its post-session form."""
        with told_in_http():
            session = start_session(by=person_of(request), session_id=session_id, now=timezone.now())
        return Response(session_as_json(session))


class SkipView(APIView):
    """`sessions/{id}/skip`."""

    @documented(operation_id="session_skip", summary="Skip", request=None, responses=SessionSerializer)
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        """Say that it did not take place."""
        with told_in_http():
            session = skip_session(by=person_of(request), session_id=session_id, now=timezone.now())
        return Response(session_as_json(session))


class ReopenView(APIView):
    """`sessions/{id}/reopen`."""

    @documented(
        operation_id="session_reopen",
        summary="Un-skip or un-start",
        request=None,
        responses=SessionSerializer,
    )
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        """Take a skip or a start back: the session is planned again."""
        with told_in_http():
            session = reopen(by=person_of(request), session_id=session_id, now=timezone.now())
        return Response(session_as_json(session))


class RestoreView(APIView):
    """`sessions/{id}/restore`."""

    @documented(
        operation_id="session_restore",
        summary="Undo a deletion",
        request=DeletedSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        """Write a deleted session back."""
        serializer = DeletedSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        with told_in_http():
            session = restore_session(
                by=person_of(request),
                session_id=session_id,
                undo=serializer.validated_data["undo"],
                now=timezone.now(),
            )
        return Response(session_as_json(session))


def own(request: Request, session_id: UUID) -> SessionRecord:
    """One of the climber's own sessions; another's is not found."""
    with told_in_http():
        return session_of(user_id=person_of(request).pk, session_id=session_id)


def created(session: SessionRecord) -> Response:
    """201, with the session's address."""
    address = reverse("api_session", args=[session.id])
    return Response(session_as_json(session), status=201, headers={"Location": address})


def _found(by: User, wanted: dict[str, Any]) -> QuerySet[Session]:
    sessions = Session.objects.filter(user_id=by.pk)
    if "status" in wanted:
        sessions = sessions.filter(status=wanted["status"])
    if "since" in wanted:
        sessions = sessions.filter(session_date__gte=wanted["since"])
    if "until" in wanted:
        sessions = sessions.filter(session_date__lte=wanted["until"])
    return sessions
