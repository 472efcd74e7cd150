from __future__ import annotations

from django.db import models

from climbiq.common.fields import readable_times, time_stamp, uuid_key


class ScheduledRun(models.Model):
    """One slot of a schedule: two beats for the same slot make one run."""

    id = uuid_key()
    name = models.TextField()
    slot = models.DateTimeField()
    outcome = models.TextField(default="", blank=True, db_default="")
    created_at = time_stamp()

    class Meta:
        db_table = "scheduled_runs"
        ordering = ["-slot"]
        constraints = [
            models.UniqueConstraint(fields=["name", "slot"], name="scheduled_runs_name_slot"),
            *readable_times("slot", "created_at", table="scheduled_runs"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.slot:%Y-%m-%d %H:%M}"
