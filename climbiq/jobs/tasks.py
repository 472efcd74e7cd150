"""The messages that workers understand. They carry a key or a name; everything else is in the database."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from celery.schedules import crontab
from django.utils import timezone

from climbiq.celery_app import app
from climbiq.jobs import maintenance, reaper, runner, schedule
from climbiq.jobs.doorbell import BELL

__all__ = ["beat_schedule", "maintenance", "reap", "run", "sense"]

REAPER_SECONDS: Final = 30


@app.task(name=BELL)  # type: ignore[untyped-decorator]
def run(job_id: str) -> None:
    """Do one job."""
    runner.run_job(job_id=UUID(job_id))


@app.task(name="climbiq.jobs.reap")  # type: ignore[untyped-decorator]
def reap() -> None:
    """Look after jobs and slots that nobody looked after."""
    schedule.make_up_for_missed(now=timezone.now())
    reaper.reap()


@app.task(name="climbiq.jobs.sense")  # type: ignore[untyped-decorator]
def sense(name: str) -> None:
    """Queue what a sensor stands for."""
    schedule.sense(name=name, now=timezone.now())


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Every sensor at its time, and the reaper. A message that nobody took in time is worth nothing."""
    entries: dict[str, dict[str, Any]] = {
        sensor.name: {
            "task": sense.name,
            "schedule": crontab(minute=sensor.minute, hour="*" if sensor.hour is None else sensor.hour),
            "args": (sensor.name,),
            "options": {"expires": 1800},
        }
        for sensor in schedule.SENSORS
    }
    entries["reaper"] = {
        "task": reap.name,
        "schedule": REAPER_SECONDS,
        "options": {"expires": REAPER_SECONDS},
    }
    return entries


app.conf.beat_schedule = beat_schedule()
