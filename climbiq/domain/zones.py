"""Time zones by name."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, tzinfo

__all__ = ["exists", "skipped", "zone_of"]


def zone_of(name: str) -> tzinfo:
    """The time zone of that name, or UTC where this machine knows none.

    >>> zone_of("Europe/Berlin"), zone_of("Europe/Nowhere"), zone_of("Europe"), zone_of("")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), datetime.timezone.utc, datetime.timezone.utc, datetime.timezone.utc)
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (
        zoneinfo.ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # no such zone, no name of one, a folder of them
        return UTC


def exists(moment: datetime) -> bool:
    """Whether clocks in its own zone ever show that time: not what they skip in spring.

    >>> berlin = zone_of("Europe/Berlin")
    >>> [exists(datetime(2026, 3, 29, hour, 30, tzinfo=berlin)) for hour in (1, 2, 3)]
    [True, False, True]
    >>> exists(datetime(2026, 10, 25, 2, 30, tzinfo=berlin))  # twice
    True
    """
    there_and_back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return there_and_back.replace(tzinfo=None, fold=0) == moment.replace(tzinfo=None, fold=0)


def skipped(clock: time) -> str:
    """What to tell whoever gave a time that the clocks skip.

    >>> skipped(time(2, 30))
    'There is no 02:30 on this day: the clocks go forward.'
    """
    return f"There is no {clock:%H:%M} on this day: the clocks go forward."
