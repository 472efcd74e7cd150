"""Operators put right what climbers call their gyms; sessions follow, because they hold the key."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from climbiq.common.model_admin import AnyModelAdmin
from sessions_app.models import Gym


@admin.register(Gym)
class GymAdmin(AnyModelAdmin):
    """Names of places, for operators."""

    when_empty = (
        "No gym yet. Climbers add theirs on the form before a session; here its name can be put right."
    )
    list_display = ["name", "city", "created_at"]
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
        """Keep them: sessions hold their keys."""
        del request, obj
        return False
