"""Jobs of the house itself, and stand-ins for kinds whose apps bring none."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

from climbiq.jobs.registry import job_handler
from climbiq.jobs.running import RunningJob

# What is thrown away, and how old it must be.
_PURGES: Final = {
    "idempotency_records": "DELETE FROM idempotency_records WHERE created_at < now() - interval '24 hours'",
    "events": "DELETE FROM django_eventstream_event WHERE created < now() - interval '24 hours'",
    "logins": "DELETE FROM logins WHERE expire_date < now()",
    "jobs": "DELETE FROM jobs WHERE status IN ('succeeded', 'dead') AND finished_at < now() - interval '90 days'",
    "scheduled_runs": "DELETE FROM scheduled_runs WHERE slot < now() - interval '90 days'",
}


@job_handler("purge", max_attempts=3, hard_limit=600)
def purge(job: RunningJob) -> None:
    """Throw away what nobody can ask for any more."""
    with job.finishing() as result, connection.cursor() as cursor:
        for name, statement in _PURGES.items():
            cursor.execute(statement)
            result[name] = cursor.rowcount


def _nothing(job: RunningJob) -> dict[str, Any]:
    del job
    return {"outcome": "nothing to do"}


# The schedule queues these; the apps that have such work register it in their `tasks`.
for _kind in ("nightly_training", "prior_extraction", "population_statistics"):
    job_handler(_kind, max_attempts=1, hard_limit=60, is_default=True)(_nothing)
