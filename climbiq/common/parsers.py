"""Reads JSON bodies strictly: what is ambiguous or cannot be stored is refused, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import _MediaType

from climbiq.common.problems import TooLarge
from climbiq.domain.json_objects import MAX_DEPTH, BadJSON, read_object

__all__ = ["MAX_DEPTH", "StrictJSONParser", "body_of", "parse_object"]


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8, of limited size and depth.

    Refused: a key given twice, NaN and infinities, a NUL or half a surrogate pair in a text, anything but an object
    at the top.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read the body; ParseError (400), TooLarge (413) or UnsupportedMediaType (415) where it cannot be."""
        _refuse_other_encodings(media_type)
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        _refuse_announced_size(parser_context, limit)
        raw: bytes = stream.read(limit + 1)
        if len(raw) > limit:
            raise _too_large(limit)
        return parse_object(raw)


def body_of(request: Request) -> Any:
    """Read the body of a request that must have one.

    Without one DRF says `{}`, which is a sound form in which nothing is said: a body that got lost on its way would
    log a session or clear a form.
    """
    if request.stream is None:
        raise ParseError("There is no body. Send one JSON object.")
    return request.data


def parse_object(raw: bytes) -> dict[str, Any]:
    """Turn a body into a dict.

    >>> parse_object(b'{"sleep_hours": 7.5}')
    {'sleep_hours': 7.5}
    >>> parse_object(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
        ...
    rest_framework.exceptions.ParseError: The body gives "a" twice.
    """
    try:
        return read_object(raw.decode())
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8.") from None
    except BadJSON as bad:
        if bad.path:
            raise ValidationError({bad.path: [f"This {bad}."]}) from None
        raise ParseError(f"The body {bad}.") from None


def _refuse_other_encodings(media_type: str | None) -> None:
    charset = _MediaType(media_type or "").params.get("charset", "utf-8")
    if charset.strip('"').lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type or "", "JSON is read as UTF-8 only.")


def _refuse_announced_size(parser_context: Mapping[str, Any] | None, limit: int) -> None:
    request = (parser_context or {}).get("request")
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0) if request is not None else 0
    except ValueError:
        announced = 0
    if announced > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A body can have {limit:,} bytes at most.")
