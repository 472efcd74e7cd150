from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from climbiq.common.fields import (
    finite,
    finite_list,
    one_of,
    readable_times,
    reference,
    text_list,
    time_stamp,
    uuid_key,
)
from climbiq.common.personal_data import PersonalData


class ModelOutput(models.Model):
    """A climber's trained coefficients, as of the night they were trained: serving goes on learning from there."""

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

    run = reference("modeling.TrainingRun", column="run_id", null=True, related_name="+")
    posterior_names = text_list()
    posterior_mean = ArrayField(models.FloatField(), null=True, blank=True)
    # Lower triangle, row by row: [c00, c10, c11, c20, ...].
    posterior_covariance = ArrayField(models.FloatField(), null=True, blank=True)
    # Today's departure from the climber's own intercept, quality points.
    level_mean = models.FloatField(null=True, blank=True)
    level_sd = models.FloatField(null=True, blank=True)
    noise_sd = models.FloatField(null=True, blank=True)
    # Name → 0 (the population's coefficient) … 1 (entirely the climber's own).
    reliability = models.JSONField(null=True, blank=True)
    # Names of what the climber never said: there the population's coefficient stands in.
    population_fallback = text_list()
    created_at = time_stamp()
    updated_at = time_stamp()

    personal_data = PersonalData(what="what the model believes about you", people=("user_id",), fate="erased")

    class Meta:
        db_table = "model_outputs"
        constraints = [
            one_of("phase", ["cold_start", "learning", "personalized"], table="model_outputs"),
            models.UniqueConstraint(fields=["user"], name="model_outputs_user"),
            *finite_list("posterior_mean", "posterior_covariance", table="model_outputs"),
            *finite("level_mean", table="model_outputs"),
            *finite(
                *("shrinkage_factor", "training_duration_sec", "level_sd", "noise_sd"),
                table="model_outputs",
                at_least=0,
            ),
            *readable_times("last_trained_at", "created_at", "updated_at", table="model_outputs"),
        ]

    def __str__(self) -> str:
        return f"model of {self.user_id}"
