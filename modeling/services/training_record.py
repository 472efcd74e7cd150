"""The record of a run, one row written as it goes, and the lock that lets one run at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from modeling.models import TrainingRun

# Any number that nobody else uses.
_LOCK: Final = 0x436C_696D_6249_5154
_OPEN: Final = ("running", "sampled")


class TrainingIsRunning(RuntimeError):
    """Another run is at work; this one has not begun."""


class RunWasTaken(RuntimeError):
    """This run was taken for dead while it went on: it may write nothing more."""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock of training, however the process ends.

    It belongs to a transaction on a connection of its own: it ends with the connection, so that a killed process
    leaves nothing locked, and a pooler that hands connections around cannot lose it.

    Raises
    ------
    TrainingIsRunning
        When somebody else has it.
    """
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            is_ours = cursor.fetchone()[0]
        if not is_ours:
            raise TrainingIsRunning(_who_runs())
        yield
    finally:
        own.close()


def _who_runs() -> str:
    run = TrainingRun.objects.filter(status__in=_OPEN).order_by("-started_at").first()
    if run is None or run.started_at is None:
        return "another training is running"
    return f"another training is running since {run.started_at:%Y-%m-%d %H:%M} UTC, stage: {run.stage or 'start'}"


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """The row of a run that is under way."""

    run_id: UUID
    durations: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _stage: str = ""
    _stage_began: float = 0.0

    @classmethod
    def open(cls, *, trigger: str, requested_by: UUID | None, job_id: UUID | None) -> RunRecord:
        """Begin a run."""
        run = TrainingRun.objects.create(
            trigger=trigger, requested_by_id=requested_by, job_id=job_id, started_at=timezone.now()
        )
        return cls(run_id=run.pk)

    def stage(self, name: str, *, progress: float) -> None:
        """Begin a stage, and note how long the one before took."""
        self._end_stage()
        self._stage, self._stage_began = name, time.monotonic()
        self.write(stage=name, progress=progress, durations=self.durations)

    def write(self, **values: Any) -> None:
        """Change the row.

        Raises
        ------
        RunWasTaken
            It has ended already: another run took this one for dead.
        """
        if not TrainingRun.objects.filter(pk=self.run_id, status__in=_OPEN).update(**values):
            raise RunWasTaken(f"training run {self.run_id} was taken for dead while it went on")

    def end(self, *, status: str, reasons: tuple[str, ...] = (), **values: Any) -> None:
        """Write the end, in the caller's transaction; the row is never changed again."""
        self._end_stage()
        self.write(
            status=status,
            reasons=list(reasons),
            notes=self.notes,
            durations=self.durations,
            finished_at=timezone.now(),
            progress=1.0,
            **values,
        )

    @property
    def seconds(self) -> float:
        """How long all stages took together, the current one included."""
        current = time.monotonic() - self._stage_began if self._stage else 0.0
        return sum(self.durations.values()) + current

    def _end_stage(self) -> None:
        if self._stage:
            spent = self.durations.get(self._stage, 0.0) + time.monotonic() - self._stage_began
            self.durations[self._stage] = round(spent, 3)
        self._stage = ""


def bury_interrupted(*, successor: UUID, inputs_hash: str) -> TrainingRun | None:
    """End the runs that no process is at work on any more; return the one whose draws can be taken up.

    Call it under :func:`one_at_a_time`: whoever holds the lock knows that nobody else is at work.
    """
    found = None
    for run in TrainingRun.objects.filter(status__in=_OPEN).exclude(pk=successor).order_by("started_at"):
        if run.status == "running":
            reason = f"its process ended in the stage “{run.stage or 'start'}”"
        elif run.inputs_hash == inputs_hash:
            found = run
            reason = f"its process ended after the sampling; run {successor} goes on from there"
        else:
            reason = "its process ended after the sampling, and what there is to learn from has changed since"
        TrainingRun.objects.filter(pk=run.pk).update(
            status="failed", reasons=[*run.reasons, reason], finished_at=timezone.now()
        )
    return found
