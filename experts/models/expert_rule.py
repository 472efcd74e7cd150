from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from climbiq.common.fields import (
    between,
    empty_array,
    one_of,
    readable_times,
    reference,
    time_stamp,
    uuid_key,
)
from climbiq.common.personal_data import PersonalData

TABLE = "expert_rules"


class ExpertRuleQuerySet(models.QuerySet["ExpertRule"]):
    """Rules, filtered the ways the engine and the admin ask for them."""

    def active(self) -> ExpertRuleQuerySet:
        """Rules that take part in decisions; expiry is judged at the moment of the decision."""
        return self.filter(is_active=True, superseded_by=None)

    def in_use(self) -> ExpertRuleQuerySet:
        """Rules that are evaluated: those in force, and those in shadow."""
        return self.filter(lifecycle__in=["active", "shadow"], superseded_by=None)

    def by_priority(self) -> ExpertRuleQuerySet:
        """The order in which rules are asked."""
        return self.order_by("-priority", "name")


class ExpertRule(models.Model):
    """A coach's rule. The database derives `is_active` from the lifecycle and writes the audit log itself."""

    class Lifecycle(models.TextChoices):
        DRAFT = "draft", "Draft"
        SHADOW = "shadow", "Shadow (evaluated, never shown)"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        RETIRED = "retired", "Retired"

    id = uuid_key()
    name = models.TextField(unique=True)
    description = models.TextField(null=True, blank=True)
    conditions = models.JSONField()
    actions = models.JSONField()
    condition_fields = empty_array(models.TextField())

    rule_category = models.TextField(null=True, blank=True)
    priority = models.IntegerField(null=True, db_default=50)
    confidence = models.TextField(null=True, blank=True)
    is_active = models.BooleanField(null=True, db_default=True, editable=False)

    source = models.TextField(null=True, blank=True)
    evidence = models.TextField(null=True, blank=True)
    contributors = empty_array(models.UUIDField())
    source_scenario = reference(
        "experts.SyntheticScenario", column="source_scenario_id", null=True, related_name="+"
    )
    review_session = reference(
        "experts.RuleReviewSession", column="review_session_id", null=True, related_name="+"
    )

    created_at = time_stamp()
    updated_at = time_stamp()
    created_by = reference(settings.AUTH_USER_MODEL, column="created_by", null=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    superseded_by = reference("experts.ExpertRule", column="superseded_by", null=True, related_name="+")

    lifecycle = models.TextField(choices=Lifecycle.choices, default=Lifecycle.DRAFT, db_default="draft")
    version = models.IntegerField(db_default=1, editable=False)
    updated_by = reference(settings.AUTH_USER_MODEL, column="updated_by", null=True, related_name="+")

    objects = ExpertRuleQuerySet.as_manager()

    personal_data = PersonalData(
        what="rules that you wrote, changed or contributed to",
        people=("created_by", "updated_by", "contributors"),
        fate="kept",
        why="climbers are advised by them; they name you only by the key of your account",
    )

    class Meta:
        db_table = TABLE
        indexes = [
            GinIndex(fields=["conditions"], name="idx_expert_rules_conditions"),
            GinIndex(fields=["condition_fields"], name="idx_expert_rules_condition_fie"),
            models.Index(fields=["rule_category"], name="idx_expert_rules_category"),
            models.Index(fields=["is_active", "-priority"], name="idx_expert_rules_active_priori"),
        ]
        constraints = [
            one_of(
                "rule_category",
                ["safety", "interaction", "edge_case", "conservative", "performance"],
                table=TABLE,
            ),
            between("priority", 0, 100, table=TABLE),
            one_of("confidence", ["high", "medium", "low"], table=TABLE),
            one_of(
                "source",
                ["literature", "coach_consensus", "ai_suggested", "safety_protocol", "manual"],
                table=TABLE,
            ),
            models.CheckConstraint(
                condition=~models.Q(superseded_by=models.F("id")), name="expert_rules_superseded_by_another"
            ),
            one_of("lifecycle", ["draft", "shadow", "active", "paused", "retired"], table=TABLE),
            *readable_times("created_at", "updated_at", "expires_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return self.name
