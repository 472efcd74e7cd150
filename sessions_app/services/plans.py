"""Before a session: plan it, change the plan, say how one arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues, parse_values
from climbiq.domain.variables import ALIASES, in_room
from climbiq.domain.zones import zone_of
from sessions_app.domain.circumstances import Circumstances, check_circumstances
from sessions_app.domain.columns import PLANNED_COLUMNS
from sessions_app.domain.records import DERIVED, SessionRecord, derived_answers_said
from sessions_app.models import Gym, PreSessionData, Session
from sessions_app.selectors import session_of
from sessions_app.services.derive import derive_anew
from sessions_app.services.guards import (
    ChangedElsewhere,
    changed_columns,
    hold_diary,
    is_stale,
    lock_session,
    touch,
)

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
        Registry names or columns → as typed or as stored. What is not given is derived where it can be, and
        follows the diary: days since the last and the last hard session, time of day. None as a value stays "not
        said"; caffeine that is not given at all is 0, the table's default.
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
        hold_diary(by.pk)
        session, is_new = _insert_once(by, circumstances, now=now, request_key=request_key)
        if answers is not None and is_new:
            _create(by, session, answers, form_seconds=form_seconds)
            derive_anew(by=by, days=[session.session_date], now=now)
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
        What is not given becomes "not said" (or the table's default, or derived), instead of staying as it was.
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
        before = session.session_date
        moved = _moved(by, session, moves or {}, now=now)
        row = PreSessionData.objects.filter(session_id=session.pk).first()
        if row is None:
            if is_stale(session, version):
                raise ChangedElsewhere
            _create(by, session, answers, form_seconds=form_seconds)
        else:
            changes = changed_columns(row, _written(row, answers, replace=replace))
            if not changes and not moved:
                return session_of(user_id=by.pk, session_id=session.pk)
            if is_stale(session, version):
                raise ChangedElsewhere
            for name, value in changes.items():
                setattr(row, name, value)
            row.save(update_fields=list(changes))
        touch(session, now=now, **moved)
        _follow(by, session, before=before, now=now)
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
        before = session.session_date
        moved = _moved(by, session, moves, now=now)
        if moved:
            if is_stale(session, version):
                raise ChangedElsewhere
            touch(session, now=now, **moved)
            _follow(by, session, before=before, now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def _moved(by: User, session: Session, moves: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The columns of when and where that change; refused where that cannot be."""
    stored = {field.name: getattr(session, field.name) for field in fields(Circumstances)}
    where = Circumstances(**{**stored, **moves})
    moved = changed_columns(session, asdict(where))
    if moved:
        is_done = session.status in {"completed", "in_progress"}
        check_circumstances(given=where, now=now, zone=zone_of(by.time_zone), is_done=is_done, moved=moved)
    if "gym_id" in moved:
        _check_gym(where.gym_id)
    return moved


def _follow(by: User, session: Session, *, before: date, now: datetime) -> None:
    """Derive anew after a change; on another day the hour of the old one says nothing."""
    if session.session_date != before:
        form = PreSessionData.objects.filter(session_id=session.pk)
        form.exclude(derived_said__contains=["time_of_day"]).exclude(derived_said=None).update(
            time_of_day=None
        )
    derive_anew(by=by, days=[before, session.session_date], now=now)


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
    PreSessionData.objects.create(
        session=session,
        user=by,
        form_seconds=form_seconds,
        derived_said=_said(answers),
        **_columns(answers),
    )


def _written(row: PreSessionData, answers: Mapping[str, Any], *, replace: bool) -> dict[str, Any]:
    """The columns of a form that exists, as it is to be; what is derived is said where it is given, now or before."""
    if replace:
        asked = {name: None for name in PLANNED_COLUMNS if name not in DERIVED}
        return {**_columns({**asked, "caffeine_mg": 0, **answers}), "derived_said": _said(answers)}
    stored = {name: getattr(row, name) for name in DERIVED}
    before = derived_answers_said(recorded=row.derived_said, planned=stored)
    columns = _columns(answers)
    if not before.issuperset(_said(answers)):
        columns["derived_said"] = _said((*before, *answers))
    return columns


def _said(names: Iterable[str]) -> list[str]:
    given = set(names)
    return [name for name in DERIVED if name in given]


def _columns(answers: Mapping[str, object]) -> dict[str, Any]:
    return {PLANNED_COLUMNS[ALIASES.get(name, name)]: value for name, value in answers.items()}


def _check_gym(gym_id: UUID | None) -> None:
    if gym_id is not None and not Gym.objects.filter(pk=gym_id).exists():
        raise BadValues({"gym_id": "There is no such gym."})
