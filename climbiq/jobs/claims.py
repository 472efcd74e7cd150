"""Who may work on a job. A claim is a lease with a fencing token: whoever holds the latest may write results.

Every statement here checks the token, so a worker that was believed dead and comes back changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction

from climbiq.common.leases import LeaseLost

LEASE_SECONDS: Final = 60.0
FIRST_WAIT_SECONDS: Final = 30.0
LONGEST_WAIT_SECONDS: Final = 3600.0
MAX_ERROR_CHARS: Final = 4000

_TAKE: Final = """
UPDATE jobs
SET status = 'running', attempts = attempts + 1, token = token + 1, started_at = now(), finished_at = NULL,
    lease_until = now() + make_interval(secs => %s), progress = NULL, progress_note = ''
WHERE id = %s AND attempts < max_attempts AND run_after <= now()
  AND (status IN ('queued', 'failed') OR (status = 'running' AND lease_until < now()))
  AND NOT EXISTS (
      SELECT FROM jobs AS other
      WHERE other.kind = jobs.kind AND other.dedupe_key = jobs.dedupe_key AND other.id <> jobs.id
        AND other.status = 'running' AND other.lease_until >= now()
  )
RETURNING kind, payload, attempts, max_attempts, token, requested_by
"""
_EXTEND: Final = """
UPDATE jobs
SET lease_until = now() + make_interval(secs => %s), progress = %s, progress_note = %s
WHERE id = %s AND token = %s AND status = 'running'
"""
_HOLD: Final = "SELECT 1 FROM jobs WHERE id = %s AND token = %s AND status = 'running' FOR UPDATE"
_SUCCEED: Final = """
UPDATE jobs
SET status = 'succeeded', result = %s::jsonb, error = '', progress = 1, lease_until = NULL, finished_at = now()
WHERE id = %s AND token = %s AND status = 'running'
"""
# The second try waits half a minute, each further one twice as long. None is made where a later request waits already.
_FAIL: Final = """
UPDATE jobs
SET status = CASE WHEN %s OR attempts >= max_attempts OR EXISTS (
        SELECT FROM jobs AS other
        WHERE other.kind = jobs.kind AND other.dedupe_key = jobs.dedupe_key AND other.id <> jobs.id
          AND other.status IN ('queued', 'failed')
    ) THEN 'dead' ELSE 'failed' END, error = %s,
    run_after = now() + make_interval(secs => least(%s * 2 ^ (attempts - 1), %s) * (0.75 + random() / 2)),
    lease_until = NULL, finished_at = now()
WHERE id = %s AND token = %s AND status = 'running'
RETURNING status
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one job, until its lease ends."""

    job_id: UUID
    token: int
    kind: str
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int
    requested_by: UUID | None


def take(*, job_id: UUID, lease_seconds: float = LEASE_SECONDS) -> Claim | None:
    """Claim a job that waits, or whose worker has gone silent; None when there is nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [lease_seconds, job_id])
        row = cursor.fetchone()
    if row is None:
        return None
    kind, payload, attempt, max_attempts, token, requested_by = row
    return Claim(
        job_id=job_id,
        token=token,
        kind=kind,
        payload=json.loads(payload),
        attempt=attempt,
        max_attempts=max_attempts,
        requested_by=requested_by,
    )


def extend(*, claim: Claim, progress: float | None, note: str, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Keep the claim a while longer and say how far the work is; False when it is lost."""
    return _touch(_EXTEND, [lease_seconds, progress, note, claim.job_id, claim.token])


def hold(*, claim: Claim) -> None:
    """Lock the job for the rest of this transaction; LeaseLost when it is not ours any more."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [claim.job_id, claim.token])
        if cursor.fetchone() is None:
            raise LeaseLost(f"job {claim.job_id} is not ours any more")


def succeed(*, claim: Claim, result: Mapping[str, Any]) -> None:
    """Record the result, in the transaction that wrote what the job was for."""
    if not _touch(_SUCCEED, [json.dumps(dict(result), cls=DjangoJSONEncoder), claim.job_id, claim.token]):
        raise LeaseLost(f"job {claim.job_id} is not ours any more")


def fail(*, claim: Claim, error: str, is_hopeless: bool = False) -> str | None:
    """Record a failure; the new status, `failed` (it will be tried again) or `dead`, or None when it was not ours."""
    values: list[Any] = [
        is_hopeless,
        error[:MAX_ERROR_CHARS],
        FIRST_WAIT_SECONDS,
        LONGEST_WAIT_SECONDS,
        claim.job_id,
        claim.token,
    ]
    try:
        row = _one_row(_FAIL, values)
    except IntegrityError:
        row = _one_row(_FAIL, values)  # a later request came in that moment: now it is seen
    return None if row is None else str(row[0])


def _one_row(statement: str, values: list[Any]) -> tuple[Any, ...] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _touch(statement: str, values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount == 1)
