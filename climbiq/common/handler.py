"""How a request is answered: in one thread, and only so many of one person's at once."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import loader
from rest_framework.throttling import BaseThrottle

from climbiq.common.api_errors import APP_LOGIN, PREFIX
from climbiq.common.at_once import AtOnce, Place
from climbiq.common.problems import problem_response

log = logging.getLogger(__name__)

__all__ = ["OneThread", "address_of", "credential_of"]

RETRY_SECONDS: Final = 3
LOG_EVERY_SECONDS: Final = 10.0
# Touch no database.
UNCOUNTED: Final = ("/livez", "/static/")


class OneThread(ASGIHandler):
    """Runs a request's middleware and view in one thread, from end to end: all of them are synchronous.

    Django's own handler returns to the event loop for every `process_view` and for the view, and waits its turn there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.crowd = AtOnce(
            of_person=settings.REQUESTS_AT_ONCE, of_address=settings.REQUESTS_AT_ONCE_PER_ADDRESS
        )
        self._logged_at = 0.0

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain without a step into the event loop."""
        del is_async
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the request's thread, once it is its turn; a stream's body is produced in the event loop, later."""
        if request.path.startswith(UNCOUNTED):
            return await sync_to_async(self.get_response, thread_sensitive=True)(request)
        place = await self.crowd.enter(credential=credential_of(request), address=address_of(request))
        if place is None:
            return self._turned_away(request)
        is_over, answered = False, _Answered()
        try:
            response = await sync_to_async(self._answer, thread_sensitive=True)(request, place, answered)
            is_over = True
            return response
        finally:
            if not is_over:  # the client has gone
                place.abandon()
                answered.drop()

    def _answer(self, request: HttpRequest, place: Place, answered: _Answered) -> HttpResponseBase:
        """Answer, and let the next one in; the connection went back to the pool with the answer."""
        if not place.begin():
            return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)  # nobody reads it
        try:
            response = self.get_response(request)
            answered.keep(response)
            person = getattr(request, "person_id", "")
            credential = credential_of(request)
            if person and credential:
                self.crowd.learn(credential, person)
            return response
        finally:
            place.end()

    def _turned_away(self, request: HttpRequest) -> HttpResponse:
        if time.monotonic() - self._logged_at > LOG_EVERY_SECONDS:
            self._logged_at = time.monotonic()
            log.warning("too many requests at once, at %s", request.path)
        headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store, private"}
        if request.path.startswith(PREFIX):
            return problem_response(
                status=429,
                kind="too-many-at-once",
                detail="Too many of your requests are under way. Wait for their answers, then try again.",
                request=request,
                headers=headers,
            )
        page = loader.get_template("429.html").render({"is_at_once": True})
        policy = "; ".join(f"{name} {' '.join(where)}" for name, where in _policy().items())
        return HttpResponse(page, status=429, headers={**headers, "Content-Security-Policy": policy})


class _Answered:
    """The answer of a request whose client may go meanwhile: then what it holds is given back at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._response: HttpResponseBase | None = None
        self._is_unwanted = False

    def keep(self, response: HttpResponseBase) -> None:
        """In the working thread: it is there."""
        with self._lock:
            self._response = response
        self._close_unwanted()

    def drop(self) -> None:
        """In the event loop: nobody will read it."""
        with self._lock:
            self._is_unwanted = True
        self._close_unwanted()

    def _close_unwanted(self) -> None:
        with self._lock:
            response = self._response if self._is_unwanted else None
        for close in getattr(response, "_resource_closers", ()):
            close()


def _policy() -> Mapping[str, list[str]]:
    policy: Mapping[str, list[str]] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return policy


def credential_of(request: HttpRequest) -> str:
    """Return a digest of what the request shows of the things that its address takes; blank where it shows none.

    One credential has one digest: what else a client sends along cannot make it look like a new one.
    """
    shown = ""
    if request.path.startswith(PREFIX):
        kind, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        if kind.lower() == "bearer" and not request.path.startswith(APP_LOGIN):
            shown = f"bearer {token.strip()}"
        elif token := request.headers.get("X-Session-Token", ""):
            shown = f"session {token}"
    if not shown and (cookie := request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
        shown = f"session {cookie}"
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest() if shown else ""


def address_of(request: HttpRequest) -> str:
    """Return the client's address; of the sixth version its network, which one household has to itself."""
    text = str(BaseThrottle().get_ident(request) or "")  # type: ignore[arg-type]
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        return address.exploded[:19]
    return str(address)
