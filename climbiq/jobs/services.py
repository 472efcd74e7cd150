"""Asks for background work, in the transaction of whatever needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from climbiq.jobs.doorbell import ring_after_commit
from climbiq.jobs.models import Job
from climbiq.jobs.registry import handler_of

_INSERT: Final = """
INSERT INTO jobs (kind, payload, dedupe_key, max_attempts, requested_by)
VALUES (%s, %s::jsonb, %s, %s, %s)
ON CONFLICT DO NOTHING
RETURNING id
"""
_REQUEUE: Final = """
UPDATE jobs
SET status = 'queued', attempts = 0, run_after = now(), error = '', lease_until = NULL, finished_at = NULL
WHERE id = %s AND (status IN ('dead', 'failed') OR (status = 'running' AND lease_until < now()))
RETURNING kind
"""


def enqueue(
    *,
    kind: str,
    payload: Mapping[str, Any],
    dedupe_key: str | None = None,
    requested_by: UUID | None = None,
) -> UUID | None:
    """Ask for a job; it exists if and only if this transaction is committed.

    Parameters
    ----------
    kind : str
        A registered one.
    payload : mapping
        JSON: keys of rows, never their content.
    dedupe_key : str, optional
        While a job of this kind with this key waits, it is not queued a second time. One that runs may have read
        what has changed since: then another is queued, and starts when that one has ended.
    requested_by : UUID, optional
        Who is told when it ends. The web must name the person who asks; None is for the schedule.

    Returns
    -------
    job_id : UUID or None
        The new job, or the waiting one with this key; None when that one is somebody else's to see.

    Raises
    ------
    UnknownKind
        When no app has a handler for it.
    """
    handler = handler_of(kind)
    values = [
        kind,
        json.dumps(dict(payload), cls=DjangoJSONEncoder),
        dedupe_key,
        handler.max_attempts,
        requested_by,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return waiting_job(kind=kind, dedupe_key=dedupe_key)
    job_id: UUID = row[0]
    ring_after_commit(job_id=job_id, handler=handler)
    return job_id


def waiting_job(*, kind: str, dedupe_key: str | None) -> UUID | None:
    """Find the job of this kind and key that has not begun, or will be tried again."""
    return (
        Job.objects.filter(kind=kind, dedupe_key=dedupe_key, status__in=["queued", "failed"])
        .values_list("pk", flat=True)
        .first()
    )


def requeue(*, job_id: UUID) -> bool:
    """Give a job that was given up, or whose worker is gone, all its attempts again; False when it needs none.

    Raises
    ------
    IntegrityError
        When another job with the same key waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REQUEUE, [job_id])
        row = cursor.fetchone()
    if row is None:
        return False
    ring_after_commit(job_id=job_id, handler=handler_of(row[0]))
    return True
