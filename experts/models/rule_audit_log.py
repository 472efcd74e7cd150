from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData


class RuleAuditLog(models.Model):
    """Who changed which rule, when, from what to what, and why. Written by a trigger; append-only."""

    id = uuid_key()
    rule = reference("experts.ExpertRule", column="rule_id", related_name="audit_log")
    action = models.TextField()
    changed_by = reference(settings.AUTH_USER_MODEL, column="changed_by", null=True, related_name="+")
    previous_state = models.JSONField(null=True, blank=True)
    new_state = models.JSONField(null=True, blank=True)
    reason = models.TextField(null=True, blank=True)
    created_at = time_stamp()

    personal_data = PersonalData(
        what="changes to rules that you made",
        people=("changed_by",),
        fate="kept",
        why="the log of safety rules must not have gaps; it names you only by the key of your account",
    )

    class Meta:
        db_table = "rule_audit_log"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["rule"], name="idx_rule_audit_log_rule")]
        constraints = [
            one_of(
                "action",
                ["created", "modified", "activated", "deactivated", "superseded"],
                table="rule_audit_log",
            ),
            *readable_times("created_at", table="rule_audit_log"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.created_at:%Y-%m-%d %H:%M} UTC"
