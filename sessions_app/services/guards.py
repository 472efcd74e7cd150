"""What every change of a session begins with: the row, locked, and unchanged since the climber looked at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Model

from climbiq.accounts.models import User
from sessions_app.models import Session
from sessions_app.selectors import SessionNotFound, version_of
from sessions_app.selectors.climbers import HOLD_DIARY, diary_key

__all__ = ["ChangedElsewhere", "changed_columns", "hold_diary", "is_stale", "lock_session", "touch"]

_SMALLEST_STEP: Final = timedelta(microseconds=1)


class ChangedElsewhere(RuntimeError):
    """The session was changed after the climber opened the form, in another tab or on another device."""

    def __init__(self) -> None:
        super().__init__("This session was changed in the meantime, in another tab or on another device.")


def hold_diary(user_id: UUID) -> None:
    """Let nobody else change this climber's sessions until the transaction ends.

    What is derived in one session depends on all the others. Every change takes this first and rows after it, so that
    no two wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {HOLD_DIARY}", [diary_key(user_id)])  # a constant of ours


def lock_session(*, by: User, session_id: UUID) -> Session:
    """Read one of the climber's own sessions and hold it, and their diary, until the transaction ends."""
    hold_diary(by.pk)
    session = Session.objects.select_for_update().filter(pk=session_id, user_id=by.pk).first()
    if session is None:
        raise SessionNotFound(str(session_id))
    return session


def is_stale(session: Session, version: str | None) -> bool:
    """Whether an edit was begun on another version than the one in the table."""
    return version is not None and version != version_of(session.updated_at)


def changed_columns(row: Model, columns: dict[str, Any]) -> dict[str, Any]:
    """The columns whose value would change."""
    return {name: value for name, value in columns.items() if _plain(getattr(row, name)) != value}


def touch(session: Session, *, now: datetime, **columns: Any) -> None:
    """Write columns of the session and give it a new version, even within one tick of the clock."""
    session.updated_at = max(now, session.updated_at + _SMALLEST_STEP) if session.updated_at else now
    for name, value in columns.items():
        setattr(session, name, value)
    session.save(update_fields=["updated_at", *columns])


def _plain(stored: Any) -> Any:
    return float(stored) if isinstance(stored, Decimal) else stored
