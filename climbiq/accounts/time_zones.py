"""Whose clock counts: the person's own."""

from __future__ import annotations

from datetime import tzinfo

from django.contrib.auth.models import AnonymousUser

from climbiq.accounts.models import User
from climbiq.domain.zones import zone_of


def own_zone(user: User | AnonymousUser) -> tzinfo:
    """Return the person's time zone; UTC where none is known, or none that this machine knows."""
    return zone_of(getattr(user, "time_zone", ""))
