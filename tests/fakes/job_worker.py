"""The real worker with a few kinds of jobs that misbehave on request: `celery -A tests.fakes.job_worker worker`.

What a job would have written goes into the table `test_results`; when it starts, and in which process, into
`test_starts`, at once.
"""

from __future__ import annotations

import os
import signal
import time

from climbiq.celery_app import app
from climbiq.jobs.registry import job_handler
from climbiq.jobs.running import CannotSucceed, RunningJob

__all__ = ["app"]

TABLES = """
CREATE TABLE test_starts (job_id uuid, attempt integer, pid integer, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE test_results (job_id uuid, attempt integer);
GRANT SELECT, INSERT ON test_starts, test_results TO climbiq_service;
"""


def _begin(job: RunningJob) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO test_starts (job_id, attempt, pid) VALUES (%s, %s, %s)",
            [job.id, job.attempt, os.getpid()],
        )


@job_handler("test_slow", max_attempts=3, hard_limit=60)
def slow(job: RunningJob) -> None:
    """Take `seconds` in the first attempt, none later; report on the way."""
    from django.db import connection

    _begin(job)
    until = time.monotonic() + (float(job.payload["seconds"]) if job.attempt == 1 else 0.1)
    while time.monotonic() < until:
        time.sleep(0.05)
        if job.payload.get("reports"):
            job.report(0.5, "half way")
    with job.finishing() as result, connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_results (job_id, attempt) VALUES (%s, %s)", [job.id, job.attempt])
        result["attempt"] = job.attempt


@job_handler("test_poison", max_attempts=2, hard_limit=60)
def poison(job: RunningJob) -> None:
    """Kill the process that does it."""
    _begin(job)
    os.kill(os.getpid(), signal.SIGKILL)


@job_handler("test_hopeless", max_attempts=5, hard_limit=60)
def hopeless(job: RunningJob) -> None:
    """Fail for good, with half of its work written."""
    from django.db import connection

    _begin(job)
    with job.finishing(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_results (job_id, attempt) VALUES (%s, %s)", [job.id, job.attempt])
        raise CannotSucceed("there is no way")


@job_handler("test_hangs", max_attempts=1, hard_limit=2)
def hangs(job: RunningJob) -> None:
    """Never end, and not listen when asked to."""
    _begin(job)
    while True:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001  deaf on purpose
            continue
