"""Does one job, from its claim to its end."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from climbiq.common.leases import LeaseLost
from climbiq.jobs import claims
from climbiq.jobs.claims import Claim
from climbiq.jobs.registry import Handler, UnknownKind, handler_of
from climbiq.jobs.running import CannotSucceed, Heartbeat, RunningJob
from climbiq.live.services import notify

log = logging.getLogger(__name__)

FRAMES: Final = 5


def run_job(*, job_id: UUID) -> None:
    """Do a job if it waits for somebody; a doorbell that rings twice, or late, does nothing."""
    lease_seconds = float(settings.JOB_LEASE_SECONDS)
    claim = claims.take(job_id=job_id, lease_seconds=lease_seconds)
    if claim is None:
        log.info("job %s: nothing to do", job_id)
        return
    log.info("job %s (%s): attempt %d of %d", job_id, claim.kind, claim.attempt, claim.max_attempts)
    try:
        handler = handler_of(claim.kind)
    except UnknownKind as error:
        _record_failure(claim, error, is_hopeless=True)
        return
    with Heartbeat(claim, lease_seconds=lease_seconds) as heartbeat:
        _work(RunningJob(claim, heartbeat), handler)


def _work(job: RunningJob, handler: Handler) -> None:
    try:
        outcome = handler.work(job)
        if not job.is_finished:
            with job.finishing() as result:
                result.update(outcome or {})
    except LeaseLost:
        log.warning("job %s (%s): somebody else has it now; nothing was written", job.id, handler.kind)
        return
    except CannotSucceed as error:
        _record_failure(job.claim, error, is_hopeless=True)
        return
    except Exception as error:  # noqa: BLE001  whatever it was, it is recorded with the job
        _record_failure(job.claim, error)
        return
    log.info("job %s (%s): done", job.id, handler.kind)
    tell(requested_by=job.requested_by, kind="job_succeeded", job_id=job.id)


def tell(*, requested_by: UUID | None, kind: str, job_id: UUID) -> None:
    """Tell whoever asked for a job that it has ended."""
    if requested_by is not None:
        notify(user_id=requested_by, kind=kind, object_id=job_id)


def _record_failure(claim: Claim, error: Exception, *, is_hopeless: bool = False) -> None:
    status = claims.fail(claim=claim, error=_describe(error), is_hopeless=is_hopeless)
    log.error("job %s (%s): %s", claim.job_id, claim.kind, status or "lost", exc_info=error)
    if status == "dead":
        tell(requested_by=claim.requested_by, kind="job_dead", job_id=claim.job_id)


def _describe(error: Exception) -> str:
    """Say what failed and where: names and line numbers, no values of variables."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = "\n".join(f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__}: {error}\n{where}".strip()
