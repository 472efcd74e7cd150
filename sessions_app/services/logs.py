"""After a session: how it went and where it differed from the plan; or that it did not take place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues, parse_values
from climbiq.domain.variables import TREATMENTS, in_room
from climbiq.domain.zones import zone_of
from sessions_app.domain.circumstances import (
    Circumstances,
    check_circumstances,
    end_of_logged,
    problem_with_end,
)
from sessions_app.domain.columns import ACTUAL_COLUMNS, OUTCOME_COLUMNS, TREATED
from sessions_app.domain.deviation import EXPLANATIONS, said_to_deviate, settle_deviation
from sessions_app.domain.extras import AFTERWARDS, DEVIATED
from sessions_app.domain.records import SessionRecord
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.selectors import session_of
from sessions_app.services.derive import derive_anew
from sessions_app.services.guards import ChangedElsewhere, changed_columns, is_stale, lock_session, touch
from sessions_app.services.starts import taken_back

__all__ = ["AlreadyLogged", "NotReopenable", "NotSkippable", "reopen", "save_post_session", "skip_session"]

_ASKED: Final = (*in_room("post_session"), *TREATED, *AFTERWARDS)


class AlreadyLogged(RuntimeError):
    """The session has its post-session form already."""

    def __init__(self) -> None:
        super().__init__("This session is logged already. Change what you logged instead.")


class NotSkippable(RuntimeError):
    """What has taken place was not skipped."""

    def __init__(self) -> None:
        super().__init__("This session is logged: it was not skipped. Delete it if it never took place.")


class NotReopenable(RuntimeError):
    """What has taken place is not ahead any more."""

    def __init__(self) -> None:
        super().__init__(
            "This session is logged: it cannot be planned again. Change or delete what you logged."
        )


def save_post_session(
    *,
    by: User,
    session_id: UUID,
    values: Mapping[str, object],
    now: datetime,
    moves: Mapping[str, datetime | None] | None = None,
    version: str | None = None,
    only_first: bool = False,
    replace: bool = False,
    form_seconds: int | None = None,
) -> SessionRecord:
    """Write the post-session form; the session is completed with it.

    Parameters
    ----------
    values : mapping
        Outcomes by name, treatments as they were (`actual_caffeine_mg` …), `deviated_from_plan`,
        `deviation_reason`, notes → as typed or as stored. None stays "not said". "As planned" clears what was
        recorded as different. `deviation_details` is an object.
    moves : mapping or None
        `ended_at` where it was said; None takes it back. Without it a session that is logged for the first time ended
        as :func:`end_of_logged` has it.
    version : str or None
        The session's version that the climber saw; None takes the risk.
    only_first : bool
        Refuse a session that is logged already.
    replace : bool
        What is not given becomes "not said", instead of staying as it was.
    form_seconds : int or None
        How long filling the form in took; kept the first time.

    Raises
    ------
    SessionNotFound, BadValues
    AlreadyLogged, ChangedElsewhere
        Only where the answers differ from the ones stored: the same form sent twice is no mistake.
    """
    answers = _parsed(values)
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        _refuse_the_future(by, session, now=now)
        row = PostSessionData.objects.filter(session_id=session.pk).first()
        if row is not None and not replace:
            answers = _kept(row, given=answers) | answers
        columns = _columns(answers, planned=_planned(session))
        took = _duration(session, columns)
        moved = _moved(by, session, moves or {}, took_min=took, now=now)
        if row is None:
            if is_stale(session, version):
                raise ChangedElsewhere
            PostSessionData.objects.create(session=session, user=by, form_seconds=form_seconds, **columns)
        else:
            changes = changed_columns(row, columns)
            if (changes or moved) and only_first:
                raise AlreadyLogged
            if (changes or moved) and is_stale(session, version):
                raise ChangedElsewhere
            if not changes and not moved and session.status == "completed":
                return session_of(user_id=by.pk, session_id=session.pk)
            for name, value in changes.items():
                setattr(row, name, value)
            row.save(update_fields=list(changes))
        touch(session, now=now, status="completed", duration_min=took, **moved)
        derive_anew(by=by, days=[session.session_date], now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def skip_session(*, by: User, session_id: UUID, now: datetime) -> SessionRecord:
    """Say that a session did not take place, also where it had been started by mistake.

    Raises
    ------
    SessionNotFound
    NotSkippable
        It is logged.
    """
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        if session.status == "completed":
            raise NotSkippable
        if session.status != "skipped":
            touch(session, now=now, status="skipped", **taken_back(session, by=by))
            derive_anew(by=by, days=[session.session_date], now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def reopen(*, by: User, session_id: UUID, now: datetime) -> SessionRecord:
    """Take a skip, or a start, back: the session is planned, as it was.

    Raises
    ------
    SessionNotFound
    NotReopenable
        It is logged.
    """
    with transaction.atomic():
        session = lock_session(by=by, session_id=session_id)
        if session.status == "completed":
            raise NotReopenable
        if session.status in {"skipped", "in_progress"}:
            touch(session, now=now, status="planned", **taken_back(session, by=by))
            derive_anew(by=by, days=[session.session_date], now=now)
        return session_of(user_id=by.pk, session_id=session.pk)


def _parsed(values: Mapping[str, object]) -> dict[str, Any]:
    given = dict(values)
    details = {"deviation_details": given.pop("deviation_details")} if "deviation_details" in given else {}
    return parse_values(_ASKED, given) | details


def _columns(answers: Mapping[str, Any], *, planned: Mapping[str, Any]) -> dict[str, Any]:
    """Registry names → columns of the table, with only those treatments that were changed."""
    actual = {v.name: answers.get(v.name) for v in TREATED}
    said = said_to_deviate(
        said=answers.get(DEVIATED.name), explanations={name: answers.get(name) for name in EXPLANATIONS}
    )
    deviated, changed = settle_deviation(planned=planned, actual=actual, deviated=said)
    columns: dict[str, Any] = {column: answers.get(name) for name, column in OUTCOME_COLUMNS.items()}
    columns |= {v.name: answers.get(v.name) for v in AFTERWARDS}
    columns |= {ACTUAL_COLUMNS[name]: value for name, value in changed.items()}
    columns["deviated_from_plan"] = deviated
    columns["deviation_details"] = answers.get("deviation_details")
    columns["new_grades_tried"] = answers.get("new_grades_tried", False)  # as the table's default has it
    return columns


def _kept(row: PostSessionData, *, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored, under the names of the form; "as planned" does not keep what was different."""
    kept: dict[str, Any] = {name: getattr(row, column) for name, column in OUTCOME_COLUMNS.items()}
    kept |= {v.name: getattr(row, v.name) for v in AFTERWARDS}
    kept |= {name: getattr(row, column) for name, column in ACTUAL_COLUMNS.items()}
    kept["deviation_details"] = row.deviation_details
    if given.get(DEVIATED.name) is False:
        return {name: value for name, value in kept.items() if name not in (*TREATMENTS, *EXPLANATIONS)}
    if any(given.get(v.name) is not None for v in TREATED):
        del kept[DEVIATED.name]  # a change that is reported now speaks for itself
    return kept


