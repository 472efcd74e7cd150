"""When and where a session takes place, checked as one: dates, times and their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

from climbiq.domain.values import BadValues
from climbiq.domain.vocabularies import LOCATION_TYPES
from sessions_app.domain.days import local_day, problem_with_day
from sessions_app.domain.extras import EXTRAS

__all__ = ["Circumstances", "check_circumstances"]

_LONGEST: Final = timedelta(hours=24)
_CLOCK_SKEW: Final = timedelta(minutes=10)  # a phone's clock may be ahead of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When and where; None: not said. Times carry their zone."""

    session_date: date
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_min: int | None = None
    location_type: str | None = None
    gym_id: UUID | None = None


def check_circumstances(*, given: Circumstances, now: datetime, zone: tzinfo, is_done: bool) -> None:
    """Refuse what cannot be, every fault at once.

    Parameters
    ----------
    given : Circumstances
    now : datetime
        With its zone.
    zone : tzinfo
        The climber's: a date is a day there.
    is_done : bool
        Whether the session has taken place.

    Raises
    ------
    BadValues
        With a sentence for each field.

    >>> from datetime import UTC, date, datetime
    >>> planned = Circumstances(session_date=date(1890, 1, 1))
    >>> check_circumstances(given=planned, now=datetime(2026, 5, 1, tzinfo=UTC), zone=UTC, is_done=False)
    Traceback (most recent call last):
        ...
    climbiq.domain.values.BadValues: Date must not be before 1950.
    """
    problems: dict[str, str] = {}
    problem = problem_with_day(day=given.session_date, today=local_day(now=now, zone=zone), is_done=is_done)
    if problem:
        problems["session_date"] = problem
    elif given.started_at is not None and not _is_on(given.session_date, given.started_at, zone):
        problems["started_at"] = "Start must be on the day of the session."
    if is_done and given.started_at is not None and given.started_at > now + _CLOCK_SKEW:
        problems.setdefault(
            "started_at", "Start must not be in the future: this session has not happened yet."
        )
    if given.ended_at is not None:
        problem = _problem_with_end(given, now=now)
        if problem:
            problems["ended_at"] = problem
    if given.duration_min is not None:
        problem = EXTRAS["duration_min"].problem_with(given.duration_min)
        if problem:
            problems["duration_min"] = problem
    if given.location_type is not None and given.location_type not in LOCATION_TYPES:
        problems["location_type"] = f"Where must be one of: {', '.join(LOCATION_TYPES)}."
    if problems:
        raise BadValues(problems)


def _is_on(day: date, moment: datetime, zone: tzinfo) -> bool:
    if abs((moment.date() - day).days) > 1:
        return False  # before any arithmetic: the ends of the calendar have no other time zone
    return local_day(now=moment, zone=zone) == day


def _problem_with_end(given: Circumstances, *, now: datetime) -> str | None:
    assert given.ended_at is not None  # noqa: S101  the caller looked
    if given.ended_at > now + _CLOCK_SKEW:
        return "End must not be in the future."
    if given.started_at is None:
        return "End needs a start."
    if not timedelta(0) <= given.ended_at - given.started_at <= _LONGEST:
        return "End must be after the start, within a day."
    return None
