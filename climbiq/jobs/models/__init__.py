from __future__ import annotations

from climbiq.jobs.models.job import Job
from climbiq.jobs.models.scheduled_run import ScheduledRun

__all__ = ["Job", "ScheduledRun"]
