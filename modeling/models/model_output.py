from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import one_of, reference, time_stamp, uuid_key


class ModelOutput(models.Model):
    """A climber's trained coefficients."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    coefficients = models.JSONField()
    confidence_intervals = models.JSONField(null=True, blank=True)
    sessions_included = models.IntegerField(db_default=0)
    phase = models.TextField(null=True, blank=True)
    shrinkage_factor = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)
    last_trained_at = time_stamp(db_default=False)
    model_version = models.TextField(null=True, blank=True)
    training_duration_sec = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    created_at = time_stamp()
    updated_at = time_stamp()

    class Meta:
        db_table = "model_outputs"
        constraints = [
            one_of("phase", ["cold_start", "learning", "personalized"], table="model_outputs"),
            models.UniqueConstraint(fields=["user"], name="model_outputs_user"),
        ]

    def __str__(self) -> str:
        return f"model of {self.user_id}"
