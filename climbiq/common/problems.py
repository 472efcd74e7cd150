"""Every error of the API in one shape: `application/problem+json` (RFC 9457).

`{type, title, status, detail, instance, errors: {field: [sentence, …]}}`. A field inside another one is named by its
path: `current_conditions.sleep_hours`, `current_niggles.0.severity`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.settings import api_settings

from climbiq.common.database_faults import explain_fault
from climbiq.domain.written_numbers import waiting_time

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:climbiq:problem:"
WHOLE: Final = api_settings.NON_FIELD_ERRORS_KEY

# Status → what kind of problem it is, its title, and what to say where nothing better is known.
_KINDS: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("invalid", "The request is not valid", "Something in the request cannot be accepted."),
    401: ("not-authenticated", "Log in first", "Send a personal token, or log in."),
    403: ("forbidden", "Not allowed", "You may not do this."),
    404: ("not-found", "Nothing here", "There is nothing at this address, or it is not yours."),
    405: ("method-not-allowed", "Method not allowed", "This address does not take that method."),
    406: ("not-acceptable", "No such representation", "None of the media types you accept can be produced."),
    409: ("conflict", "Conflict", "This contradicts what is already there."),
    413: ("too-large", "The request is too large", "Send less at once."),
    415: ("unsupported-media-type", "Unsupported media type", "This media type is not understood here."),
    422: ("unprocessable", "Cannot be carried out", "The request is well formed and cannot be carried out."),
    429: ("too-many-requests", "Too many requests", "Slow down a little."),
    500: ("internal", "Something failed on our side", "It has been recorded. Nothing was changed."),
    503: ("unavailable", "Busy or unavailable", "Try again shortly."),
}


class Conflict(drf.APIException):
    """The request contradicts what is there already."""

    status_code = 409
    default_detail = _KINDS[409][2]
    default_code = "conflict"


class Unprocessable(drf.APIException):
    """Well formed, and yet it cannot be carried out."""

    status_code = 422
    default_detail = _KINDS[422][2]
    default_code = "unprocessable"


class TooLarge(drf.APIException):
    """More than is read at once."""

    status_code = 413
    default_detail = _KINDS[413][2]
    default_code = "too-large"


class Unavailable(drf.APIException):
    """It would work a little later."""

    status_code = 503
    default_detail = _KINDS[503][2]
    default_code = "unavailable"

    def __init__(self, detail: str | None = None, *, wait_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.wait = wait_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is said about one failed request.

    Attributes
    ----------
    status : int
        The HTTP status.
    detail : str
        A sentence for a person; blank for the status' own.
    kind : str
        The last part of `type`; blank for the status' own.
    errors : mapping
        Path of a field → sentences.
    headers : mapping
        Such as `Retry-After`.
    """

    status: int
    detail: str = ""
    kind: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_response(self, *, instance: str = "") -> HttpResponse:
        """Render it, whatever media type the client would have liked."""
        kind, title, sentence = _KINDS.get(self.status) or (
            "error",
            "The request failed",
            "It cannot be answered.",
        )
        body: dict[str, Any] = {
            "type": TYPE_PREFIX + (self.kind or kind),
            "title": title,
            "status": self.status,
            "detail": self.detail or sentence,
        }
        if instance:
            body["instance"] = instance
        if self.errors:
            body["errors"] = self.errors
        return HttpResponse(
            json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
            status=self.status,
            content_type=CONTENT_TYPE,
            headers=dict(self.headers),
        )


def problem_response(
    *,
    status: int,
    detail: str = "",
    kind: str = "",
    request: HttpRequest | Request | None = None,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Answer with a problem from outside a DRF view."""
    problem = Problem(status=status, detail=detail, kind=kind, errors=errors or {}, headers=headers or {})
    return problem.to_response(instance=request.path if request is not None else "")


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception of a DRF view with a problem; an unexpected one is logged and reported as Django does."""
    request: Request = context["request"]
    problem = problem_of(error, safe=request.method in {"GET", "HEAD", "OPTIONS"})
    if problem is None:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        got_request_exception.send(sender=type(context.get("view")), request=request._request)  # noqa: SLF001
        problem = Problem(status=500)
    return problem.to_response(instance=request.path)


def problem_of(error: Exception, *, safe: bool) -> Problem | None:
    """Say what a known exception means to the client; None for one that nobody foresaw.

    Parameters
    ----------
    error : Exception
        Django's, DRF's or the database's.
    safe : bool
        Whether the request only reads: then a row that the database withholds is "not found", not "forbidden".
    """
    match error:
        case drf.APIException():
            return _of_api_exception(error)
        case Http404():
            return Problem(status=404)
        case django_exceptions.PermissionDenied():
            return Problem(status=403, detail=str(error))
        case django_exceptions.ValidationError():
            return _invalid(get_error_detail(error))
        case django_exceptions.RequestDataTooBig():
            return Problem(status=413)
        case django_exceptions.SuspiciousOperation() | MultiPartParserError():
            return Problem(status=400, kind="malformed", detail="The request cannot be read.")
        case DatabaseError():
            fault = explain_fault(error, safe=safe)
            if fault is None:
                return None
            if fault.is_refusal:
                log.warning("the database refused a request: %s", str(error).split("\n", 1)[0])
            headers = {"Retry-After": str(fault.wait_seconds)} if fault.wait_seconds else {}
            errors = {fault.field: [fault.message]} if fault.field else {}
            return Problem(status=fault.status, detail=fault.message, errors=errors, headers=headers)
        case _:
            return None


def _of_api_exception(error: drf.APIException) -> Problem:
    headers: dict[str, str] = {}
    challenge = getattr(error, "challenge", None) or getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(error, drf.ValidationError):
        return _invalid(error.detail)
    if isinstance(error, drf.Throttled) and wait is not None:
        detail = f"Too many requests: try again in {waiting_time(wait)}."
        return Problem(status=error.status_code, detail=detail, headers=headers)
    kind = "malformed" if isinstance(error, drf.ParseError) else str(getattr(error, "kind", ""))
    return Problem(status=error.status_code, detail=_sentence(error.detail), kind=kind, headers=headers)


def _invalid(detail: Any) -> Problem:
    errors: dict[str, list[str]] = {}
    for path, sentence in _flatten(detail, ""):
        errors.setdefault(path or WHOLE, []).append(sentence)
    if set(errors) == {WHOLE}:
        return Problem(status=400, detail=" ".join(errors[WHOLE]), errors=errors)
    named = ", ".join(path for path in errors if path != WHOLE)
    return Problem(status=400, detail=f"Please look at: {named}.", errors=errors)


def _flatten(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    """Walk DRF's nested errors: dicts by field, lists of sentences, lists with one dict an item."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = path if name == WHOLE else f"{path}.{name}" if path else str(name)
            yield from _flatten(inner, here)
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            if isinstance(inner, Mapping):
                yield from _flatten(inner, f"{path}.{position}" if path else str(position))
            else:
                yield from _flatten(inner, path)
    else:
        yield path, str(detail)


def _sentence(detail: Any) -> str:
    return " ".join(sentence for _, sentence in _flatten(detail, ""))
