"""Who is asking: a personal token in `Authorization: Bearer`, or the session of a browser."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from climbiq.accounts import rls
from climbiq.accounts.app_login import HEADER, open_session, owner_of
from climbiq.accounts.middleware import lacks_second_factor
from climbiq.accounts.models import User
from climbiq.accounts.time_zones import own_zone
from climbiq.accounts.tokens import Scope, digest_of, is_well_formed

REALM: Final = 'Bearer realm="ClimbIQ"'

_REFUSALS: Final = {
    "malformed": "This is not a ClimbIQ token. It starts with ciq_ and has 47 characters.",
    "unknown": "No such token. Make a new one on the page of your tokens.",
    "revoked": "This token was revoked.",
    "expired": "This token has expired. Make a new one on the page of your tokens.",
    "inactive": "This account is closed.",
    "session": "This login is over. Log in again.",
    "closed": "This account is to be erased. Log in on the website to keep it.",
}

# Without the password hash: the role that serves people has no use for it here.
_COLUMNS: Final = ", ".join(f'u."{f.column}"' for f in User._meta.concrete_fields if f.name != "password")  # noqa: SLF001
_FIND: Final = (
    f"SELECT {_COLUMNS}, t.token_id, t.token_scope, t.token_state "  # noqa: S608  our own column names
    "FROM app.authenticate_token(%s) t JOIN users u ON u.id = t.token_user_id"
)


class TokenRefused(AuthenticationFailed):
    """A token that does not open anything, and why."""

    def __init__(self, why: str) -> None:
        super().__init__(_REFUSALS[why])
        self.kind = f"token-{why}"
        self.challenge = f'{REALM}, error="invalid_token", error_description="{_REFUSALS[why]}"'


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ciq_…`. One query finds token and person; the transaction then acts as them."""

    def authenticate(self, request: Request) -> tuple[User, Scope] | None:
        """Return the person and the token's scope; None when no token is sent."""
        kind, _, presented = request.headers.get("Authorization", "").strip().partition(" ")
        if kind.lower() != "bearer":
            return None
        user = _find(presented.strip())
        _refuse_unfit(user)
        rls.bind_user(user)
        timezone.activate(own_zone(user))
        scope: Scope = user.token_scope  # type: ignore[attr-defined]
        if scope == "read":
            if request.method not in SAFE_METHODS:
                raise ReadOnlyToken
            _make_read_only()
        return user, scope

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        del request
        return REALM


class AppSessionAuthentication(BaseAuthentication):
    """`X-Session-Token: …` of an app in which somebody has logged in below /api/app/."""

    def authenticate(self, request: Request) -> tuple[User, Scope] | None:
        """Return the person; None when no such token is sent."""
        token = request.headers.get(HEADER)
        if not token:
            return None
        session = open_session(token)
        user = owner_of(session) if session is not None else None
        if session is None or user is None:
            raise TokenRefused("session")
        _refuse_unfit(user)
        rls.bind_user(user)
        timezone.activate(own_zone(user))
        if session.modified:
            session.save()
        return user, "write"

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        del request
        return REALM


class SecondFactorMissing(PermissionDenied):
    """Staff without a second factor, by whatever token: it may have been made before they were staff."""

    kind = "second-factor"

    def __init__(self) -> None:
        super().__init__(f"Set up a second factor first: {reverse('mfa_activate_totp')}")


def _refuse_unfit(user: User) -> None:
    """Refuse people whom a browser would lead elsewhere first; no page is there to do it."""
    if user.erasure_due_at is not None:
        raise TokenRefused("closed")
    if lacks_second_factor(user):
        raise SecondFactorMissing


class ReadOnlyToken(PermissionDenied):
    """A token that may only read was used to write."""

    default_detail = "This token may only read."


class BoundSessionAuthentication(SessionAuthentication):
    """The browser's session, with CSRF protection. The middleware has bound its claims already."""


def _find(token: str) -> User:
    if not is_well_formed(token):
        raise TokenRefused("malformed")
    users: list[Any] = list(User.objects.raw(_FIND, [digest_of(token)]))
    if not users:
        raise TokenRefused("unknown")
    user: Any = users[0]
    state: str = user.token_state
    if state != "valid":
        raise TokenRefused(state)
    if not user.is_active:
        raise TokenRefused("inactive")
    found: User = user
    return found


def _make_read_only() -> None:
    """Let the database itself refuse what a view might write by mistake."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


class _TokenInSchema(OpenApiAuthenticationExtension):  # type: ignore[misc]
    target_class = PersonalTokenAuthentication
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ciq_…",
            "description": "A personal token, made on /account/tokens/ or with `manage.py issue_token EMAIL`.",
        }


class _AppSessionInSchema(OpenApiAuthenticationExtension):  # type: ignore[misc]
    target_class = AppSessionAuthentication
    name = "appSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "The session of an app in which somebody has logged in: POST /api/app/v1/auth/login.",
        }


class _SessionInSchema(OpenApiAuthenticationExtension):  # type: ignore[misc]
    target_class = BoundSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
