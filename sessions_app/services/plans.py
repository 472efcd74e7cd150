"""Before a session: plan it, change the plan, say how one arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues, parse_values
from climbiq.domain.variables import ALIASES, in_room
from climbiq.domain.zones import zone_of
from sessions_app.domain.circumstances import Circumstances, check_circumstances
from sessions_app.domain.columns import PLANNED_COLUMNS
from sessions_app.domain.derived import DERIVED, derived_conditions
from sessions_app.domain.records import SessionRecord
from sessions_app.models import Gym, PreSessionData, Session
from sessions_app.selectors import history_of, session_of
from sessions_app.services.guards import ChangedElsewhere, changed_columns, is_stale, lock_session, touch

__all__ = ["change_circumstances", "plan_session", "save_pre_session"]


def plan_session(
    *,
    by: User,
    values: Mapping[str, object] | None,
    circumstances: Circumstances,
    now: datetime,
    request_key: str | None = None,
    form_seconds: int | None = None,
) -> SessionRecord:
    """Plan a session, with its pre-session form unless `values` is None.

    Parameters
    ----------
    by : User
        Whose session it is.
    values : mapping or None
        Registry names or columns → as typed or as stored. What is not given is derived where it can be: days since
        the last and the last hard session, time of day. None as a value stays "not said"; caffeine that is not
        given at all is 0, the table's default.
    now : datetime
        With its zone.
    request_key : str or None
        One key, one session: a form submitted twice at once makes one row, and a second submission with other
        answers corrects it.
    form_seconds : int or None
        How long filling the form in took.

    Raises
    ------
    BadValues
        With a sentence for every field that cannot be stored.
    """
    answers = None if values is None else parse_values(in_room("pre_session"), values)
    zone = zone_of(by.time_zone)
    check_circumstances(given=circumstances, now=now, zone=zone, is_done=False)
    _check_gym(circumstances.gym_id)
    with transaction.atomic():
        session, is_new = _insert_once(by, circumstances, now=now, request_key=request_key)
        if answers is not None and is_new:
            answers = _with_derived(by, answers, circumstances, now=now, exclude=session.pk)
            _create(by, session, answers, form_seconds=form_seconds)
        elif _is_touched(by, session):
            # The same form once more, long after: what was changed or logged since then stands.
            return session_of(user_id=by.pk, session_id=session.pk)
        elif answers is not None:
            save_pre_session(
                by=by, session_id=session.pk, values=answers, moves=asdict(circumstances), now=now
            )
        elif not is_new:
            change_circumstances(by=by, session_id=session.pk, moves=asdict(circumstances), now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def _is_touched(by: User, session: Session) -> bool:
    row = lock_session(by=by, session_id=session.pk)
    return row.status != "planned" or row.updated_at != row.created_at


def save_pre_session(
    *,
    by: User,
    session_id: UUID,
    values: Mapping[str, object],
    now: datetime,
    moves: Mapping[str, Any] | None = None,
    version: str | None = None,
    replace: bool = False,
    form_seconds: int | None = None,
) -> SessionRecord:
    """Write the pre-session form of a session that exists.

    Parameters
    ----------
    moves : mapping or None
        What changes of when and where, as :func:`change_circumstances` takes it.
    version : str or None
        The session's version that the climber saw; None takes the risk.
    replace : bool
        What is not given becomes "not said" (or the table's default), instead of staying as it was.
    form_seconds : int or None
        How long filling the form in took; kept the first time.

    Raises
    ------
    SessionNotFound, BadValues
    ChangedElsewhere
        The session has another version by now, and says something else than this.
    """
    answers = parse_values(in_room("pre_session"), values)
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        where, moved = _moved(by, session, moves or {}, now=now)
        row = PreSessionData.objects.filter(session_id=session.pk).first()
        if row is None:
            if is_stale(session, version):
                raise ChangedElsewhere
            answers = _with_derived(by, answers, where, now=now, exclude=session.pk)
            _create(by, session, answers, form_seconds=form_seconds)
        else:
            if replace:
                answers = {**dict.fromkeys(PLANNED_COLUMNS), "caffeine_mg": 0, **answers}
            changes = changed_columns(row, _columns(answers))
            if not changes and not moved:
                return session_of(user_id=by.pk, session_id=session.pk)
            if is_stale(session, version):
                raise ChangedElsewhere
            for name, value in changes.items():
                setattr(row, name, value)
            row.save(update_fields=list(changes))
        touch(session, now=now, **moved)
        return session_of(user_id=by.pk, session_id=session.pk)


def change_circumstances(
    *,
    by: User,
    session_id: UUID,
    moves: Mapping[str, Any],
    now: datetime,
    version: str | None = None,
) -> SessionRecord:
    """Change when and where a session takes place.

    Parameters
    ----------
    moves : mapping
        Name of a field of :class:`Circumstances` → its new value. What is not given stays as it is in the row once
        that is locked, so that two who change different things at once both do.

    Raises
    ------
    SessionNotFound, BadValues, ChangedElsewhere
    """
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        _, moved = _moved(by, session, moves, now=now)
        if moved:
            if is_stale(session, version):
                raise ChangedElsewhere
            touch(session, now=now, **moved)
        return session_of(user_id=by.pk, session_id=session.pk)


def _moved(
    by: User, session: Session, moves: Mapping[str, Any], *, now: datetime
) -> tuple[Circumstances, dict[str, Any]]:
    """When and where a locked session now is, and the columns that change; refused where that cannot be."""
    stored = {field.name: getattr(session, field.name) for field in fields(Circumstances)}
    where = Circumstances(**{**stored, **moves})
    if moves:
        is_done = session.status in {"completed", "in_progress"}
        check_circumstances(given=where, now=now, zone=zone_of(by.time_zone), is_done=is_done)
        _check_gym(where.gym_id)
    return where, changed_columns(session, asdict(where))


def _insert_once(
    by: User, circumstances: Circumstances, *, now: datetime, request_key: str | None
) -> tuple[Session, bool]:
    """Insert, or find the row that the same form made before; the unique key decides between two at once."""
    import_key = None if request_key is None else f"form:{request_key}"
    try:
        with transaction.atomic():
            return Session.objects.create(
                user=by, import_key=import_key, created_at=now, updated_at=now, **asdict(circumstances)
            ), True
    except IntegrityError:
        made = Session.objects.filter(user_id=by.pk, import_key=import_key).first() if import_key else None
        if made is None:
            raise
        return made, False


def _create(by: User, session: Session, answers: Mapping[str, object], *, form_seconds: int | None) -> None:
    PreSessionData.objects.create(session=session, user=by, form_seconds=form_seconds, **_columns(answers))


def _columns(answers: Mapping[str, object]) -> dict[str, Any]:
    return {PLANNED_COLUMNS[ALIASES.get(name, name)]: value for name, value in answers.items()}


def _with_derived(
    by: User,
    answers: Mapping[str, Any],
    circumstances: Circumstances,
    *,
    now: datetime,
    exclude: UUID,
) -> dict[str, Any]:
    """Add what need not be asked; an answer, "not said" included, always wins."""
    if all(name in answers for name in DERIVED):
        return dict(answers)
    derived = derived_conditions(
        history=history_of(user_id=by.pk, before=circumstances.session_date, exclude=exclude),
        circumstances=circumstances,
        now=now,
        zone=zone_of(by.time_zone),
    )
    return {**derived, **answers}


def _check_gym(gym_id: UUID | None) -> None:
    if gym_id is not None and not Gym.objects.filter(pk=gym_id).exists():
        raise BadValues({"gym_id": "There is no such gym."})
