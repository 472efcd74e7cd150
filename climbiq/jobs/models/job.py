from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import finite, one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData


class Job(models.Model):
    """A piece of background work. This row is the truth; a message to a worker only rings its bell."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Will be tried again"
        DEAD = "dead", "Given up"

    id = uuid_key()
    kind = models.TextField()
    dedupe_key = models.TextField(null=True, blank=True)
    payload = models.JSONField(default=dict, db_default=models.Value("{}", models.JSONField()))
    status = models.TextField(choices=Status.choices, default=Status.QUEUED, db_default="queued")
    attempts = models.IntegerField(default=0, db_default=0)
    max_attempts = models.IntegerField(default=3, db_default=3)
    # The fencing token: a worker may only write results while it still holds the latest one.
    token = models.BigIntegerField(default=0, db_default=0)
    lease_until = time_stamp(db_default=False)
    run_after = time_stamp()
    # When a worker was last told of it. It is told at once; the reaper looks after messages that were lost.
    rung_at = time_stamp()
    progress = models.FloatField(null=True, blank=True)
    progress_note = models.TextField(default="", blank=True, db_default="")
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(default="", blank=True, db_default="")
    requested_by = reference(settings.AUTH_USER_MODEL, column="requested_by", null=True, related_name="+")
    created_at = time_stamp()
    started_at = time_stamp(db_default=False)
    finished_at = time_stamp(db_default=False)

    personal_data = PersonalData(
        what="background work that you asked for",
        people=("requested_by",),
        fate="erased",
        withheld=dict.fromkeys(
            ("token", "lease_until", "rung_at", "run_after", "dedupe_key", "error"),
            "it keeps the program's workers apart and says nothing about you",
        ),
    )

    class Meta:
        db_table = "jobs"
        ordering = ["-created_at"]
        constraints = [
            one_of("status", ["queued", "running", "succeeded", "failed", "dead"], table="jobs"),
            *finite("progress", table="jobs"),
            models.UniqueConstraint(
                # Not one that runs: what it has read already may be older than the request.
                fields=["kind", "dedupe_key"],
                condition=models.Q(status__in=["queued", "failed"]),
                name="jobs_one_open_per_key",
            ),
            *readable_times(
                "lease_until", "run_after", "rung_at", "created_at", "started_at", "finished_at", table="jobs"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=models.Q(status__in=["queued", "running", "failed"]),
                name="jobs_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
