"""Days and times of a session, in the climber's own time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from climbiq.domain.training_history import HARD_INTENSITIES, PastSession
from climbiq.domain.variables import variable

__all__ = [
    "EARLIEST_DAY",
    "PLAN_HORIZON_DAYS",
    "DaysSince",
    "clock_of",
    "days_since",
    "local_day",
    "problem_with_day",
    "time_of_day_at",
]

EARLIEST_DAY: Final = date(1950, 1, 1)
PLAN_HORIZON_DAYS: Final = 60

_LAST_CAP: Final = int(variable("days_since_last_session").high)
_HARD_CAP: Final = int(variable("days_since_hard_session").high)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysSince:
    """Whole days since the last and the last hard session, at most 365; None where there was none."""

    last_session: int | None = None
    hard_session: int | None = None


def days_since(*, day: date, sessions: Iterable[PastSession]) -> DaysSince:
    """Count the days from the latest earlier session to `day`.

    Parameters
    ----------
    day : date
        The day of the session that is asked about, in the climber's time zone.
    sessions : iterable of (session_date, intensity as treated, quality, status)
        In any order, without the session that is asked about. Only completed ones up to `day` count; one on
        the same day gives 0. Hard is an intensity of high or max.

    >>> from datetime import date
    >>> past = [(date(2026, 5, 4), "max", 8, "completed"), (date(2026, 5, 9), None, 5, "completed")]
    >>> days_since(day=date(2026, 5, 10), sessions=past)
    DaysSince(last_session=1, hard_session=6)
    """
    last: date | None = None
    hard: date | None = None
    for session_day, intensity, _, status in sessions:
        if status != "completed" or session_day > day:
            continue
        last = session_day if last is None else max(last, session_day)
        if intensity in HARD_INTENSITIES:
            hard = session_day if hard is None else max(hard, session_day)
    return DaysSince(
        last_session=None if last is None else min((day - last).days, _LAST_CAP),
        hard_session=None if hard is None else min((day - hard).days, _HARD_CAP),
    )


def local_day(*, now: datetime, zone: tzinfo) -> date:
    """The climber's date at a moment.

    >>> from datetime import UTC, datetime
    >>> from climbiq.domain.zones import zone_of
    >>> local_day(now=datetime(2026, 5, 1, 22, 30, tzinfo=UTC), zone=zone_of("Europe/Berlin"))
    datetime.date(2026, 5, 2)
    """
    return now.astimezone(zone).date()


def clock_of(moment: datetime | None, *, zone: tzinfo) -> time | None:
    """The time of day as it is typed, to the minute: seconds are nobody's change.

    >>> from datetime import UTC, datetime
    >>> clock_of(datetime(2026, 5, 1, 18, 30, 59, tzinfo=UTC), zone=UTC)
    datetime.time(18, 30)
    """
    return None if moment is None else moment.astimezone(zone).time().replace(second=0, microsecond=0)


def problem_with_day(*, day: date, today: date, is_done: bool) -> str | None:
    """Say what is wrong with a session's date, or None.

    Parameters
    ----------
    day, today : date
        The session's date and today's, both in the climber's time zone.
    is_done : bool
        A session that has happened cannot lie in the future; a planned one may, a little.

    >>> from datetime import date
    >>> problem_with_day(day=date(1890, 1, 1), today=date(2026, 5, 1), is_done=False)
    'Date must not be before 1950.'
    """
    if day < EARLIEST_DAY:
        return f"Date must not be before {EARLIEST_DAY.year}."
    if is_done and day > today:
        return "Date must not be in the future: this session has not happened yet."
    if day > today + timedelta(days=PLAN_HORIZON_DAYS):
        return f"Date must be within the next {PLAN_HORIZON_DAYS} days."
    return None


def time_of_day_at(moment: datetime) -> str:
    """The word of the registry for a local time.

    >>> from datetime import datetime
    >>> time_of_day_at(datetime(2026, 5, 1, 18, 30))
    'evening'
    """
    for before_hour, word in ((11, "morning"), (14, "midday"), (17, "afternoon")):
        if moment.hour < before_hour:
            return word
    return "evening"
