"""Operators put right what climbers call their gyms; sessions follow, because they hold the key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone

from climbiq.accounts.requests import person_of
from climbiq.common.model_admin import AnyModelAdmin
from sessions_app.models import Gym
from sessions_app.services.gyms import confirm_gyms, delete_unused_gyms, merge_gyms


@admin.register(Gym)
class GymAdmin(AnyModelAdmin):
    """Names of places, for operators."""

    when_empty = (
        "No gym yet. Climbers add theirs on the form before a session; here its name can be put right."
    )
    list_display = ["name", "city", "confirmed_at", "created_at"]
    actions = ["confirm", "merge", "delete_unused"]
    search_fields = ["label_key"]
    fields = ["name", "city"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show them to operators."""
        return self.has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to operators."""
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let operators correct a name."""
        del obj
        return bool(request.user.is_active and request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let climbers add them, on their form."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep them: sessions hold their keys. What nobody uses, an action deletes."""
        del request, obj
        return False

    @admin.action(description="Offer to everybody", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Gym]) -> None:
        """These are gyms, whoever has been there."""
        offered = confirm_gyms(by=person_of(request), gym_ids=_keys(queryset), now=timezone.now())
        self.message_user(request, f"{offered} more offered to everybody.")

    @admin.action(description="Make one gym of these: the oldest stays", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Gym]) -> None:
        """One gym that was written in several ways."""
        into, *others = queryset.order_by("created_at", "pk")
        if not others:
            self.message_user(request, "Choose two gyms or more.", messages.WARNING)
            return
        merge_gyms(by=person_of(request), into=into.pk, others=[gym.pk for gym in others])
        self.message_user(request, f"{into}: {len(others)} other{pluralize(len(others))} made one with it.")

    @admin.action(description="Delete where nobody has climbed", permissions=["change"])
    def delete_unused(self, request: HttpRequest, queryset: QuerySet[Gym]) -> None:
        """Slips, and what was never a gym."""
        chosen = _keys(queryset)
        gone = delete_unused_gyms(by=person_of(request), gym_ids=chosen)
        left = len(chosen) - gone
        kept = f" {left} stay{pluralize(left, 's,')}: somebody has climbed there." if left else ""
        self.message_user(request, f"{gone} deleted.{kept}")


def _keys(gyms: QuerySet[Gym]) -> list[UUID]:
    return list(gyms.order_by().values_list("pk", flat=True))
