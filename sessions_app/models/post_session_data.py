from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from climbiq.common.fields import between, flat_list, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

TABLE = "post_session_data"


class PostSessionData(models.Model):
    """How it went, and where it differed from the plan. The model learns from what was done, not what was meant."""

    id = uuid_key()
    session = models.OneToOneField(
        "sessions_app.Session",
        on_delete=models.DO_NOTHING,
        db_column="session_id",
        db_constraint=False,
        related_name="post",
    )
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")

    session_quality = models.IntegerField(null=True, blank=True)

    energy_post = models.IntegerField(null=True, blank=True)
    skin_condition = models.IntegerField(null=True, blank=True)
    psyched_level = models.IntegerField(null=True, blank=True)

    sends = ArrayField(models.TextField(), null=True, blank=True)
    attempts_on_projects = models.IntegerField(null=True, blank=True)
    new_grades_tried = models.BooleanField(null=True, db_default=False)

    deviated_from_plan = models.BooleanField(null=True, db_default=False)
    actual_caffeine_mg = models.IntegerField(null=True, blank=True)
    actual_session_type = models.TextField(null=True, blank=True)
    actual_duration_min = models.IntegerField(null=True, blank=True)
    actual_warmup_min = models.IntegerField(null=True, blank=True)
    actual_intensity = models.TextField(null=True, blank=True)
    deviation_reason = models.TextField(null=True, blank=True)
    deviation_details = models.JSONField(null=True, blank=True)

    what_went_well = models.TextField(null=True, blank=True)
    what_could_improve = models.TextField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)

    new_niggles = models.JSONField(null=True, blank=True)
    # From opening the form to its first submission; NULL where it did not come from a page.
    form_seconds = models.IntegerField(null=True, blank=True)
    created_at = time_stamp()

    personal_data = PersonalData(what="what you said after sessions", people=("user_id",), fate="erased")

    class Meta:
        db_table = TABLE
        indexes = [models.Index(fields=["user"], name="post_session_data_user")]
        constraints = [
            between("session_quality", 1, 10, table=TABLE),
            between("energy_post", 1, 5, table=TABLE),
            between("skin_condition", 1, 5, table=TABLE),
            between("psyched_level", 1, 5, table=TABLE),
            between("form_seconds", 0, 3600, table=TABLE),
            *flat_list("sends", table=TABLE),
            *readable_times("created_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return f"after session {self.session_id}"
