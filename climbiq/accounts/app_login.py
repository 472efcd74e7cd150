"""Programs in which people log in: allauth's headless API for apps, its sessions, and bodies read as strictly as ours.

A session's token is its key. It is sent as `X-Session-Token`, never as a cookie, so no other site can send it.
"""

from __future__ import annotations

import time
from typing import Any, Final

from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException

from climbiq.accounts import rls
from climbiq.accounts.login_store import IS_APP, SessionStore
from climbiq.accounts.middleware import GetResponse
from climbiq.accounts.models import User
from climbiq.accounts.session_lifetime import is_over, note_use
from climbiq.common.api_errors import APP_LOGIN
from climbiq.common.parsers import parse_object
from climbiq.common.problems import problem_of, problem_response

HEADER: Final = "X-Session-Token"


def open_session(token: str) -> SessionStore | None:
    """Find the session of an app by its token; None where there is none, or it is a browser's, or too old.

    Apps are not logged out for lying idle, only after `SESSION_COOKIE_AGE` in all.
    """
    session = SessionStore(token)
    if SESSION_KEY not in session:
        return session if session.session_key else None  # one on its way to a login
    if not session.get(IS_APP):
        return None
    if is_over(session, now=int(time.time()), idle_seconds=None):
        session.flush()
        return None
    note_use(session, now=int(time.time()), user_agent="")
    return session


def owner_of(session: SessionStore) -> User | None:
    """Find whose session it is; None before the login, after a new password, and for closed accounts."""
    user: User | None = get_session_user(session)
    return user


class AppSessions(SessionTokenStrategy):  # type: ignore[misc]
    """allauth asks this for the session of a request; from then on the transaction acts for its person."""

    def lookup_session(self, session_token: str) -> SessionStore | None:
        session = open_session(session_token)
        user = owner_of(session) if session is not None else None
        if user is not None:
            rls.bind_user(user)
        return session


class StrictBodies:
    """Refuse bodies that allauth would read carelessly: no JSON object, too deep, too large, or not storable."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        """Look at the body before the view does."""
        del view
        if not request.path.startswith(APP_LOGIN):
            return None
        try:
            if not request.body:
                return None
            if request.content_type != "application/json":
                return problem_response(status=415, request=request)
            parse_object(request.body)
        except (APIException, RequestDataTooBig) as error:
            problem = problem_of(error, safe=False)
            return problem.to_response(instance=request.path) if problem else None
        return None
