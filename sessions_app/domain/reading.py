"""What people write for a measure or a grade, turned into what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from climbiq.domain.grades import GRADES, UnknownGrade, normalise_grade
from climbiq.domain.quantities import Variable
from climbiq.domain.units import UnknownQuantity, parse_quantity
from climbiq.domain.values import BadValue, BadValues, Value, parse_value

__all__ = ["GRADES", "MEASURES", "normalise_grades", "read_value"]

MEASURES: Final = frozenset({"kg", "cm", "h", "min"})


def read_value(entry: Variable, raw: object) -> Value | None:
    """Convert one value as `parse_value` does, and measures and grades also as people write them.

    Parameters
    ----------
    entry : Variable
    raw : object
        ``135 lb`` for a weight, ``5'8"`` for a height, ``7:30`` for hours, ``v4-5`` for a grade.

    Raises
    ------
    BadValue
        With a sentence that says what would be accepted.

    >>> from climbiq.domain.variables import variable
    >>> read_value(variable("weight_kg"), "154 lb"), read_value(variable("sleep_hours"), "7:30")
    (69.9, 7.5)
    >>> read_value(variable("current_route_grade"), "7A+")
    '7a+'
    """
    if entry.name in GRADES:
        return _grade(entry, parse_value(entry, raw))
    try:
        return parse_value(entry, raw)
    except BadValue as bad:
        if not isinstance(raw, str) or entry.kind != "number" or entry.unit not in MEASURES:
            raise
        try:
            quantity = parse_quantity(raw, unit=entry.unit)
        except UnknownQuantity as unknown:
            raise BadValue(entry.name, f"{bad.message} {unknown}") from None
        return parse_value(entry, quantity)


def normalise_grades(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the grades among some traits into the spelling that is stored.

    Raises
    ------
    BadValues
        With a sentence for every grade that is none.

    >>> normalise_grades({"age": 30, "peak_boulder_grade": "6c+"})
    {'age': 30, 'peak_boulder_grade': '6C+'}
    """
    found, problems = dict(values), {}
    for name in GRADES:
        if values.get(name) is not None:
            try:
                found[name] = normalise_grade(values[name], GRADES[name])
            except UnknownGrade as unknown:
                problems[name] = f"{unknown}"
    if problems:
        raise BadValues(problems)
    return found


def _grade(entry: Variable, written: Value | None) -> str | None:
    if written is None:
        return None
    try:
        return normalise_grade(str(written), GRADES[entry.name])
    except UnknownGrade as unknown:
        raise BadValue(entry.name, f"{entry.label}: {unknown}") from None
