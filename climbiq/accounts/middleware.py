"""What every request passes through: one transaction with its claims, a second factor for staff, local time."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.time_zones import own_zone
from climbiq.common.problems import problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Answered without a database, or with an answer of their own when it is away.
WITHOUT_TRANSACTION: Final = ("/livez", "/readyz", "/static/")


class RowLevelSecurity:
    """Wrap the view *and* its rendering in one transaction that carries the signed claims of whoever asks.

    An answer of 400 or above rolls everything back: nothing half-written. A stream's body runs later, outside
    this transaction, and opens its own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(WITHOUT_TRANSACTION):
            return self.get_response(request)
        with transaction.atomic():
            outer = rls.current_binding(connection) if settings.RLS_SET_ROLE else None
            identity = rls.Identity.of(request.user)
            if identity != rls.NOBODY or settings.RLS_SET_ROLE:
                rls.bind(identity)
            response = self.get_response(request)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                transaction.set_rollback(True)
            elif outer is not None and not connection.needs_rollback:
                rls.set_binding(connection, *outer)
        return response


class ClosedAccounts:
    """Somebody whose account is to be erased may keep it, take their data, or log out; nothing else."""

    ALLOWED: Final = ("/accounts/", "/account/erase/", "/account/data/", *WITHOUT_TRANSACTION)

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

    ALLOWED: Final = ("/accounts/", "/readyz", *WITHOUT_TRANSACTION)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.DEMO or request.path.startswith(self.ALLOWED):
            return self.get_response(request)
        user = request.user
        if not user.is_authenticated or not user.is_staff:
            return self.get_response(request)
        from allauth.mfa.utils import is_mfa_enabled

        if is_mfa_enabled(user):
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
