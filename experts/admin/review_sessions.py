"""Meetings of coaches: all of them read, facilitators write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.utils import timezone

from climbiq.accounts.admin import AnyModelAdmin
from experts.admin.access import CoachesRead, is_facilitator
from experts.admin.coaches import Coaches
from experts.models import RuleReviewSession
from experts.selectors import names_of

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

    participants = Coaches(
        required=False, help_text="Coaches who were there. Hold Ctrl, or ⌘, to choose several."
    )
    status = forms.ChoiceField(choices=list(STATUSES.items()), initial="in_progress")
    scenarios_reviewed = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_created = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_modified = forms.IntegerField(min_value=0, max_value=10_000, initial=0)

    class Meta:
        model = RuleReviewSession
        fields = ["session_date", "session_name", "participants", "status", *COUNTS, "notes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = self.fields["participants"]
        assert isinstance(choose, Coaches)  # noqa: S101  for the type checker
        stored = self.instance.participants
        choose.keep(stored if isinstance(stored, list) else ())  # a new row's is the database's default

    def clean_participants(self) -> list[UUID]:
        """Their keys: the column holds no more."""
        return [coach.pk for coach in self.cleaned_data["participants"]]


@admin.register(RuleReviewSession)
class ReviewSessionAdmin(CoachesRead):
    """When coaches met, who was there, and what came of it."""

    when_empty = (
        "No meeting yet. Facilitators write one down, with who was there and what came of it: “Add rule review "
        "session”."
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
    readonly_fields = ["who"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Those who only read see participants by name."""
        del obj
        names = "participants" if is_facilitator(request) else "who"
        return ["session_date", "session_name", names, "status", *COUNTS, "notes"]

    @admin.display(description="participants")
    def who(self, meeting: RuleReviewSession) -> str:
        """By name."""
        keys = [str(key) for key in meeting.participants or ()]
        names = names_of(keys)
        return ", ".join(names.get(key, key) for key in keys) or "—"

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
