"""Jobs of the house itself, and stand-ins for kinds whose apps bring none."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from climbiq.accounts.erasure import due_for_erasure, erase_account, erased_lately, sweep_erased
from climbiq.jobs.registry import job_handler
from climbiq.jobs.running import RunningJob

log = logging.getLogger(__name__)

# What is thrown away, and how old it must be.
_PURGES: Final = {
    "idempotency_records": "DELETE FROM idempotency_records WHERE created_at < now() - interval '24 hours'",
    "events": "DELETE FROM django_eventstream_event WHERE created < now() - interval '24 hours'",
    # A session that was deleted can be brought back for half an hour.
    "deleted_sessions": "DELETE FROM deleted_sessions WHERE deleted_at < now() - interval '1 hour'",
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


@job_handler("erase_accounts", max_attempts=5, hard_limit=1800)
def erase_accounts(job: RunningJob) -> None:
    """Erase every account whose grace is over; one that cannot be erased does not keep the others."""
    erased, swept, failures = 0, 0, []
    for person in erased_lately(now=timezone.now()):
        job.check()
        swept += sweep_erased(person=person)
    for person in due_for_erasure(now=timezone.now()):
        job.check()
        try:
            erased += erase_account(person=person) is not None
        except DatabaseError as error:
            log.exception("account %s could not be erased", person)
            failures.append(error)
    if failures:
        raise failures[0]
    with job.finishing() as result:
        result["accounts"] = erased
        if swept:
            result["rows_written_later"] = swept


def _nothing(job: RunningJob) -> dict[str, Any]:
    del job
    return {"outcome": "nothing to do"}


# The schedule queues these; the apps that have such work register it in their `tasks`.
for _kind in ("nightly_training", "prior_extraction", "population_statistics"):
    job_handler(_kind, max_attempts=1, hard_limit=60, is_default=True)(_nothing)
