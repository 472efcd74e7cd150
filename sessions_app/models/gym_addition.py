from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

TABLE = "gym_additions"


class GymAddition(models.Model):
    """Who added a gym, and when: known to themselves alone, so that nobody fills everybody's list."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    gym = reference("sessions_app.Gym", column="gym_id", related_name="+")
    added_at = time_stamp()

    personal_data = PersonalData(what="the gyms that you added", people=("user_id",), fate="erased")

    class Meta:
        db_table = TABLE
        indexes = [models.Index(fields=["user", "-added_at"], name="gym_additions_user")]
        constraints = [*readable_times("added_at", table=TABLE)]

    def __str__(self) -> str:
        return f"gym {self.gym_id}, {self.added_at}"
