"""The two forms of a session over HTTP, below the session and, as the specification has them, by themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import documented
from climbiq.common.parsers import body_of
from climbiq.domain.zones import zone_of
from sessions_app.api.faults import told_in_http
from sessions_app.api.representations import post_session_as_json, pre_session_as_json, session_as_json
from sessions_app.api.serializers import (
    PostSessionChangeSerializer,
    PostSessionSerializer,
    PostSessionShortcutSerializer,
    PreSessionChangeSerializer,
    PreSessionSerializer,
    PreSessionShortcutSerializer,
    SessionSerializer,
)
from sessions_app.api.sessions import created, own
from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.days import local_day
from sessions_app.services.logs import save_post_session
from sessions_app.services.plans import plan_session, save_pre_session


class PreSessionView(APIView):
    """`sessions/{id}/pre-session`."""

    @documented(
        operation_id="pre_session_read", summary="Read the pre-session form", responses=PreSessionSerializer
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """The form, or 404 before there is one."""
        return _form_or_missing(pre_session_as_json(own(request, session_id)))

    @documented(
        operation_id="pre_session_write",
        summary="Write the pre-session form",
        request=PreSessionChangeSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def put(self, request: Request, session_id: UUID) -> Response:
        """Write the whole form: what is not given is not said."""
        return self._save(request, session_id, replace=True)

    @documented(
        operation_id="pre_session_change",
        summary="Change the pre-session form",
        request=PreSessionChangeSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def patch(self, request: Request, session_id: UUID) -> Response:
        """Write what is given; the rest stays."""
        return self._save(request, session_id, replace=False)

    def _save(self, request: Request, session_id: UUID, *, replace: bool) -> Response:
        own(request, session_id)
        given = _given(PreSessionChangeSerializer(data=body_of(request), partial=not replace))
        with told_in_http():
            session = save_pre_session(
                by=person_of(request),
                session_id=session_id,
                version=given.pop("version", None),
                values=given,
                now=timezone.now(),
                replace=replace,
            )
        return Response(session_as_json(session))


class PostSessionView(APIView):
    """`sessions/{id}/post-session`."""

    @documented(
        operation_id="post_session_read",
        summary="Read the post-session form",
        responses=PostSessionSerializer,
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """The form, or 404 before there is one."""
        return _form_or_missing(post_session_as_json(own(request, session_id)))

    @documented(
        operation_id="post_session_log",
        summary="Log a session",
        request=PostSessionChangeSerializer,
        responses={201: SessionSerializer},
    )
    @idempotent
    def post(self, request: Request, session_id: UUID) -> Response:
        """Log it for the first time; 409 where it is logged already."""
        return self._save(request, session_id, status=201, only_first=True)

    @documented(
        operation_id="post_session_write",
        summary="Write the post-session form",
        request=PostSessionChangeSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def put(self, request: Request, session_id: UUID) -> Response:
        """Write the whole form: what is not given is not said."""
        return self._save(request, session_id, replace=True)

    @documented(
        operation_id="post_session_change",
        summary="Change the post-session form",
        request=PostSessionChangeSerializer,
        responses=SessionSerializer,
    )
    @idempotent
    def patch(self, request: Request, session_id: UUID) -> Response:
        """Write what is given; the rest stays."""
        return self._save(request, session_id, partial=True)

    def _save(
        self,
        request: Request,
        session_id: UUID,
        *,
        status: int = 200,
        partial: bool = False,
        replace: bool = False,
        only_first: bool = False,
    ) -> Response:
        own(request, session_id)
        given = _given(PostSessionChangeSerializer(data=body_of(request), partial=partial))
        with told_in_http():
            session = save_post_session(
                by=person_of(request),
                session_id=session_id,
                version=given.pop("version", None),
                moves=_moves(given),
                values=given,
                now=timezone.now(),
                only_first=only_first,
                replace=replace,
            )
        return Response(session_as_json(session), status=status)


class PreSessionShortcutView(APIView):
    """`sessions/pre-session`."""

    @documented(
        operation_id="pre_session_submit",
        summary="Submit a pre-session form",
        request=PreSessionShortcutSerializer,
        responses={201: SessionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Write the form of the session named, or plan one for today with it."""
        by, now = person_of(request), timezone.now()
        given = _given(PreSessionShortcutSerializer(data=body_of(request)))
        session_id = given.pop("session_id", None)
        if session_id is not None:
            with told_in_http(missing="session_id"):
                session = save_pre_session(by=by, session_id=session_id, values=given, now=now)
            return created(session)
        where = {name: given.pop(name) for name in ("started_at", "location_type") if name in given}
        today = local_day(now=where.get("started_at") or now, zone=zone_of(by.time_zone))
        circumstances = Circumstances(session_date=given.pop("session_date", today), **where)
        with told_in_http():
            session = plan_session(by=by, values=given, circumstances=circumstances, now=now)
        return created(session)


class PostSessionShortcutView(APIView):
    """`sessions/post-session`."""

    @documented(
        operation_id="post_session_submit",
        summary="Submit a post-session form",
        request=PostSessionShortcutSerializer,
        responses={201: SessionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Log the session named; 409 where it is logged already."""
        given = _given(PostSessionShortcutSerializer(data=body_of(request)))
        with told_in_http(missing="session_id"):
            session = save_post_session(
                by=person_of(request),
                session_id=given.pop("session_id"),
                moves=_moves(given),
                values=given,
                now=timezone.now(),
                only_first=True,
            )
        return created(session)


def _given(serializer: Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _moves(given: dict[str, Any]) -> dict[str, Any]:
    """Take what belongs to the session itself out of its post-session form."""
    return {name: given.pop(name) for name in ("ended_at",) if name in given}


def _form_or_missing(form: dict[str, Any] | None) -> Response:
    if form is None:
        raise NotFound("This session has no such form yet.")
    return Response(form)
