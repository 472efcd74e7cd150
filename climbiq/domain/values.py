"""From what was typed, posted or read from a file to the value that is stored, or to a sentence saying why.

Forms, the API and diary files all convert here, so a value means the same whichever way it came.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Final, NoReturn, TypedDict

from climbiq.domain.quantities import Kind, Variable
from climbiq.domain.texts import UnstorableText, clean_text, quotable
from climbiq.domain.variables import ALIASES
from climbiq.domain.vocabularies import NIGGLE_SEVERITIES

__all__ = [
    "MAX_ITEMS",
    "MAX_ITEM_CHARS",
    "MAX_NOTES_CHARS",
    "MAX_TEXT_CHARS",
    "BadValue",
    "BadValues",
    "Niggle",
    "Value",
    "format_value",
    "parse_value",
    "parse_values",
]

MAX_TEXT_CHARS: Final = 2000
MAX_NOTES_CHARS: Final = 500
MAX_ITEM_CHARS: Final = 200
MAX_ITEMS: Final = 50

_MAX_RAW_CHARS: Final = 100_000  # longer input is refused unread
_MAX_DIGITS: Final = 30

# One comma with one digit behind it is a decimal comma; anything else with a comma might be thousands.
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+|\d+,\d)")
_COMPACT_NIGGLE: Final = re.compile(r"(?P<location>[^\W\d]+)\s+(?P<severity>\d+)\s*(?::\s*(?P<notes>.*))?")
_SEPARATOR: Final = re.compile(r"[;\r\n]+")
_TRUE: Final = frozenset({"true", "t", "yes", "y", "on", "1", 1})
_FALSE: Final = frozenset({"false", "f", "no", "n", "off", "0", 0})
_NO_NIGGLES: Final = frozenset({"none", "no"})


class Niggle(TypedDict):
    """One thing that hurts."""

    location: str
    severity: int
    notes: str


Value = int | float | bool | str | list[str] | list[Niggle]


class BadValue(ValueError):
    """A value that cannot be stored: which variable, and a sentence for the person who gave it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message

    def __reduce__(self) -> tuple[type[BadValue], tuple[str, str]]:
        return type(self), (self.name, self.message)


class BadValues(ValueError):
    """Every value of one submission that cannot be stored: name as given → sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)

    def __reduce__(self) -> tuple[type[BadValues], tuple[dict[str, str]]]:
        return type(self), (self.problems,)


def parse_value(variable: Variable, raw: object) -> Value | None:
    """Convert one value strictly; None and blank text mean "not said".

    Parameters
    ----------
    variable : Variable
        Its kind, range, step and choices decide what is accepted.
    raw : object
        For numbers a str, int, float or Decimal, never a bool; for lists a list, JSON text, or items between
        line breaks or semicolons; for niggles a list of ``{location, severity, notes?}``, JSON text, or text
        like ``finger 2; elbow 1: only on crimps``, and ``none``.

    Returns
    -------
    value : int, float, str, bool, list or None
        int where only whole numbers are stored, else float, in `variable.unit`. An empty list means "none",
        which is not None.

    Raises
    ------
    BadValue
        With a sentence that names the variable and says what would be accepted.

    >>> from climbiq.domain.variables import variable
    >>> parse_value(variable("sleep_hours"), " 7.5 ")
    7.5
    >>> parse_value(variable("stress_level"), "4.0")
    4
    >>> parse_value(variable("current_niggles"), "finger 2")
    [{'location': 'finger', 'severity': 2, 'notes': ''}]
    >>> parse_value(variable("stress_level"), 6)
    Traceback (most recent call last):
        ...
    climbiq.domain.values.BadValue: Stress must be between 1 and 5.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if isinstance(raw, str) and len(raw) > _MAX_RAW_CHARS:
        _refuse(variable, "is too long.")
    return _PARSERS[variable.kind](variable, raw)


