"""Reads JSON bodies strictly: what is ambiguous or cannot be stored is refused, not guessed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import _MediaType

from climbiq.common.problems import TooLarge
from climbiq.domain.texts import quotable

MAX_DEPTH: Final = 20
MAX_NAMES: Final = 500  # of one object; ours have a few dozen


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
        found = json.loads(
            raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise ParseError("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ParseError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError:
        raise ParseError("The body holds a number that is too long.") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise ParseError("The body must be one JSON object.")
    _check(found, path="", depth=1)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES:
        raise ParseError(f"An object of the body has more than {MAX_NAMES} names.")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ParseError(f'The body gives "{quotable(name)}" twice.')
        found[name] = value
    return found


def _no_constant(word: str) -> NoReturn:
    raise ParseError(f"The body holds {word}, which is no JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ParseError("The body holds a number that is too large.")
    return number


def _check(value: Any, *, path: str, depth: int) -> None:
    """Refuse what is nested too deeply, and text that neither PostgreSQL nor UTF-8 can hold, by its field."""
    if depth > MAX_DEPTH and isinstance(value, dict | list):
        raise _too_deep()
    if isinstance(value, str):
        if problem := _problem_with(value):
            raise ValidationError({path: [problem]} if path else [problem])
    elif isinstance(value, dict):
        for name, inner in value.items():
            if _problem_with(name):
                raise ParseError("The body holds a field name with a broken character.")
            here = quotable(name)
            _check(inner, path=f"{path}.{here}" if path else here, depth=depth + 1)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _check(inner, path=f"{path}.{position}", depth=depth + 1)


def _problem_with(text: str) -> str:
    if "\x00" in text:
        return "This must not contain a NUL character."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "This contains a broken character."
    return ""


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


def _too_deep() -> ParseError:
    return ParseError(f"The body is nested more than {MAX_DEPTH} levels deep.")
