"""What runs at fixed times, under the names that the specification gives its sensors."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction

from climbiq.jobs.models import ScheduledRun
from climbiq.jobs.registry import UnknownKind
from climbiq.jobs.services import enqueue

log = logging.getLogger(__name__)

# A slot that nobody rang for, because beat or the broker was away, is made up for if it is not older than this.
CATCH_UP_OF_HOURLY: Final = timedelta(hours=1)
CATCH_UP_OF_DAILY: Final = timedelta(hours=20)  # a machine that sleeps at night works in the morning


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A time of day, or of every hour, at which a job of one kind is queued. Times are UTC."""

    name: str
    kind: str
    minute: int
    hour: int | None = None

    @property
    def catch_up(self) -> timedelta:
        """How late a slot may still be made up for."""
        return CATCH_UP_OF_HOURLY if self.hour is None else CATCH_UP_OF_DAILY

    def slot(self, now: datetime) -> datetime:
        """Return the latest time at or before `now` that this sensor stands for.

        >>> at_two = Sensor(name="n", kind="k", hour=2, minute=0)
        >>> at_two.slot(datetime(2026, 3, 1, 1, 59, tzinfo=UTC)).isoformat()
        '2026-02-28T02:00:00+00:00'
        """
        moment = now.astimezone(UTC).replace(minute=self.minute, second=0, microsecond=0)
        step = timedelta(hours=1)
        if self.hour is not None:
            moment, step = moment.replace(hour=self.hour), timedelta(days=1)
        return moment if moment <= now else moment - step


SENSORS: Final = (
    Sensor(name="nightly_training_sensor", kind="nightly_training", hour=2, minute=0),
    Sensor(name="new_consensus_sensor", kind="prior_extraction", minute=0),
    Sensor(name="population_statistics_sensor", kind="population_statistics", hour=3, minute=30),
    Sensor(name="erasure_sensor", kind="erase_accounts", minute=45),
    Sensor(name="purge_sensor", kind="purge", hour=4, minute=15),
    Sensor(name="form_times_sensor", kind="form_times", hour=4, minute=30),
)
_BY_NAME: Final = {sensor.name: sensor for sensor in SENSORS}


def sense(*, name: str, now: datetime) -> ScheduledRun | None:
    """Queue what a sensor stands for, once for each of its slots, however many beats ring; None the second time."""
    sensor = _BY_NAME[name]
    with transaction.atomic():
        run, is_new = ScheduledRun.objects.get_or_create(name=name, slot=sensor.slot(now))
        if not is_new:
            return None
        try:
            job_id = enqueue(kind=sensor.kind, payload={"slot": run.slot.isoformat()}, dedupe_key="scheduled")
        except UnknownKind:
            run.outcome = f"nothing to do: no {sensor.kind} in this version"
        else:
            run.outcome = f"job {job_id}"
        run.save(update_fields=["outcome"])
    log.info("%s: %s", name, run.outcome)
    return run


def make_up_for_missed(*, now: datetime) -> list[ScheduledRun]:
    """Sense every sensor's latest slot, if it has not been and is not too long ago."""
    runs = []
    for sensor in SENSORS:
        if now - sensor.slot(now) <= sensor.catch_up:
            run = sense(name=sensor.name, now=now)
            if run is not None:
                runs.append(run)
    return runs