def parse_values(variables: Iterable[Variable], raw: Mapping[str, object]) -> dict[str, Value | None]:
    """Convert one submission, telling every fault at once; only what was given is returned.

    Parameters
    ----------
    variables : iterable of Variable
        The ones that may be given, by name or alias.
    raw : mapping
        Name or alias → value as given.

    Raises
    ------
    BadValues
        With a sentence for each bad value, unknown name and variable given twice.

    >>> from climbiq.domain.variables import in_room
    >>> parse_values(in_room("pre_session"), {"planned_caffeine_mg": "200", "stress_level": None})
    {'caffeine_mg': 200, 'stress_level': None}
    """
    known = {v.name: v for v in variables}
    values: dict[str, Value | None] = {}
    problems: dict[str, str] = {}
    for given, raw_value in raw.items():
        found = known.get(ALIASES.get(given, given))
        if found is None:
            problems[given] = f"There is no {quotable(given)} here."
        elif found.name in values:
            problems[given] = f"{found.label} is given twice."
        else:
            try:
                values[found.name] = parse_value(found, raw_value)
            except BadValue as bad:
                problems[given] = bad.message
                values[found.name] = None
    if problems:
        raise BadValues(problems)
    return values


def format_value(variable: Variable, value: Value | None) -> str:
    """Write a stored value as text that `parse_value` reads back to the same value, for files and forms.

    >>> from climbiq.domain.variables import variable
    >>> format_value(variable("sleep_hours"), 7.0)
    '7'
    >>> format_value(variable("current_niggles"), [{"location": "finger", "severity": 2, "notes": ""}])
    'finger 2'
    >>> format_value(variable("current_niggles"), [])
    'none'
    """
    if value is None:
        return ""
    match variable.kind:
        case "number":
            return f"{Decimal(str(value)).normalize():f}"
        case "flag":
            return "yes" if value else "no"
        case "list" | "niggles":
            return _format_list(variable, value)
        case _:
            return str(value)


def _refuse(variable: Variable, rest: str) -> NoReturn:
    raise BadValue(variable.name, f"{variable.label} {rest}")


def _number(variable: Variable, raw: object) -> int | float:
    number = _decimal(raw)
    if number is None:
        _refuse(variable, "must be a number.")
    value = float(number)
    problem = variable.problem_with(value)
    if problem:
        raise BadValue(variable.name, problem)
    if variable.is_whole:
        if number != number.to_integral_value():
            _refuse(variable, "must be a whole number.")  # closer to one than a float can tell
        return int(value)
    if number != number.quantize(Decimal("0.1")):
        _refuse(variable, "can have one decimal at most.")
    return value + 0.0  # minus nought is nought


