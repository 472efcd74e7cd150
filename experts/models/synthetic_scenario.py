from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from climbiq.common.fields import empty_array, one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

TABLE = "synthetic_scenarios"


class SyntheticScenario(models.Model):
    """An invented climber on an invented day, for coaches to judge. Archived, never deleted once answered."""

    id = uuid_key()
    baseline_snapshot = models.JSONField()
    pre_session_snapshot = models.JSONField()
    scenario_description = models.TextField(null=True, blank=True)
    edge_case_tags = empty_array(models.TextField())
    difficulty_level = models.TextField(null=True, blank=True)
    ai_recommendation = models.JSONField(null=True, blank=True)
    ai_reasoning = models.TextField(null=True, blank=True)
    status = models.TextField(null=True, db_default="pending")
    assigned_reviewers = empty_array(models.UUIDField())
    consensus_recommendation = models.JSONField(null=True, blank=True)
    converted_to_rule = reference(
        "experts.ExpertRule", column="converted_to_rule_id", null=True, related_name="+"
    )
    generated_at = time_stamp()
    generation_batch = models.TextField(null=True, blank=True)
    reviewed_at = time_stamp(db_default=False)
    review_session = reference(
        "experts.RuleReviewSession", column="review_session_id", null=True, related_name="+"
    )
    created_at = time_stamp()
    updated_at = time_stamp()

    personal_data = PersonalData(
        what="scenarios that you were asked to judge",
        people=("assigned_reviewers",),
        fate="kept",
        why="an invented climber; it names you only by the key of your account",
        withheld=dict.fromkeys(
            (
                "ai_recommendation",
                "ai_reasoning",
                "status",
                "consensus_recommendation",
                "converted_to_rule_id",
            ),
            "you would learn what others think before you have answered",
        ),
    )

    class Meta:
        db_table = TABLE
        ordering = ["-generated_at"]
        indexes = [
            models.Index(fields=["status"], name="idx_synthetic_scenarios_status"),
            GinIndex(fields=["edge_case_tags"], name="idx_synthetic_scenarios_edge_c"),
            models.Index(fields=["review_session"], name="idx_synthetic_scenarios_review"),
        ]
        constraints = [
            one_of("difficulty_level", ["easy", "medium", "hard", "expert"], table=TABLE),
            one_of(
                "status",
                ["pending", "in_review", "consensus_reached", "disputed", "needs_discussion", "archived"],
                table=TABLE,
            ),
            *readable_times("generated_at", "reviewed_at", "created_at", "updated_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return self.scenario_description or f"scenario {self.pk}"
