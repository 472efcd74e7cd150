"""What the forms need not ask because the diary and the clock say it.

Each of these answers is counted anew whenever the diary changes, unless the climber gave it: then it stays, and "not
said" is an answer too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from climbiq.domain.training_history import HARD_INTENSITIES, PastSession
from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.days import days_since, local_day, time_of_day_at
from sessions_app.domain.records import DERIVED, SessionRecord

__all__ = ["DERIVED", "Visit", "conditions_before", "derive_each", "derived_conditions", "was_before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What of a session others' answers, and its own, are derived from.

    Attributes
    ----------
    intensity : str or None
        As treated.
    logged_at : datetime or None
        When the climber said how it went; None where it is not completed.
    time_of_day : str or None
        As it stands in the session's form.
    """

    id: UUID
    day: date
    status: str
    intensity: str | None = None
    started_at: datetime | None = None
    logged_at: datetime | None = None
    time_of_day: str | None = None

    @property
    def as_past(self) -> PastSession:
        """What `days_since` counts."""
        return (self.day, self.intensity, None, self.status)


def derived_conditions(
    *, history: Iterable[SessionRecord], circumstances: Circumstances, now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Days since the last and the last hard session, and the time of day where it is known, of a new plan.

    Parameters
    ----------
    history : iterable of SessionRecord
        The climber's other sessions.
    circumstances : Circumstances
        Of the session that is asked about.
    now : datetime
    zone : tzinfo
        The climber's.
    """
    plan = _Asked(day=circumstances.session_date, started_at=circumstances.started_at)
    return _counted(plan, (session.as_past for session in history), now=now, zone=zone)


def conditions_before(
    *,
    session: SessionRecord | None,
    day: date,
    past: Iterable[PastSession],
    now: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    """What is known before a session: what its form says, and what is derived as of now unless it was said.

    Parameters
    ----------
    session : SessionRecord or None
        An open session; None: one that nobody planned, on `day`.
    day : date
        In the climber's time zone.
    past : iterable of (session_date, intensity as treated, quality, status)
        The sessions before it.
    now : datetime
    zone : tzinfo
        The climber's.

    >>> from datetime import UTC
    >>> past = [(date(2026, 5, 9), "max", 8, "completed")]
    >>> now = datetime(2026, 5, 10, 18, tzinfo=UTC)
    >>> conditions_before(session=None, day=date(2026, 5, 10), past=past, now=now, zone=UTC)
    {'days_since_last_session': 1, 'days_since_hard_session': 1, 'time_of_day': 'evening'}
    """
    if session is None:
        return _counted(_Asked(day=day), past, now=now, zone=zone)
    asked = _Asked(
        day=day,
        status=session.status,
        started_at=session.started_at,
        time_of_day=session.planned.get("time_of_day"),
    )
    counted = _counted(asked, past, now=now, zone=zone)
    return {**session.planned, **_not_said(counted, session.derived_said)}


def was_before(*, other: SessionRecord, session: SessionRecord) -> bool:
    """Whether another session lies behind an open one: of two on a day not the one that began later.

    One that has not begun has all sessions of its day behind it, whatever it is planned for.
    """
    if other.id == session.id or other.session_date != session.session_date:
        return other.session_date < session.session_date
    if session.status == "planned" or other.started_at is None or session.started_at is None:
        return True
    return other.started_at < session.started_at


def derive_each(
    *, visits: Iterable[Visit], earlier: Iterable[PastSession] = (), now: datetime, zone: tzinfo
) -> dict[UUID, dict[str, Any]]:
    """Derive the answers of many sessions of one climber, each from the sessions before it; linear in their number.

    Parameters
    ----------
    visits : iterable of Visit
        In any order. Of two on one day the one that started, or was logged, earlier is the one before; one that has
        not begun has all completed ones of its day behind it.
    earlier : iterable of (session_date, intensity as treated, quality, status)
        Sessions before all of them that still count.
    now : datetime
    zone : tzinfo
        The climber's.

    Returns
    -------
    dict
        Key of the session → registry name → value. None: unknown; a diary without a hard session, or without any
        intensity, does not say how long ago one was.

    >>> from datetime import UTC
    >>> from uuid import UUID
    >>> visits = [
    ...     Visit(id=UUID(int=1), day=date(2026, 5, 4), status="completed", intensity="max",
    ...           logged_at=datetime(2026, 5, 4, 20, tzinfo=UTC)),
    ...     Visit(id=UUID(int=2), day=date(2026, 5, 6), status="planned"),
    ... ]
    >>> derive_each(visits=visits, now=datetime(2026, 5, 5, tzinfo=UTC), zone=UTC)[UUID(int=2)]
    {'days_since_last_session': 2, 'days_since_hard_session': 2, 'time_of_day': None}
    """
    past = list(earlier)
    derived: dict[UUID, dict[str, Any]] = {}
    for _, group in groupby(sorted(visits, key=attrgetter("day")), key=attrgetter("day")):
        same_day = list(group)
        done = [visit for visit in same_day if visit.status == "completed"]
        any_of_day, hard_of_day = _Firsts.of(done), _Firsts.of([v for v in done if _is_hard(v)])
        for visit in same_day:
            behind = list(past)
            if any_of_day.are_before(visit):
                behind.append((visit.day, None, None, "completed"))
            if hard_of_day.are_before(visit):
                behind.append((visit.day, "max", None, "completed"))
            asked = _Asked(
                day=visit.day,
                status=visit.status,
                started_at=visit.started_at,
                time_of_day=visit.time_of_day,
            )
            derived[visit.id] = _counted(asked, behind, now=now, zone=zone)
        # Only the latest of each kind can matter from here on.
        past = [*past, *([done[0].as_past] if done else []), *([v.as_past for v in done if _is_hard(v)][:1])]
        past = _latest(past)
    return derived


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The session that is derived for."""

    day: date
    status: str = "planned"
    started_at: datetime | None = None
    time_of_day: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Firsts:
    """Of some completed sessions of one day: when the first began, and when the first was logged."""

    started_at: datetime | None
    logged_at: datetime | None
    logged_without_start_at: datetime | None

    @classmethod
    def of(cls, done: Sequence[Visit]) -> _Firsts:
        logged = [(v.logged_at, v.started_at is None) for v in done if v.logged_at is not None]
        return cls(
            started_at=min((v.started_at for v in done if v.started_at is not None), default=None),
            logged_at=min((at for at, _ in logged), default=None),
            logged_without_start_at=min((at for at, is_bare in logged if is_bare), default=None),
        )

    def are_before(self, visit: Visit) -> bool:
        """Whether one of them lies behind a session of that day, itself never."""
        if visit.status == "planned" or visit.started_at is None:
            return _is_earlier(self.logged_at, visit.logged_at)
        if self.started_at is not None and self.started_at < visit.started_at:
            return True
        return _is_earlier(self.logged_without_start_at, visit.logged_at)


def _is_earlier(first: datetime | None, logged: datetime | None) -> bool:
    """Whether the first of some was logged before a session that was logged then, or is not yet."""
    return first is not None and (logged is None or first < logged)


def _is_hard(visit: Visit) -> bool:
    return visit.intensity in HARD_INTENSITIES


def _latest(past: Sequence[PastSession]) -> list[PastSession]:
    done = [session for session in past if session[3] == "completed"]
    hard = [session for session in done if session[1] in HARD_INTENSITIES]
    return [max(found, key=lambda session: session[0]) for found in (done, hard) if found]


def _counted(asked: _Asked, past: Iterable[PastSession], *, now: datetime, zone: tzinfo) -> dict[str, Any]:
    since = days_since(day=asked.day, sessions=past)
    return {
        "days_since_last_session": since.last_session,
        "days_since_hard_session": since.hard_session,
        "time_of_day": _time_of_day(asked, now=now, zone=zone),
    }


def _time_of_day(asked: _Asked, *, now: datetime, zone: tzinfo) -> str | None:
    """From the start; today's plan is for now; what lies behind keeps what was known, what lies ahead knows nothing."""
    if asked.started_at is not None:
        return time_of_day_at(asked.started_at.astimezone(zone))
    today = local_day(now=now, zone=zone)
    if asked.day > today:
        return None
    if asked.day == today and asked.status in {"planned", "in_progress"}:
        return time_of_day_at(now.astimezone(zone))
    return asked.time_of_day


def _not_said(counted: Mapping[str, Any], said: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in counted.items() if name not in said}
