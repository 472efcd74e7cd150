"""The session begins: from here on it runs, until it is logged, or the start is taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.records import SessionRecord
from sessions_app.models import Session
from sessions_app.selectors import session_of
from sessions_app.services.derive import derive_anew
from sessions_app.services.guards import lock_session, touch

__all__ = ["NotStartable", "start_session", "taken_back"]


class NotStartable(RuntimeError):
    """Only what is planned can begin."""

    def __init__(self, status: str) -> None:
        super().__init__(
            "This session was skipped. Say first that it is on again."
            if status == "skipped"
            else "This session is logged already: it cannot begin again."
        )


def start_session(*, by: User, session_id: UUID, now: datetime) -> SessionRecord:
    """Begin a planned session now. One that runs stays as it began; a planned start is kept beside the real one.

    Raises
    ------
    SessionNotFound
    NotStartable
        It is logged, or skipped.
    BadValues
        It is planned for another day, or has ended.
    """
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        if session.status == "in_progress":
            return session_of(user_id=by.pk, session_id=session.pk)
        if session.status in {"completed", "skipped"}:
            raise NotStartable(session.status)
        if session.session_date != local_day(now=now, zone=zone_of(by.time_zone)):
            message = "This session is planned for another day. Change its date to start it now."
            raise BadValues({"session_date": message})
        if session.ended_at is not None:
            message = "This session has an end already. Log it, or clear its end to start it now."
            raise BadValues({"ended_at": message})
        touch(
            session,
            now=now,
            status="in_progress",
            started_at=now,
            planned_start_at=session.started_at,
        )
        derive_anew(by=by, days=[session.session_date], now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def taken_back(session: Session, *, by: User) -> dict[str, Any]:
    """The columns of a session whose start was a slip; none where it does not run.

    A start that was planned for another day than the session has by now is not planned any more.
    """
    if session.status != "in_progress":
        return {}
    planned = session.planned_start_at
    if planned is not None and local_day(now=planned, zone=zone_of(by.time_zone)) != session.session_date:
        planned = None
    # An end is after the real start, not after the planned one, which may still be ahead.
    return {"started_at": planned, "ended_at": None, "planned_start_at": None}
