"""Meetings of coaches: all of them read, facilitators write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.utils import timezone

from climbiq.accounts.admin import AnyModelAdmin
from experts.admin.access import CoachesRead, is_facilitator
from experts.models import RuleReviewSession

STATUSES: Final = {
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "completed": "Completed",
    "cancelled": "Cancelled",
}
COUNTS: Final = ("scenarios_reviewed", "rules_created", "rules_modified")


if TYPE_CHECKING:
    ReviewSessionModelForm = forms.ModelForm[RuleReviewSession]
else:
    ReviewSessionModelForm = forms.ModelForm


class ReviewSessionForm(ReviewSessionModelForm):
    """What a facilitator notes of a meeting."""

    status = forms.ChoiceField(choices=list(STATUSES.items()), initial="in_progress")
    scenarios_reviewed = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_created = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_modified = forms.IntegerField(min_value=0, max_value=10_000, initial=0)

    class Meta:
        model = RuleReviewSession
        fields = ["session_date", "session_name", "status", *COUNTS, "notes"]


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

    form = ReviewSessionForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As the database's policy has it."""
        return is_facilitator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the database's policy has it."""
        del obj
        return is_facilitator(request)

    def save_model(self, request: HttpRequest, obj: RuleReviewSession, form: Any, change: bool) -> None:
        """A meeting was completed when somebody first said so."""
        if obj.status != "completed":
            obj.completed_at = None
        elif obj.completed_at is None:
            obj.completed_at = timezone.now()
        super().save_model(request, obj, form, change)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A form for facilitators, the bare page for everybody else."""
        if is_facilitator(request):
            return AnyModelAdmin.change_view(self, request, object_id, form_url, extra_context)
        return super().change_view(request, object_id, form_url, extra_context)

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}
