from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import readable_times, reference, time_stamp
from climbiq.common.personal_data import PersonalData


class RecommendationEvent(models.Model):
    """One event of a stream, numbered without gaps."""

    pk = models.CompositePrimaryKey("recommendation_id", "seq")
    recommendation = reference("recommendations.Recommendation", column="recommendation_id", related_name="+")
    seq = models.IntegerField()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    event = models.TextField()
    data = models.TextField()
    created_at = time_stamp()

    personal_data = PersonalData(
        what="recommendations as they were shown to you, event by event", people=("user_id",), fate="erased"
    )

    class Meta:
        db_table = "recommendation_events"
        constraints = [
            *readable_times("created_at", table="recommendation_events"),
        ]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.event}"
