from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData


class ApiToken(models.Model):
    """A personal key for scripts and apps. Only its digest is kept; the prefix helps its owner recognise it."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    name = models.CharField(max_length=80)
    prefix = models.TextField()
    digest = models.BinaryField(unique=True)
    scope = models.TextField(default="write", choices=[("read", "Read only"), ("write", "Read and write")])
    created_at = time_stamp()
    expires_at = time_stamp(db_default=False)
    last_used_at = time_stamp(db_default=False)
    revoked_at = time_stamp(db_default=False)

    personal_data = PersonalData(
        what="your keys for scripts and apps",
        people=("user_id",),
        fate="erased",
        withheld={"digest": "a fingerprint of the key, by which it is recognised"},
    )

    class Meta:
        db_table = "api_tokens"
        constraints = [
            one_of("scope", ["read", "write"], table="api_tokens"),
            *readable_times("created_at", "expires_at", "last_used_at", "revoked_at", table="api_tokens"),
        ]
        indexes = [models.Index(fields=["user"], name="api_tokens_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
