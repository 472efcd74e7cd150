"""Reads JSON objects strictly: what is ambiguous or cannot be stored is refused, not guessed."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from climbiq.domain.texts import quotable

__all__ = ["MAX_DEPTH", "MAX_NAMES", "BadJSON", "read_object"]

MAX_DEPTH: Final = 20
MAX_NAMES: Final = 500  # of one object; ours have a few dozen


class BadJSON(ValueError):
    """JSON that is none, or not ours; the message is the end of a sentence.

    Attributes
    ----------
    path
        Where a text cannot be stored, "" for what is wrong with the whole.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def read_object(text: str) -> dict[str, Any]:
    """Turn JSON into a dict.

    Refused: a key given twice, NaN and infinities, a NUL or half a surrogate pair in a text, what is nested too
    deeply, anything but an object at the top.

    Raises
    ------
    BadJSON

    >>> read_object('{"sleep_hours": 7.5}')
    {'sleep_hours': 7.5}
    >>> read_object('{"a": NaN}')
    Traceback (most recent call last):
        ...
    climbiq.domain.json_objects.BadJSON: holds NaN, which is no JSON number
    """
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite)
    except BadJSON:
        raise
    except json.JSONDecodeError as error:
        raise BadJSON(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise BadJSON("holds a number that is too long") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise BadJSON("must be one JSON object")
    _check(found, path="", depth=1)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES:
        raise BadJSON(f"has an object with more than {MAX_NAMES} names")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadJSON(f'gives "{quotable(name)}" twice')
        found[name] = value
    return found


def _no_constant(word: str) -> NoReturn:
    raise BadJSON(f"holds {word}, which is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise BadJSON("holds a number that is too large")
    return number


def _check(value: Any, *, path: str, depth: int) -> None:
    """Refuse what is nested too deeply, and text that neither PostgreSQL nor UTF-8 can hold, by its field."""
    if depth > MAX_DEPTH and isinstance(value, dict | list):
        raise _too_deep()
    if isinstance(value, str):
        if problem := _problem_with(value):
            raise BadJSON(problem, path=path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if _problem_with(name):
                raise BadJSON("holds a field name with a broken character")
            here = quotable(name)
            _check(inner, path=f"{path}.{here}" if path else here, depth=depth + 1)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _check(inner, path=f"{path}.{position}", depth=depth + 1)


def _problem_with(text: str) -> str:
    if "\x00" in text:
        return "must not contain a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains a broken character"
    return ""


def _too_deep() -> BadJSON:
    return BadJSON(f"is nested more than {MAX_DEPTH} levels deep")
