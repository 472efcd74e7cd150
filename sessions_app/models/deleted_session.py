from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import readable_times, reference, time_stamp
from climbiq.common.personal_data import PersonalData

TABLE = "deleted_sessions"


class DeletedSession(models.Model):
    """That a session was deleted, and which copy brings it back: nothing of the session itself.

    Taken away when it is brought back, so each copy undoes one deletion; thrown away when it is too late for that.
    """

    session_id = models.UUIDField(primary_key=True, editable=False)
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    copy = models.TextField()
    deleted_at = time_stamp()

    personal_data = PersonalData(
        what="which sessions you deleted in the last hour or so",
        people=("user_id",),
        fate="erased",
        withheld={"copy": "a random mark on your copy of the session"},
    )

    class Meta:
        db_table = TABLE
        constraints = [*readable_times("deleted_at", table=TABLE)]

    def __str__(self) -> str:
        return f"deleted {self.deleted_at}"