def _planned(session: Session) -> dict[str, Any]:
    columns = [v.column for v in TREATED]
    row = PreSessionData.objects.filter(session_id=session.pk).values(*columns).first() or {}
    return {v.name: row.get(v.column) for v in TREATED}


def _duration(session: Session, columns: Mapping[str, Any]) -> int | None:
    """How long it took, where it was said now or before."""
    said: int | None = columns.get("actual_duration_min")
    return session.duration_min if said is None else said


def _moved(
    by: User, session: Session, moves: Mapping[str, datetime | None], *, took_min: int | None, now: datetime
) -> dict[str, Any]:
    """The column of the end, where it changes: to what was said, or on the first log to what can be told."""
    stored = Circumstances(
        session_date=session.session_date, started_at=session.started_at, ended_at=session.ended_at
    )
    if "ended_at" not in moves:
        if session.status == "completed":
            return {}
        end = end_of_logged(given=stored, took_min=took_min, now=now, zone=zone_of(by.time_zone))
        return changed_columns(session, {"ended_at": end})
    where = changed(stored, ended_at=moves["ended_at"])
    problem = problem_with_end(given=where, now=now)
    if problem:
        raise BadValues({"ended_at": problem})
    return changed_columns(session, {"ended_at": where.ended_at})


def _refuse_the_future(by: User, session: Session, *, now: datetime) -> None:
    """Only by the day: whoever came earlier than planned may log it now."""
    day = Circumstances(session_date=session.session_date)
    try:
        check_circumstances(given=day, now=now, zone=zone_of(by.time_zone), is_done=True)
    except BadValues:
        raise BadValues(
            {"session_date": "This session is planned for a later day. Change its date to log it now."}
        ) from None
