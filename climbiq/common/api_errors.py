"""The outermost layer of the API: whatever failed below `/api/`, in Django or in a view, answers as a problem."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from climbiq.common.problems import CONTENT_TYPE, problem_response

PREFIX: Final = "/api/"
# Where programs log people in: allauth answers there in its own published shapes, refusals too.
APP_LOGIN: Final = "/api/app/"
_ABOUT_THE_BODY: Final = frozenset(
    {"content-type", "content-length", "content-encoding", "etag", "last-modified"}
)


class ProblemsUnderApi:
    """Replace an HTML error page below `/api/` by a problem with the same status and headers.

    DRF answers its own exceptions; this catches what never reaches a view (unknown address, bad host, an upload
    with too many fields) and Django's own pages for crashes, with DEBUG or without.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            not request.path.startswith(PREFIX)
            or response.status_code < HTTPStatus.BAD_REQUEST
            or response.headers.get("Content-Type", "").startswith(CONTENT_TYPE)
            or (
                request.path.startswith(APP_LOGIN)
                and response.headers.get("Content-Type") == "application/json"
            )
        ):
            return response
        answer = problem_response(status=response.status_code, request=request)
        for name, value in response.headers.items():
            if name.lower() not in _ABOUT_THE_BODY:
                answer.headers[name] = value
        answer.cookies = response.cookies
        return answer
