from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import (
    between,
    one_of,
    readable_days,
    readable_times,
    reference,
    time_stamp,
    uuid_key,
)
from climbiq.common.personal_data import PersonalData

TABLE = "sessions"


class Session(models.Model):
    """One visit to the wall: planned, then completed or skipped. A day may hold several."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    session_date = models.DateField()

    started_at = time_stamp(db_default=False)
    # What `started_at` said before the session began in earnest.
    planned_start_at = time_stamp(db_default=False)
    ended_at = time_stamp(db_default=False)
    duration_min = models.IntegerField(null=True, blank=True)

    gym = reference("sessions_app.Gym", column="gym_id", null=True, related_name="+")
    location_type = models.TextField(null=True, blank=True)

    status = models.TextField(null=True, db_default="planned")
    # Where the row came from, so that loading a diary twice changes nothing.
    import_key = models.TextField(null=True, blank=True, editable=False)

    created_at = time_stamp()
    updated_at = time_stamp()

    personal_data = PersonalData(what="your sessions", people=("user_id",), fate="erased")

    class Meta:
        db_table = TABLE
        indexes = [
            models.Index(fields=["user", "-session_date"], name="idx_sessions_user_date"),
            models.Index(fields=["gym", "user"], name="sessions_gym", condition=models.Q(gym__isnull=False)),
        ]
        constraints = [
            one_of("location_type", ["indoor_gym", "home_wall", "outdoor"], table=TABLE),
            one_of("status", ["planned", "in_progress", "completed", "skipped"], table=TABLE),
            models.UniqueConstraint(fields=["id", "user"], name="sessions_id_user"),
            models.UniqueConstraint(fields=["user", "import_key"], name="sessions_user_import_key"),
            *readable_times(
                "started_at", "planned_start_at", "ended_at", "created_at", "updated_at", table=TABLE
            ),
            *readable_days("session_date", table=TABLE),
            between("duration_min", 0, 1440, table=TABLE),
        ]

    def __str__(self) -> str:
        return f"{self.session_date} {self.status}"
