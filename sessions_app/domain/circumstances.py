"""When and where a session takes place, checked as one: dates, times and their order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

from climbiq.domain.values import BadValues
from climbiq.domain.vocabularies import LOCATION_TYPES
from sessions_app.domain.days import local_day, problem_with_day
from sessions_app.domain.extras import EXTRAS

__all__ = ["Circumstances", "check_circumstances", "end_of_logged", "problem_with_end"]

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


_ALL: Final = tuple(field.name for field in fields(Circumstances))


def check_circumstances(
    *,
    given: Circumstances,
    now: datetime,
    zone: tzinfo,
    is_done: bool,
    moved: Collection[str] = _ALL,
) -> None:
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
    moved : collection of str
        The fields that change. What stays was right where it was said: whoever travels has sessions whose start is
        on another day by their clock of now.

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
    start, is_moved = given.started_at, set(moved).intersection
    if is_moved({"session_date"}):
        problem = problem_with_day(
            day=given.session_date, today=local_day(now=now, zone=zone), is_done=is_done
        )
        if problem:
            problems["session_date"] = problem
    if start is not None and is_moved({"session_date", "started_at"}):
        if not problems and not _is_on(given.session_date, start, zone):
            problems["started_at"] = "Start must be on the day of the session."
        elif is_done and start > now + _CLOCK_SKEW:
            problems["started_at"] = "Start must not be in the future: this session has not happened yet."
    if given.ended_at is not None and is_moved({"started_at", "ended_at"}):
        problem = problem_with_end(given=given, now=now)
        if problem:
            problems["ended_at"] = problem
    if given.duration_min is not None and is_moved({"duration_min"}):
        problem = EXTRAS["duration_min"].problem_with(given.duration_min)
        if problem:
            problems["duration_min"] = problem
    if given.location_type not in {None, *LOCATION_TYPES} and is_moved({"location_type"}):
        problems["location_type"] = f"Where must be one of: {', '.join(LOCATION_TYPES)}."
    if problems:
        raise BadValues(problems)


def _is_on(day: date, moment: datetime, zone: tzinfo) -> bool:
    if abs((moment.date() - day).days) > 1:
        return False  # before any arithmetic: the ends of the calendar have no other time zone
    return local_day(now=moment, zone=zone) == day


def problem_with_end(*, given: Circumstances, now: datetime) -> str | None:
    """Say why the session cannot have ended then, or None."""
    if given.ended_at is None:
        return None
    if given.ended_at > now + _CLOCK_SKEW:
        return "End must not be in the future."
    if given.started_at is None:
        return "End needs a start."
    if not timedelta(0) <= given.ended_at - given.started_at <= _LONGEST:
        return "End must be after the start, within a day."
    return None


def end_of_logged(
    *, given: Circumstances, took_min: int | None, now: datetime, zone: tzinfo
) -> datetime | None:
    """When a session that is being logged ended, as far as that can be told without asking.

    Parameters
    ----------
    given : Circumstances
        An end that is known stays.
    took_min : int or None
        How long it took, minutes, where that was said.
    now : datetime
        With its zone: the moment of logging.
    zone : tzinfo
        The climber's.

    Returns
    -------
    ended_at : datetime or None
        Start and duration where both were said; else now, where it is logged on its day. None without a start that has
        passed: whoever logs in the evening what had no start did not say when it ended.

    >>> from datetime import UTC
    >>> begun = Circumstances(session_date=date(2026, 5, 1), started_at=datetime(2026, 5, 1, 17, tzinfo=UTC))
    >>> now = datetime(2026, 5, 1, 20, tzinfo=UTC)
    >>> f"{end_of_logged(given=begun, took_min=90, now=now, zone=UTC):%H:%M}"
    '18:30'
    >>> f"{end_of_logged(given=begun, took_min=None, now=now, zone=UTC):%H:%M}"
    '20:00'
    """
    start = given.started_at
    if given.ended_at is not None or start is None or start > now:
        return given.ended_at
    if took_min is not None and took_min > 0 and start + timedelta(minutes=took_min) <= now:
        return start + timedelta(minutes=took_min)
    is_its_day = local_day(now=now, zone=zone) == given.session_date
    return now if is_its_day and now - start <= _LONGEST else None
