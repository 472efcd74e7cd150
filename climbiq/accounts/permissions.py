"""Who may use an address of the API. Which rows they then see, the database decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module from its own settings


class TokenScope(BasePermission):
    """A token with the scope `read` reads; sessions and other tokens may do all their person may do."""

    message = "This token may only read."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Compare the method with the token's scope."""
        del view
        return request.method in SAFE_METHODS or request.auth != "read"


class IsCoach(BasePermission):
    """Coaches, facilitators and operators."""

    message = "This is for coaches."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask the account."""
        del view
        return bool(request.user.is_authenticated and request.user.access_role != "climber")
