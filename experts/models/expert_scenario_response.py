from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import between, one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

TABLE = "expert_scenario_responses"
CONFIDENCES = ["high", "medium", "low"]


class ExpertScenarioResponse(models.Model):
    """One coach's judgment of one scenario."""

    id = uuid_key()
    scenario = reference("experts.SyntheticScenario", column="scenario_id", related_name="responses")
    expert = reference(settings.AUTH_USER_MODEL, column="expert_id", related_name="+")

    predicted_quality_optimal = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    predicted_quality_baseline = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    prediction_confidence = models.TextField(null=True, blank=True)

    recommended_session_type = models.TextField(null=True, blank=True)
    session_type_confidence = models.TextField(null=True, blank=True)

    treatment_recommendations = models.JSONField(null=True, blank=True)
    counterfactuals = models.JSONField(null=True, blank=True)
    key_drivers = models.JSONField(null=True, blank=True)
    interaction_effects = models.JSONField(null=True, blank=True)
    session_structure = models.JSONField(null=True, blank=True)

    reasoning = models.TextField(null=True, blank=True)
    agrees_with_ai = models.BooleanField(null=True)
    response_duration_sec = models.IntegerField(null=True, blank=True)
    is_complete = models.BooleanField(null=True, db_default=False)

    created_at = time_stamp()
    updated_at = time_stamp()

    personal_data = PersonalData(
        what="your judgments of scenarios",
        people=("expert_id",),
        fate="kept",
        why="advice stands on them; they name you only by the key of your account",
    )

    class Meta:
        db_table = TABLE
        indexes = [
            models.Index(fields=["scenario"], name="idx_expert_responses_scenario"),
            models.Index(fields=["expert"], name="idx_expert_responses_expert"),
            models.Index(fields=["is_complete"], name="idx_expert_responses_complete"),
        ]
        constraints = [
            between("predicted_quality_optimal", 1, 10, table="responses"),
            between("predicted_quality_baseline", 1, 10, table="responses"),
            one_of("prediction_confidence", CONFIDENCES, table="responses"),
            one_of("session_type_confidence", CONFIDENCES, table="responses"),
            models.UniqueConstraint(fields=["scenario", "expert"], name="expert_scenario_responses_once"),
            *readable_times("created_at", "updated_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return f"response {self.pk}"
