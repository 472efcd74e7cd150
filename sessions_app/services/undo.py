"""Delete a session, and take it back for half an hour.

The rows are gone at once, for every reader and every plain SQL query; nothing has to remember to leave out what is
marked as deleted, and what a climber deletes is no longer kept. The undo is a signed copy that only the climber's
own page holds; it is good for one deletion, so that what was said since cannot be unsaid with an older one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.core import serializers, signing
from django.db import IntegrityError, connection, transaction

from climbiq.accounts.models import User
from sessions_app.domain.records import SessionRecord
from sessions_app.models import DeletedSession, Gym, PostSessionData, PreSessionData, Session
from sessions_app.selectors import session_of
from sessions_app.services.derive import derive_anew
from sessions_app.services.guards import hold_diary, lock_session

__all__ = ["UNDO_FOR", "CannotUndo", "delete_session", "restore_session"]

UNDO_FOR: Final = timedelta(minutes=30)
_SALT: Final = "sessions_app.undo"


class CannotUndo(RuntimeError):
    """The copy is too old, was altered or used, belongs to somebody else, or the session is back already."""


def delete_session(*, by: User, session_id: UUID, now: datetime) -> str:
    """Delete a session with both its forms; the signed copy that :func:`restore_session` takes.

    Raises
    ------
    SessionNotFound
    """
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        forms = [
            *PreSessionData.objects.filter(session_id=session.pk),
            *PostSessionData.objects.filter(session_id=session.pk),
        ]
        # Not the "json" format: it cuts times to milliseconds.
        rows = serializers.serialize("python", [session, *forms])
        advice = _advice_for(session)
        session.delete()
        mark = secrets.token_urlsafe(9)
        DeletedSession.objects.update_or_create(
            session_id=session_id, defaults={"user": by, "copy": mark, "deleted_at": now}
        )
        derive_anew(by=by, days=[session.session_date], now=now)
    snapshot = {
        "user": str(by.pk),
        "at": now.timestamp(),
        "mark": mark,
        "rows": json.dumps(rows, default=str),
        "advice": advice,
    }
    return signing.dumps(snapshot, salt=_SALT, compress=True)


def restore_session(*, by: User, session_id: UUID, undo: str, now: datetime) -> SessionRecord:
    """Write a deleted session back as it was, under its own key.

    Raises
    ------
    CannotUndo
    """
    try:
        copy: dict[str, Any] = signing.loads(undo, salt=_SALT)
    except signing.BadSignature:
        raise CannotUndo("This cannot be undone: the copy is damaged.") from None
    if copy["user"] != str(by.pk):
        raise CannotUndo("This session was not yours.")
    if now.timestamp() - copy["at"] > UNDO_FOR.total_seconds():
        raise CannotUndo("It is too late to undo this.")
    rows = [
        deserialised.object for deserialised in serializers.deserialize("python", json.loads(copy["rows"]))
    ]
    if rows[0].pk != session_id:
        raise CannotUndo("This copy is of another session.")
    if Session.objects.filter(pk=rows[0].pk).exists():
        return session_of(user_id=by.pk, session_id=rows[0].pk)
    try:
        with transaction.atomic():
            hold_diary(by.pk)
            _use_up(copy, by=by, session_id=session_id)
            session = cast("Session", rows[0])
            if session.gym_id and not Gym.objects.filter(pk=session.gym_id).exists():
                session.gym_id = None  # tidied away meanwhile
            session.save(force_insert=True)
            _tie_advice(session_id, copy["advice"])
            for form in rows[1:]:  # after it: a form that knows of no advice takes up what is tied
                form.save(force_insert=True)
            back = session_of(user_id=by.pk, session_id=session_id)
            derive_anew(by=by, days=[back.session_date], now=now)
    except IntegrityError:
        raise CannotUndo("This session is in your diary again already.") from None
    return session_of(user_id=by.pk, session_id=rows[0].pk)


def _use_up(copy: Mapping[str, Any], *, by: User, session_id: UUID) -> None:
    """Let this copy undo no deletion but its own."""
    deletion = DeletedSession.objects.filter(
        session_id=session_id, user_id=by.pk, copy=str(copy.get("mark", ""))
    )
    if not deletion.delete()[0]:
        raise CannotUndo("This copy is of an earlier deletion: the session was brought back since.")


def _advice_for(session: Session) -> dict[str, Any]:
    """The keys of what was advised for it, with the climber's own words in each.

    Advice outlives the session, and forgets which one it was for and those words.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, app.own_words(conditions, evidence)::text FROM recommendations"
            " WHERE session_id = %s AND user_id = %s ORDER BY created_at",
            [session.pk, session.user_id],
        )
        return {key: json.loads(words) for key, words in cursor.fetchall()}


def _tie_advice(session_id: UUID, words: Mapping[str, Any]) -> None:
    """The database ties only whoever's own advice, and only to their own session."""
    if words:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.tie_advice(%s, %s::uuid[])", [session_id, list(words)])
            cursor.execute("SELECT app.give_words_back(%s::jsonb)", [json.dumps(words)])
