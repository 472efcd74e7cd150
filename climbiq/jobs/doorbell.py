"""Rings a worker's bell. Losing a ring costs time, never work: the reaper rings again."""

from __future__ import annotations

import functools
import logging
import time
from typing import Final
from uuid import UUID

from django.db import transaction

from climbiq.jobs.registry import Handler

log = logging.getLogger(__name__)

# The message's name. Whoever rings knows no more of the work: it is the workers' business.
BELL: Final = "climbiq.jobs.run"
# How long a request waits for a broker that says nothing.
PATIENCE_SECONDS: Final = 0.5
# After a failure nobody waits for the broker again for this long.
QUIET_SECONDS: Final = 10.0
_quiet_until = 0.0


def ring_after_commit(*, job_id: UUID, handler: Handler) -> None:
    """Ring once this transaction is committed; it can neither fail nor slow down the caller."""
    transaction.on_commit(functools.partial(ring, job_id=job_id, handler=handler), robust=True)


def ring(*, job_id: UUID, handler: Handler) -> bool:
    """Send a worker the job's key; False when the broker does not take it."""
    global _quiet_until  # noqa: PLW0603  one broker, one memory of its silence
    if time.monotonic() < _quiet_until:
        return False
    from kombu.exceptions import OperationalError

    from climbiq.celery_app import app

    impatient = app.conf.broker_transport_options | {
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
    }
    try:
        with app.connection_for_write(transport_options=impatient) as connection:
            app.send_task(
                BELL,
                args=[str(job_id)],
                queue=handler.queue,
                time_limit=handler.hard_limit_seconds,
                soft_time_limit=handler.soft_limit_seconds,
                retry=False,
                connection=connection,
            )
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("job %s: the broker does not answer (%s); the reaper will ring", job_id, error)
        return False
    return True
