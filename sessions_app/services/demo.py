"""Fill the diaries of the demo's climbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from climbiq.accounts.models import User
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.demo import DemoClimber, write_demo_diary
from sessions_app.models import Session
from sessions_app.services.baselines import record_baseline
from sessions_app.services.diary import load_rows

__all__ = ["fill_demo_diary", "latest_rated", "taken_back_to_its_plan"]


def fill_demo_diary(*, by: User, climber: DemoClimber, number: int, now: datetime) -> int:
    """Write one climber's baseline and sessions up to now; how many sessions were added."""
    zone = zone_of(by.time_zone)
    if climber.traits:
        record_baseline(by=by, values=climber.traits, now=now - timedelta(weeks=climber.weeks))
    diary = write_demo_diary(climber=climber, number=number, today=local_day(now=now, zone=zone), zone=zone)
    return load_rows(rows=diary.rows, owners={"": by.pk}, now=now).added


def latest_rated(*, by: User, limit: int) -> list[tuple[UUID, datetime, float]]:
    """The climber's latest rated sessions, the earliest of them first: key, when it began, quality."""
    rows = (
        Session.objects.filter(user_id=by.pk, status="completed", post__session_quality__isnull=False)
        .order_by("-session_date", "-started_at", "id")
        .values_list("pk", "session_date", "started_at", "post__session_quality")[:limit]
    )
    return [
        (key, started_at or datetime.combine(day, time(12), tzinfo=UTC), float(quality or 0))
        for key, day, started_at, quality in reversed(rows)
    ]


@contextmanager
def taken_back_to_its_plan(*, session_id: UUID) -> Iterator[None]:
    """What is done inside meets the session as it was before it began; afterwards it is over again."""
    session = Session.objects.filter(pk=session_id)
    session.update(status="planned")
    yield
    session.update(status="completed")
