"""Time zones by name."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, tzinfo

__all__ = ["zone_of"]


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
