"""Whose clock counts: the person's own."""

from __future__ import annotations

import zoneinfo

from django.contrib.auth.models import AnonymousUser

from climbiq.accounts.models import User

UTC = zoneinfo.ZoneInfo("UTC")


def zone_of(user: User | AnonymousUser) -> zoneinfo.ZoneInfo:
    """Return the person's time zone; UTC where none is known, or none that this machine knows."""
    try:
        return zoneinfo.ZoneInfo(getattr(user, "time_zone", "") or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC
