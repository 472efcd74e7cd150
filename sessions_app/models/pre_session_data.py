from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from climbiq.common.fields import (
    between,
    finite,
    flat_list,
    one_of,
    readable_times,
    reference,
    time_stamp,
    uuid_key,
)
from climbiq.common.personal_data import PersonalData
from sessions_app.domain.records import DERIVED

TABLE = "pre_session_data"


class PreSessionData(models.Model):
    """How the climber arrives and what they plan. NULL means "not stated", never zero."""

    id = uuid_key()
    session = models.OneToOneField(
        "sessions_app.Session",
        on_delete=models.DO_NOTHING,
        db_column="session_id",
        db_constraint=False,
        related_name="pre",
    )
    # The owner again: a policy on one's own column costs nothing, one that looks up the session costs the table.
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")

    sleep_hours = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    sleep_quality = models.IntegerField(null=True, blank=True)
    sleep_notes = models.TextField(null=True, blank=True)

    energy_level = models.IntegerField(null=True, blank=True)
    soreness_level = models.IntegerField(null=True, blank=True)
    days_since_last_session = models.IntegerField(null=True, blank=True)
    days_since_hard_session = models.IntegerField(null=True, blank=True)

    stress_level = models.IntegerField(null=True, blank=True)
    motivation_level = models.IntegerField(null=True, blank=True)

    current_niggles = models.JSONField(null=True, blank=True)

    planned_caffeine_mg = models.IntegerField(null=True, blank=True, db_default=0)
    planned_warmup_min = models.IntegerField(null=True, blank=True)
    planned_session_type = models.TextField(null=True, blank=True)
    planned_intensity = models.TextField(null=True, blank=True)

    session_goal = models.TextField(null=True, blank=True)
    specific_objectives = ArrayField(models.TextField(), null=True, blank=True)

    time_of_day = models.TextField(null=True, blank=True)
    # Which of days since and time of day the climber said; the others are derived anew when the diary changes. NULL:
    # not recorded, as in plain SQL, and what has a value counts as said.
    derived_said = ArrayField(models.TextField(), null=True, blank=True)
    time_available_min = models.IntegerField(null=True, blank=True)

    # From opening the form to its first submission; NULL where it did not come from a page.
    form_seconds = models.IntegerField(null=True, blank=True)

    recommendations_shown = models.JSONField(null=True, blank=True)
    created_at = time_stamp()

    personal_data = PersonalData(what="what you said before sessions", people=("user_id",), fate="erased")

    class Meta:
        db_table = TABLE
        indexes = [models.Index(fields=["user"], name="pre_session_data_user")]
        constraints = [
            *finite("sleep_hours", table=TABLE),
            between("sleep_quality", 1, 5, table=TABLE),
            between("energy_level", 1, 5, table=TABLE),
            between("soreness_level", 1, 5, table=TABLE),
            between("stress_level", 1, 5, table=TABLE),
            between("motivation_level", 1, 5, table=TABLE),
            between("form_seconds", 0, 3600, table=TABLE),
            models.CheckConstraint(
                condition=models.Q(derived_said__contained_by=list(DERIVED)),
                name="pre_session_data_derived_said_check",
            ),
            *flat_list("derived_said", "specific_objectives", table=TABLE),
            one_of("planned_intensity", ["max", "high", "moderate", "low"], table=TABLE),
            one_of("time_of_day", ["morning", "midday", "afternoon", "evening"], table=TABLE),
            *readable_times("created_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return f"before session {self.session_id}"
