"""How long a login lasts: a while without use, or two weeks in all, whichever is over first."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from climbiq.accounts.devices import device_of
from climbiq.accounts.login_store import BEGAN, DEVICE, IS_APP, SEEN, SessionStore
from climbiq.accounts.middleware import WITHOUT_TRANSACTION, GetResponse

SEEN_PRECISION_SECONDS: Final = 600  # writing the session on every request would cost a row each time


class SessionLifetime:
    """Log out whoever was away for `SESSION_IDLE_SECONDS`, or logged in `SESSION_COOKIE_AGE` ago.

    Django alone prolongs a session with every change to it, so a busy one would never end.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(WITHOUT_TRANSACTION) and request.user.is_authenticated:
            self._check(request, now=int(time.time()))
        return self.get_response(request)

    @staticmethod
    def _check(request: HttpRequest, *, now: int) -> None:
        if request.session.get(IS_APP):
            # The token of an app is no cookie: any site could have a browser send that.
            request.session, request.user = SessionStore(), AnonymousUser()
        elif is_over(request.session, now=now, idle_seconds=settings.SESSION_IDLE_SECONDS):
            logout(request)
            messages.info(request, "You were logged out because it was a while ago. Please log in again.")
        else:
            note_use(request.session, now=now, user_agent=request.headers.get("User-Agent", ""))


def is_over(session: SessionBase, *, now: int, idle_seconds: int | None) -> bool:
    """Tell whether a login has lasted too long, or lain idle too long; None sets no limit on idling."""
    began, seen = session.get(BEGAN, now), session.get(SEEN, now)
    if now - began > settings.SESSION_COOKIE_AGE:
        return True
    return idle_seconds is not None and now - seen > idle_seconds


def note_use(session: SessionBase, *, now: int, user_agent: str) -> None:
    """Remember when a login began, on what, and roughly when it was used last."""
    if BEGAN not in session:
        session[BEGAN], session[SEEN], session[DEVICE] = now, now, device_of(user_agent)
    elif now - session.get(SEEN, 0) > SEEN_PRECISION_SECONDS:
        session[SEEN] = now
