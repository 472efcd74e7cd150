"""Who may open the workbench's pages: coaches and up, by their role. Django's model permissions play no part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.common.model_admin import AnyModelAdmin


def is_coach(request: HttpRequest) -> bool:
    """Coaches, facilitators and operators; the database's policies say the same."""
    user = request.user
    return isinstance(user, User) and user.is_active and user.access_role != "climber"


def is_facilitator(request: HttpRequest) -> bool:
    """Facilitators and operators; the database's policies say the same."""
    return is_coach(request) and person_of(request).access_role in {"facilitator", "operator"}


def coach_of(request: HttpRequest) -> User:
    """The coach who asks; anybody else is refused."""
    if not is_coach(request):
        raise PermissionDenied("These pages are for coaches.")
    return person_of(request)


class CoachesRead(AnyModelAdmin):
    """Lists and pages that coaches read and nobody changes here."""

    actions = None
    change_form_template = "experts/admin/read_only.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_coach(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return is_coach(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Nothing to save, nothing to delete: no buttons."""
        extra = {"show_save": False, "show_save_and_continue": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)


def moment(at: datetime | None) -> str:
    """A date and time in a narrow column, in the reader's time zone."""
    return "—" if at is None else date_format(localtime(at), "j M Y, H:i")


def word_filter(*, heading: str, column: str, words: Mapping[str, str]) -> type[admin.SimpleListFilter]:
    """A filter of a list by a column that holds one of a few words."""

    class WordFilter(admin.SimpleListFilter):
        title = heading
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
            del request, model_admin
            return list(words.items())

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            del request
            word = self.value()
            return queryset.filter(**{column: word}) if word in words else queryset

    return WordFilter
