"""What every request passes through: one transaction with its claims, a second factor for staff, local time."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.time_zones import own_zone
from climbiq.common.api_errors import APP_LOGIN
from climbiq.common.problems import problem_response

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from climbiq.accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Answered without a database, or with an answer of their own when it is away.
WITHOUT_TRANSACTION: Final = ("/livez", "/readyz", "/static/")
API: Final = "/api/v1/"
TOKEN_HEADERS: Final = frozenset({"Authorization", "X-Session-Token"})


class RowLevelSecurity:
    """Wrap the view *and* its rendering in one transaction that carries the signed claims of whoever asks.

    An answer of 400 or above rolls everything back: nothing half-written. A stream's body runs later, outside
    this transaction, and opens its own.

    Where programs log people in, a browser's session counts for nothing, and a 401 may mean "so far so good, now
    the second step": allauth keeps what it has written by then.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(WITHOUT_TRANSACTION):
            return self.get_response(request)
        request.letters = []  # type: ignore[attr-defined]
        with transaction.atomic():
            outer = rls.current_binding(connection) if settings.RLS_SET_ROLE else None
            is_app_login = request.path.startswith(APP_LOGIN)
            identity = rls.NOBODY if is_app_login else rls.Identity.of(request.user)
            if identity != rls.NOBODY or settings.RLS_SET_ROLE or not _is_bound_later(request):
                # Nobody is bound too: should claims ever be left on a connection, a page must not act for their person.
                rls.bind(identity)
            response = self.get_response(request)
            if not is_app_login and request.user.is_authenticated:
                # The API has read a token meanwhile. Who it was, the count of requests at once wants to know.
                request.person_id = str(request.user.pk)  # type: ignore[attr-defined]
            if response.status_code >= HTTPStatus.BAD_REQUEST and not is_app_login:
                transaction.set_rollback(True)
                request.letters.clear()  # type: ignore[attr-defined]
            elif outer is not None and not connection.needs_rollback:
                rls.set_binding(connection, *outer)
        return response


def _is_bound_later(request: HttpRequest) -> bool:
    """Whether the API reads who asks from a token, binds them or refuses, before it reads anything else."""
    return request.path.startswith(API) and bool(TOKEN_HEADERS & request.headers.keys())


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether somebody needs a second factor and has none: staff, everywhere but in the demo."""
    if settings.DEMO or not user.is_authenticated or not user.is_staff:
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return not is_mfa_enabled(user)


class ClosedAccounts:
    """Somebody whose account is to be erased may keep it, take their data, or log out; nothing else."""

    ALLOWED: Final = ("/accounts/", "/account/erase/", "/account/data/", APP_LOGIN, *WITHOUT_TRANSACTION)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(self.ALLOWED):
            return self.get_response(request)
        if getattr(request.user, "erasure_due_at", None) is None:
            return self.get_response(request)
        where = reverse("erase")
        if request.path.startswith("/api/"):
            detail = f"This account is to be erased. Its owner can still keep it: {where}"
            return problem_response(status=403, kind="account-closed", detail=detail, request=request)
        return redirect(where)


class SecondFactorForStaff:
    """Coaches and operators set up a second factor before anything else, except in the demo."""

    ALLOWED: Final = ("/accounts/", APP_LOGIN, *WITHOUT_TRANSACTION)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(self.ALLOWED) or not lacks_second_factor(request.user):
            return self.get_response(request)
        where = reverse("mfa_activate_totp")
        if request.path.startswith("/api/"):
            # A program does not set up anything, and would take the page behind a redirect for an answer.
            return problem_response(
                status=403,
                kind="second-factor",
                detail=f"Set up a second factor first: {where}",
                request=request,
            )
        return redirect(where)


class ClimberTimeZone:
    """Dates and times on pages are the climber's own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(WITHOUT_TRANSACTION):
            return self.get_response(request)
        timezone.activate(own_zone(request.user))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
