from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData


class IdempotencyRecord(models.Model):
    """What a write with an `Idempotency-Key` answered, so that its repetition answers the same."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    key = models.TextField()
    method = models.TextField()
    path = models.TextField()
    body_digest = models.TextField()
    status = models.IntegerField()
    content_type = models.TextField()
    headers = models.JSONField(default=dict, db_default=models.Value("{}", models.JSONField()))
    body = models.BinaryField()
    created_at = time_stamp()

    personal_data = PersonalData(
        what="changes that you sent by API, kept for a day in case they are sent again",
        people=("user_id",),
        fate="erased",
        withheld={
            "body": "what was answered then; the data itself is in the other files",
            "body_digest": "a checksum of what you sent",
        },
    )

    class Meta:
        db_table = "idempotency_records"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_records_user_key"),
            *readable_times("created_at", table="idempotency_records"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
