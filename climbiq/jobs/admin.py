"""Operators watch background work here, and give up jobs another try."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from climbiq.common.model_admin import AnyModelAdmin
from climbiq.jobs.models import Job, ScheduledRun
from climbiq.jobs.services import requeue


class OperatorsRead(AnyModelAdmin):
    """Rows that operators see and nobody edits by hand."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show them to operators."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to operators."""
        del obj
        return bool(request.user.is_active and request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Let nobody edit any of them."""
        del request, obj
        return list(self.fields or [])

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let code add them."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let code change them."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep them: the purge removes old ones."""
        del request, obj
        return False


@admin.register(Job)
class JobAdmin(OperatorsRead):
    """Background work, newest first."""

    when_empty = (
        "No background work yet. The schedule asks for some every hour, and so do buttons such as “Train now”; "
        "if this list stays empty, the scheduler (beat) does not run."
    )
    list_display = ["kind", "status", "how_far", "tries", "created_at", "finished_at", "what_failed"]
    list_filter = ["status", "kind"]
    date_hierarchy = "created_at"
    search_fields = ["=id", "dedupe_key", "error"]
    show_full_result_count = False
    actions = ["try_again"]
    fields = [
        "id",
        *("kind", "dedupe_key", "payload", "status", "how_far", "progress_note", "tries"),
        *("result", "error_text", "requested_by_id"),
        *("created_at", "run_after", "started_at", "lease_until", "finished_at"),
    ]

    @admin.display(description="Progress", ordering="progress")
    def how_far(self, job: Job) -> str | SafeString:
        """Show a bar, and the number for those who do not see it."""
        if job.progress is None:
            return ""
        percent = round(100 * job.progress)
        return format_html('<progress max="100" value="{0}">{0} %</progress> {0} %', percent)

    @admin.display(description="Attempts", ordering="attempts")
    def tries(self, job: Job) -> str:
        """Show how many of how many."""
        return f"{job.attempts} of {job.max_attempts}"

    @admin.display(description="Error")
    def what_failed(self, job: Job) -> str:
        """Show the error's first line."""
        return job.error.split("\n", 1)[0][:120]

    @admin.display(description="Error")
    def error_text(self, job: Job) -> SafeString:
        """Show all of it, line by line."""
        return format_html("<pre>{}</pre>", job.error)

    @admin.action(description="Try again, with all attempts", permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Queue what was given up, or whose worker is gone."""
        queued = 0
        for job in queryset:
            try:
                with transaction.atomic():
                    queued += requeue(job_id=job.pk)
            except IntegrityError:
                self.message_user(request, f"Another {job.kind} is already waiting.", messages.WARNING)
        left = queryset.count() - queued
        self.message_user(request, f"{queued} queued again." + (f" {left} left as they are." if left else ""))


@admin.register(ScheduledRun)
class ScheduledRunAdmin(OperatorsRead):
    """What the schedule did, slot by slot."""

    when_empty = (
        "The schedule has done nothing yet. The scheduler (beat) writes a line each time something is "
        "due; if this list stays empty, it does not run."
    )
    list_display = ["name", "slot", "outcome", "created_at"]
    list_filter = ["name"]
    date_hierarchy = "slot"
    fields = ["id", "name", "slot", "outcome", "created_at"]