def _decimal(raw: object) -> Decimal | None:
    """Any accepted spelling of a finite number, exactly; None for everything else."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        text = raw.strip().replace("\N{MINUS SIGN}", "-")
        if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
            return None
        return Decimal(text.replace(",", "."))
    if isinstance(raw, Decimal):
        return raw if raw.is_finite() else None
    if isinstance(raw, Integral):
        return Decimal(int(raw))
    if isinstance(raw, Real):  # numpy's floats among them; repr is what the person meant by 0.1
        return Decimal(repr(float(raw))) if math.isfinite(raw) else None
    return None


def _choice(variable: Variable, raw: object) -> str:
    word = raw.strip().casefold() if isinstance(raw, str) else None
    if word not in variable.choices:
        _refuse(variable, f"must be one of: {', '.join(variable.choices)}.")
    return str(word)


def _flag(variable: Variable, raw: object) -> bool:
    word = raw.strip().casefold() if isinstance(raw, str) else raw
    if isinstance(word, str | int):  # a set finds True by 1 and False by 0
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    _refuse(variable, "must be yes or no.")


def _text(variable: Variable, raw: object) -> str | None:
    return _cleaned(variable, raw, limit=MAX_TEXT_CHARS) or None


def _cleaned(variable: Variable, raw: object, *, limit: int, what: str = "", one_line: bool = False) -> str:
    if not isinstance(raw, str):
        _refuse(variable, f"{what}must be text.")
    try:
        text = clean_text(raw, one_line=one_line)
    except UnstorableText as error:
        _refuse(variable, f"{what}{error}.")
    if len(text) > limit:
        _refuse(variable, f"{what}can have {limit:,} characters at most; these are {len(text):,}.")
    return text


def _list(variable: Variable, raw: object) -> list[str]:
    items = _items(variable, raw, split=_SEPARATOR.split)
    texts = (
        _cleaned(variable, item, limit=MAX_ITEM_CHARS, what=f"item {position} ", one_line=True)
        for position, item in enumerate(items, start=1)
    )
    return [text for text in texts if text]


def _niggles(variable: Variable, raw: object) -> list[Niggle]:
    if isinstance(raw, str) and raw.strip().casefold() in _NO_NIGGLES:
        return []
    items = _items(variable, raw, split=lambda text: _compact_niggles(variable, text))
    return [_niggle(variable, item, f"item {position} ") for position, item in enumerate(items, start=1)]


def _items(variable: Variable, raw: object, *, split: Callable[[str], list[Any]]) -> list[Any]:
    """The items of a list: itself, those of JSON text, or those of text in the form a person writes."""
    items = raw
    if isinstance(raw, str):
        items = _json_list(raw) if raw.lstrip().startswith("[") else None
        items = split(raw) if items is None else items
    if not isinstance(items, list | tuple):
        _refuse(variable, "must be a list.")
    if len(items) > MAX_ITEMS:
        _refuse(variable, f"can have {MAX_ITEMS} items at most; these are {len(items):,}.")
    return list(items)


def _json_list(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _compact_niggles(variable: Variable, text: str) -> list[dict[str, object]]:
    parts = [part.strip() for part in _SEPARATOR.split(text) if part.strip()]
    matches = [_COMPACT_NIGGLE.fullmatch(part) for part in parts]
    if None in matches:
        _refuse(variable, 'must be written as in "finger 2; shoulder 1: only overhead", or "none".')
    return [match.groupdict(default="") for match in matches if match]


def _niggle(variable: Variable, raw: object, what: str) -> Niggle:
    if not isinstance(raw, Mapping):
        _refuse(variable, f"{what}must have a location and a severity.")
    unknown = [quotable(key) for key in raw if key not in Niggle.__annotations__]
    if unknown:
        _refuse(variable, f"{what}has an unknown field: {unknown[0]}.")
    location = raw.get("location")
    location = location.strip().casefold() if isinstance(location, str) else location
    if not isinstance(location, str) or location not in variable.choices:
        _refuse(variable, f"{what}must have a location out of: {', '.join(variable.choices)}.")
    severity = _decimal(raw.get("severity"))
    if severity is None or severity not in NIGGLE_SEVERITIES:
        _refuse(
            variable,
            f"{what}must have a severity between {min(NIGGLE_SEVERITIES)} and {max(NIGGLE_SEVERITIES)}.",
        )
    notes = raw.get("notes")
    notes = "" if notes is None else _cleaned(variable, notes, limit=MAX_NOTES_CHARS, what=f"{what}notes ")
    return Niggle(location=location, severity=int(severity), notes=notes)


def _format_list(variable: Variable, value: Any) -> str:
    if variable.kind == "niggles":
        words = [
            f"{n['location']} {n['severity']}" + (f": {n['notes']}" if n["notes"] else "") for n in value
        ]
        short = "; ".join(words) or "none"
    else:
        short = "; ".join(value)
    try:
        if short and parse_value(variable, short) == value:
            return short
    except BadValue:
        pass  # an item that reads as something else, such as one with a semicolon in it
    return json.dumps(value, ensure_ascii=False)


_PARSERS: Final[Mapping[Kind, Callable[[Variable, object], Value | None]]] = {
    "number": _number,
    "choice": _choice,
    "flag": _flag,
    "text": _text,
    "list": _list,
    "niggles": _niggles,
}
