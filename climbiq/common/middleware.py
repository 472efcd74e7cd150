"""Small pieces every response passes through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import render

from climbiq.common.api_errors import PREFIX
from climbiq.common.views import away_page

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ReleaseConnections:
    """Give the database connection back before the first byte.

    Django returns it when the response is finished: a stream would hold it for minutes, and whoever reads a page
    slowly for as long as they like. Letters go out when it is back, for the same reason.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()
        for letter in getattr(request, "letters", ()):
            try:
                letter.send()
            except Exception:
                log.exception("a letter was not sent")
        return response


class PrivateByDefault:
    """Pages and API answers are somebody's health data: no shared cache may keep them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store, private")
            response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class RefusedMethodPage:
    """Django answers a wrong method with an empty page; outside the API somebody may be looking at it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            response.status_code != HTTPStatus.METHOD_NOT_ALLOWED
            or request.path.startswith(PREFIX)
            or not isinstance(response, HttpResponse)
            or response.content
        ):
            return response
        page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page.headers["Allow"] = response.headers.get("Allow", "")
        return page


class DatabaseAway:
    """A view's lost connection is a page that says "try again", with 503; below `/api/` it becomes a problem."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view; what happens between views ends in `climbiq.common.views.failed`."""
        del request
        return away_page(error)
