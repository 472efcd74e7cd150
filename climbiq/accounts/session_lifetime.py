"""How long a login lasts: a while without use, or two weeks in all, whichever is over first."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from climbiq.accounts.middleware import WITHOUT_TRANSACTION, GetResponse

BEGAN: Final = "login_began"
SEEN: Final = "login_seen"
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
        session = request.session
        began, seen = session.setdefault(BEGAN, now), session.setdefault(SEEN, now)
        if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
            logout(request)
            messages.info(request, "You were logged out because it was a while ago. Please log in again.")
        elif now - seen > SEEN_PRECISION_SECONDS:
            session[SEEN] = now
