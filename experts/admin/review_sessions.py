"""Meetings of coaches: all of them read, facilitators write."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponse
from django.utils import timezone

from climbiq.common.model_admin import AnyModelAdmin
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
EARLIEST: Final = date(1950, 1, 1)
MAX_NAME_CHARS: Final = 200
SAID: Final = (
    *("session_date", "session_name", "participants", "status"),
    *("scenarios_reviewed", "rules_created", "rules_modified", "notes"),
)
COUNTS: Final = ("scenarios_reviewed", "rules_created", "rules_modified")


if TYPE_CHECKING:
    ReviewSessionModelForm = forms.ModelForm[RuleReviewSession]
else:
    ReviewSessionModelForm = forms.ModelForm


class ReviewSessionForm(ReviewSessionModelForm):
    """What a facilitator notes of a meeting."""

    session_name = forms.CharField(max_length=MAX_NAME_CHARS, required=False, widget=AdminTextInputWidget())
    participants = Coaches(
        required=False, help_text="Coaches who were there. Hold Ctrl, or ⌘, to choose several."
    )
    status = forms.ChoiceField(choices=list(STATUSES.items()), initial="in_progress")
    scenarios_reviewed = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_created = forms.IntegerField(min_value=0, max_value=10_000, initial=0)
    rules_modified = forms.IntegerField(min_value=0, max_value=10_000, initial=0)

    revision = forms.CharField(required=False, widget=forms.HiddenInput())

    class Meta:
        model = RuleReviewSession
        fields = ["session_date", "session_name", "participants", "status", *COUNTS, "notes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = self.fields["participants"]
        assert isinstance(choose, Coaches)  # noqa: S101  for the type checker
        stored = self.instance.participants
        choose.keep(stored if isinstance(stored, list) else ())  # a new row's is the database's default
        if self._is_stored:
            self.initial["revision"] = _revision(self.instance)

    @property
    def _is_stored(self) -> bool:
        return not self.instance._state.adding  # noqa: SLF001  Django's documented flag

    def clean_session_date(self) -> date:
        """Between the first that anybody can remember and what is planned at most."""
        day: date = self.cleaned_data["session_date"]
        latest = date(timezone.localdate().year + 1, 12, 31)
        if not EARLIEST <= day <= latest:
            raise forms.ValidationError(f"Take a day from {EARLIEST.year} to {latest.year}.")
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse to write over what somebody else has stored since the page was opened; once said, saving means it."""
        cleaned = super().clean() or self.cleaned_data
        said = cleaned.get("revision")
        if not said or not self._is_stored:
            return cleaned
        now = RuleReviewSession.objects.select_for_update().get(pk=self.instance.pk)
        if said != _revision(now):
            self.add_error(None, _changed_meanwhile(now, cleaned))
            typed = QueryDict(mutable=True)
            typed.update(self.data)
            typed[self.add_prefix("revision")] = _revision(now)
            self.data = typed
        return cleaned

    def clean_participants(self) -> list[UUID]:
        """Their keys: the column holds no more."""
        return [coach.pk for coach in self.cleaned_data["participants"]]


def _revision(meeting: RuleReviewSession) -> str:
    """Of everything that the form shows."""
    shown = json.dumps([getattr(meeting, name) for name in SAID], default=str)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _changed_meanwhile(meeting: RuleReviewSession, typed: dict[str, Any]) -> str:
    """Who, and where it differs from what was typed."""
    last = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(RuleReviewSession), object_id=str(meeting.pk)
    ).values_list("user_id", flat=True)
    keys = [str(key) for key in last.order_by("-action_time")[:1]]
    who = ", ".join(names_of(keys).values()) or "somebody else"
    other = [
        name.replace("_", " ")
        for name in SAID
        if name in typed and (getattr(meeting, name) or None) != (typed[name] or None)
    ]
    differs = f" It differs from yours in: {', '.join(other)}." if other else ""
    return (
        f"This meeting was changed by {who} while you had it open.{differs} Nothing of yours was stored: look again, "
        "then save what shall stand."
    )


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
        if is_facilitator(request):
            return ["session_date", "session_name", "participants", "status", *COUNTS, "notes", "revision"]
        return ["session_date", "session_name", "who", "status", *COUNTS, "notes"]

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
