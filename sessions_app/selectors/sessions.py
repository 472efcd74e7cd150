"""Sessions of one climber."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from sessions_app.domain.records import SessionRecord
from sessions_app.models import PreSessionData
from sessions_app.selectors.rows import record_of, rows_of

__all__ = ["SessionNotFound", "history_of", "records_by_id", "session_of", "whole_history_of"]

HISTORY_LIMIT: Final = 200


class SessionNotFound(LookupError):
    """The climber has no session of that key."""


def history_of(
    *,
    user_id: UUID,
    limit: int = HISTORY_LIMIT,
    before: date | None = None,
    exclude: UUID | None = None,
) -> tuple[SessionRecord, ...]:
    """Read a climber's sessions of any status, latest first, in one query.

    Parameters
    ----------
    before : date or None
        Only sessions up to and including that day.
    exclude : UUID or None
        Without this one: the session that is being decided on.
    """
    rows = rows_of().filter(user_id=user_id)
    if before is not None:
        rows = rows.filter(session_date__lte=before)
    if exclude is not None:
        rows = rows.exclude(pk=exclude)
    return tuple(map(record_of, rows[:limit]))


def whole_history_of(*, user_id: UUID) -> tuple[SessionRecord, ...]:
    """Read every session of a climber, the first one first."""
    return tuple(map(record_of, rows_of().filter(user_id=user_id).reverse()))


def records_by_id(*, user_id: UUID, session_ids: Iterable[UUID]) -> dict[UUID, SessionRecord]:
    """Read some of a climber's sessions."""
    rows = rows_of().filter(user_id=user_id, pk__in=list(session_ids))
    return {record.id: record for record in map(record_of, rows)}


def session_of(*, user_id: UUID, session_id: UUID) -> SessionRecord:
    """Read one session of the climber's own, with all that was advised before it.

    Raises
    ------
    SessionNotFound
        There is none of that key, or it is somebody else's.
    """
    row = rows_of().filter(user_id=user_id, pk=session_id).first()
    if row is None:
        raise SessionNotFound(str(session_id))
    record = record_of(row)
    if record.recommendations_shown is None:
        return record
    try:
        shown = PreSessionData.objects.values_list("recommendations_shown", flat=True).get(
            session_id=session_id
        )
    except PreSessionData.DoesNotExist:  # deleted between the two queries
        raise SessionNotFound(str(session_id)) from None
    return replace(record, recommendations_shown=shown)
