"""A job while it is being done: its heartbeat, how far it is, and the one transaction that ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection, transaction

from climbiq.common.leases import LeaseLost
from climbiq.jobs import claims
from climbiq.jobs.claims import LEASE_SECONDS, Claim

log = logging.getLogger(__name__)

BEATS_A_LEASE: Final = 4
# Progress is shown this soon, however often it is reported.
PROGRESS_SECONDS: Final = 1.0


class CannotSucceed(Exception):
    """Trying again would fail the same way: give the job up at once."""


class Heartbeat:
    """Extends a lease from a thread and a connection of its own, as long as this process lives."""

    def __init__(self, claim: Claim, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self.claim = claim
        self.lease_seconds = lease_seconds
        self.is_lost = False
        self._progress: tuple[float | None, str] = (None, "")
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._news.set()
        self._thread.join()

    def report(self, progress: float | None, note: str) -> None:
        """Remember how far the work is; the thread writes it, and each new stage is told in the log."""
        if note != self._progress[1]:
            share = "" if progress is None else f" ({progress:.0%})"
            log.info("job %s (%s): %s%s", self.claim.job_id, self.claim.kind, note, share)
        self._progress = (progress, note)
        self._news.set()

    def _beat(self) -> None:
        every = self.lease_seconds / BEATS_A_LEASE
        try:
            while not self._stop.is_set():
                if self._news.wait(every):
                    self._stop.wait(min(PROGRESS_SECONDS, every))
                if self._stop.is_set() or self.is_lost:
                    return
                self._news.clear()
                self._extend()
        finally:
            connection.close()

    def _extend(self) -> None:
        progress, note = self._progress
        try:
            self.is_lost = not claims.extend(
                claim=self.claim, progress=progress, note=note, lease_seconds=self.lease_seconds
            )
        except DatabaseError as error:
            # The lease may outlive a short outage; if it does not, the token keeps us from writing.
            log.warning("job %s: no heartbeat: %s", self.claim.job_id, type(error).__name__)
            connection.close()


class RunningJob:
    """What a handler gets."""

    def __init__(self, claim: Claim, heartbeat: Heartbeat) -> None:
        self.claim = claim
        self.started_at = time.monotonic()
        self.is_finished = False
        self._heartbeat = heartbeat

    @property
    def id(self) -> UUID:
        """The job's key."""
        return self.claim.job_id

    @property
    def payload(self) -> Mapping[str, Any]:
        """What it was asked to do: keys of rows, never their content."""
        return self.claim.payload

    @property
    def attempt(self) -> int:
        """1 for the first time."""
        return self.claim.attempt

    @property
    def requested_by(self) -> UUID | None:
        """Who asked for it; None for the schedule."""
        return self.claim.requested_by

    def report(self, progress: float | None, note: str = "") -> None:
        """Say how far it is, from 0 to 1; LeaseLost when the job is not ours any more."""
        self.check()
        self._heartbeat.report(None if progress is None else min(max(progress, 0.0), 1.0), note[:200])

    def check(self) -> None:
        """Stop a long piece of work whose job has gone to somebody else."""
        if self._heartbeat.is_lost:
            raise LeaseLost(f"job {self.id} is not ours any more")

    @contextmanager
    def finishing(self) -> Iterator[dict[str, Any]]:
        """One transaction for all that the job writes and for its end; fill the dict with its result.

        Raises
        ------
        LeaseLost
            When somebody else has the job: nothing of this transaction stays.
        """
        with transaction.atomic():
            claims.hold(claim=self.claim)
            result: dict[str, Any] = {}
            yield result
            claims.succeed(claim=self.claim, result=result)
        self.is_finished = True
