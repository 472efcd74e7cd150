"""Meetings of coaches."""

from __future__ import annotations

from django.contrib import admin

from experts.admin.access import CoachesRead
from experts.models import RuleReviewSession


@admin.register(RuleReviewSession)
class ReviewSessionAdmin(CoachesRead):
    """When coaches met, who was there, and what came of it."""

    when_empty = (
        "No meeting yet. One appears here, with what came of it, once it is written into the table "
        "rule_review_sessions; there is no form for it yet."
    )
    list_display = [
        "session_date",
        "session_name",
        "status",
        "scenarios_reviewed",
        "rules_created",
        "rules_modified",
    ]
    list_filter = ["status"]
    search_fields = ["session_name", "notes"]
    ordering = ["-session_date", "id"]
    date_hierarchy = "session_date"

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}
