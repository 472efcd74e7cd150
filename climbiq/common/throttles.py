"""How often one person, or one address without a login, may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module from its own settings


class PerUserThrottle(SimpleRateThrottle):
    """One allowance for each account; a smaller one for each address that is not logged in.

    Kept in the cache: when that is away, nobody is held back.
    """

    scope = "user"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Choose the rate by who asks, then count."""
        self.scope = "user" if request.user.is_authenticated else "anon"
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count by account, else by address."""
        del view
        ident = str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}


def seconds_to_wait(request: HttpRequest, *, scope: str) -> float | None:
    """Count a request of a page against the allowance that the API calls `scope`; None when it is within."""
    throttle = ScopedRateThrottle()
    view: Any = _Scoped(scope)
    if throttle.allow_request(cast("Request", request), view):
        return None
    return throttle.wait() or 1.0


class _Scoped:
    """What DRF wants to know of a view."""

    def __init__(self, scope: str) -> None:
        self.throttle_scope = scope
