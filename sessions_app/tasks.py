"""Background work of the diary."""

from __future__ import annotations

from django.utils import timezone

from climbiq.jobs.registry import Outcome, job_handler
from climbiq.jobs.running import RunningJob
from sessions_app.services.form_times import measure_form_times


@job_handler("form_times", hard_limit=120)
def form_times(job: RunningJob) -> Outcome:
    """Tell operators, in the job's result, how long climbers take for a form."""
    del job
    return measure_form_times(now=timezone.now())
