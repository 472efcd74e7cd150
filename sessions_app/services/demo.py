"""Fill the diaries of the demo's climbers."""

from __future__ import annotations

from datetime import datetime, timedelta

from climbiq.accounts.models import User
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.demo import DemoClimber, write_demo_diary
from sessions_app.services.baselines import record_baseline
from sessions_app.services.diary import load_rows

__all__ = ["fill_demo_diary"]


def fill_demo_diary(*, by: User, climber: DemoClimber, number: int, now: datetime) -> int:
    """Write one climber's baseline and sessions up to now; how many sessions were added."""
    zone = zone_of(by.time_zone)
    if climber.traits:
        record_baseline(by=by, values=climber.traits, now=now - timedelta(weeks=climber.weeks))
    diary = write_demo_diary(climber=climber, number=number, today=local_day(now=now, zone=zone), zone=zone)
    return load_rows(rows=diary.rows, owners={"": by.pk}, now=now).added
