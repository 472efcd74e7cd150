"""What a page says whose session was deleted while it was being answered."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import render

from climbiq.common.api_errors import PREFIX
from sessions_app.selectors import SessionNotFound


class DeletedMeanwhile:
    """Between a page's first look at a session and its change of it another tab may delete it: 404, in one place.

    Views look first with `own_session`; what services find gone after that ends here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a page; the API has its own words."""
        if not isinstance(error, SessionNotFound) or request.path.startswith(PREFIX):
            return None
        return render(request, "sessions/gone.html", status=HTTPStatus.NOT_FOUND)
