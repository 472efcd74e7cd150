from __future__ import annotations

from django.db import models

from climbiq.common.fields import empty_array, one_of, readable_days, readable_times, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData


class RuleReviewSession(models.Model):
    """A meeting of coaches."""

    id = uuid_key()
    session_date = models.DateField()
    session_name = models.TextField(null=True, blank=True)
    participants = empty_array(models.UUIDField())
    scenarios_reviewed = models.IntegerField(null=True, db_default=0)
    rules_created = models.IntegerField(null=True, db_default=0)
    rules_modified = models.IntegerField(null=True, db_default=0)
    notes = models.TextField(null=True, blank=True)
    status = models.TextField(null=True, db_default="in_progress")
    created_at = time_stamp()
    completed_at = time_stamp(db_default=False)

    personal_data = PersonalData(
        what="meetings of coaches in which you took part",
        people=("participants",),
        fate="kept",
        why="minutes of the rules; they name you only by the key of your account",
    )

    class Meta:
        db_table = "rule_review_sessions"
        constraints = [
            one_of(
                "status",
                ["scheduled", "in_progress", "completed", "cancelled"],
                table="rule_review_sessions",
            ),
            *readable_times("created_at", "completed_at", table="rule_review_sessions"),
            *readable_days("session_date", table="rule_review_sessions"),
        ]

    def __str__(self) -> str:
        return self.session_name or f"review of {self.session_date}"
