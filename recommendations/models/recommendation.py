from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import finite, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData
from recommendations.domain import rounding


class Recommendation(models.Model):
    """Everything one recommendation was made from and everything it said: its evidence record.

    Its events are rows of their own, so a stream can be resumed; `last_seq` and the lease keep them gapless and
    written by one process at a time.
    """

    id = uuid_key()
    user = reference(settings.AUTH_USER_MODEL, column="user_id", related_name="+")
    session = reference("sessions_app.Session", column="session_id", null=True, related_name="+")
    idempotency_key = models.TextField(null=True, blank=True)
    request_digest = models.TextField(null=True, blank=True)
    conditions = models.JSONField()
    evidence = models.JSONField()
    shadow = models.JSONField(null=True, blank=True)
    overridden_by_rule = reference(
        "experts.ExpertRule", column="overridden_by_rule", null=True, related_name="+"
    )
    expected_quality = models.FloatField(null=True, blank=True)
    own_forecast = models.FloatField(null=True, blank=True)
    own_forecast_at = time_stamp(db_default=False)
    revealed_at = time_stamp(db_default=False)
    rules_version = models.BigIntegerField()
    prior_version = models.IntegerField()
    model_version = models.TextField()
    texts = models.JSONField(null=True, blank=True)
    last_seq = models.IntegerField(db_default=0)
    is_done = models.BooleanField(db_default=False)
    lease_until = time_stamp(db_default=False)
    lease_token = models.BigIntegerField(db_default=0)
    created_at = time_stamp()
    done_at = time_stamp(db_default=False)

    personal_data = PersonalData(
        what="recommendations, with everything they were made from,"
        " and what the model would have said where a rule spoke",
        people=("user_id",),
        fate="erased",
        withheld=dict.fromkeys(
            ("request_digest", "lease_until", "lease_token"),
            "it keeps the program's writers apart and says nothing about you",
        ),
        # Of one's own answers, so one's own: an export has it, though nothing else shows it (ADR 18).
        meanings={
            "shadow": "what the model would have said where a rule spoke instead: kept to judge the rule, not advice",
            "expected_quality": "the model's number, 1–10; where a rule spoke it was not shown to you",
            "evidence": "what it was made from: rules, priors, what was known of climbers",
            "conditions": "what you had said, and what was counted from your diary",
            "own_forecast": "your own guess of the session's quality, 1–10, before ours was shown",
        },
    )

    class Meta:
        db_table = "recommendations"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="recommendations_user_created"),
            models.Index(fields=["session"], name="recommendations_session"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "user"], name="recommendations_id_user"),
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="recommendations_user_key"),
            models.CheckConstraint(
                condition=models.Q(own_forecast__range=(1, 10)), name="recommendations_own_forecast_check"
            ),
            *finite("expected_quality", table="recommendations"),
            *readable_times(
                "own_forecast_at",
                "revealed_at",
                "lease_until",
                "created_at",
                "done_at",
                table="recommendations",
            ),
        ]

    def __str__(self) -> str:
        return f"recommendation {self.pk}"

    @property
    def is_overridden(self) -> bool:
        """Whether a rule spoke instead of the model."""
        return self.overridden_by_rule_id is not None

    @property
    def shown_quality(self) -> float | None:
        """What the climber was told to expect; under a rule the model's number is shown nowhere (an export has it)."""
        if self.is_overridden or self.expected_quality is None:
            return None
        return rounding.quality(self.expected_quality)
