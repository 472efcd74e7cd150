"""The messages that workers understand. They carry a key or a name; everything else is in the database."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from climbiq.celery_app import app
from climbiq.jobs import maintenance, reaper, runner, schedule

__all__ = ["maintenance", "reap", "run", "sense"]


@app.task(name="climbiq.jobs.run")  # type: ignore[untyped-decorator]
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
