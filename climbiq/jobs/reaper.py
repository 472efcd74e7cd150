"""Looks after jobs that nobody looks after: lost messages, lost workers, attempts used up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from climbiq.jobs.doorbell import ring
from climbiq.jobs.registry import UnknownKind, handler_of
from climbiq.jobs.runner import tell

log = logging.getLogger(__name__)

BATCH: Final = 500

_BURY: Final = """
UPDATE jobs
SET status = 'dead', lease_until = NULL, finished_at = now(),
    error = CASE WHEN status = 'running' THEN 'The worker was lost in the middle of the last attempt.' ELSE error END
WHERE attempts >= max_attempts
  AND ((status = 'running' AND lease_until < now()) OR status IN ('queued', 'failed'))
RETURNING id, kind, requested_by
"""
# Due, and not rung for since it became due, or not for a while. Rows that another reaper holds are its business.
_TO_RING: Final = """
UPDATE jobs SET rung_at = now()
WHERE id IN (
    SELECT id FROM jobs
    WHERE attempts < max_attempts AND run_after <= now()
      AND (status IN ('queued', 'failed') OR (status = 'running' AND lease_until < now()))
      AND rung_at < greatest(now() - make_interval(secs => %s), run_after,
                             CASE WHEN status = 'running' THEN lease_until END)
    ORDER BY run_after LIMIT %s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of the reaper did."""

    rung: int
    buried: int


def reap() -> Round:
    """Bury what has used up its attempts, ring again for what is due."""
    buried = _bury()
    rung = 0
    with connection.cursor() as cursor:
        cursor.execute(_TO_RING, [float(settings.JOB_RING_AGAIN_SECONDS), BATCH])
        due: list[tuple[UUID, str]] = cursor.fetchall()
    for job_id, kind in due:
        try:
            rung += ring(job_id=job_id, handler=handler_of(kind))
        except UnknownKind:
            log.error("job %s: no handler for %s in this version", job_id, kind)  # noqa: TRY400  nothing to trace
    if rung or buried:
        log.info("reaper: %d rung, %d given up", rung, buried)
    return Round(rung=rung, buried=buried)


def _bury() -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BURY)
            rows = cursor.fetchall()
        for job_id, kind, requested_by in rows:
            log.error("job %s (%s): given up", job_id, kind)
            tell(requested_by=requested_by, kind="job_dead", job_id=job_id)
    return len(rows)
