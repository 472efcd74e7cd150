from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from climbiq.common.fields import between, finite, one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData
from climbiq.domain import vocabularies as words

TABLE = "baseline_assessments"


class BaselineAssessment(models.Model):
    """Who the climber is. A new assessment retires the one before it and never overwrites it."""

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    assessed_at = time_stamp()

    age = models.IntegerField(null=True, blank=True)
    sex = models.TextField(null=True, blank=True)
    height_cm = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    arm_span_cm = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)

    years_climbing = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    current_boulder_grade = models.TextField(null=True, blank=True)
    current_route_grade = models.TextField(null=True, blank=True)
    peak_boulder_grade = models.TextField(null=True, blank=True)
    peak_route_grade = models.TextField(null=True, blank=True)
    primary_discipline = models.TextField(null=True, blank=True)
    sessions_per_week = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)

    max_hang_weight_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    max_hang_edge_mm = models.IntegerField(null=True, blank=True)
    max_pullups = models.IntegerField(null=True, blank=True)

    performance_anxiety = models.IntegerField(null=True, blank=True)
    competition_orientation = models.IntegerField(null=True, blank=True)
    process_vs_outcome = models.IntegerField(null=True, blank=True)

    typical_recovery_days = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    sleep_quality_typical = models.IntegerField(null=True, blank=True)
    injury_history = models.JSONField(null=True, blank=True)

    has_coach = models.BooleanField(null=True, db_default=False)
    has_hangboard = models.BooleanField(null=True, db_default=False)
    has_home_wall = models.BooleanField(null=True, db_default=False)
    gym_access = models.TextField(null=True, blank=True)

    is_current = models.BooleanField(null=True, db_default=True)
    created_at = time_stamp()
    updated_at = time_stamp()

    personal_data = PersonalData(
        what="your profile as a climber, in every version", people=("user_id",), fate="erased"
    )

    class Meta:
        db_table = TABLE
        indexes = [models.Index(fields=["user", "is_current"], name="idx_baseline_user_current")]
        constraints = [
            one_of("sex", ["male", "female", "other", "prefer_not_to_say"], table=TABLE),
            one_of("primary_discipline", list(words.DISCIPLINES), table=TABLE),
            one_of("gym_access", list(words.GYM_ACCESS), table=TABLE),
            between("performance_anxiety", 1, 10, table=TABLE),
            between("competition_orientation", 1, 10, table=TABLE),
            between("process_vs_outcome", 1, 10, table=TABLE),
            between("sleep_quality_typical", 1, 5, table=TABLE),
            *finite(
                *("height_cm", "weight_kg", "arm_span_cm", "years_climbing", "sessions_per_week"),
                *("max_hang_weight_kg", "typical_recovery_days"),
                table=TABLE,
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_current=True), name="baseline_assessments_one_current"
            ),
            *readable_times("assessed_at", "created_at", "updated_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return f"baseline {self.pk}"
