"""Read one comparison: is there such a field, can it be compared so, and with that?"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from climbiq.domain.rule_fields import (
    FIELD_ALIASES,
    RULE_FIELDS,
    RuleField,
    UnknownRuleField,
    finite_number,
    rule_field,
)
from climbiq.domain.texts import UnstorableText, clean_text, quotable
from climbiq.domain.values import MAX_ITEM_CHARS
from experts.domain.rules.faults import Faults
from experts.domain.rules.operators import OPERATORS, Operator, operators_for
from experts.domain.rules.tree import Comparison

__all__ = ["MAX_LIST", "read_comparison"]

MAX_LIST: Final = 50  # values of one comparison

_BAD: Final = object()  # a value that a fault was noted for


class UnusableValue(ValueError):
    """A value that a field cannot be compared with; says why."""


def read_comparison(raw: dict[str, object], at: str, faults: Faults) -> Comparison | None:
    """Read ``{"field", "op", "value"}``; None after noting every fault in it."""
    faults.unknown_keys(at, raw, "field", "op", "value")
    for key in ("field", "op", "value"):
        if key not in raw:
            faults.add(at, f"Needs {key!r}.".replace("'", '"'))
    field = _field(raw["field"], f"{at}.field", faults) if "field" in raw else None
    operator = _operator(raw["op"], field, f"{at}.op", faults) if "op" in raw else None
    if field is None or operator is None or "value" not in raw:
        return None
    value = _value(raw["value"], field, operator, f"{at}.value", faults)
    return None if value is _BAD else Comparison(field.path, operator.symbol, value)


def _field(raw: object, at: str, faults: Faults) -> RuleField | None:
    if not isinstance(raw, str):
        faults.add(at, "Must be the path of a field.")
        return None
    try:
        return rule_field(raw)
    except UnknownRuleField:
        near = get_close_matches(raw[:80], [*RULE_FIELDS, *FIELD_ALIASES], n=1)
        faults.add(at, f"There is no field {quotable(raw)}." + (f" Did you mean {near[0]}?" if near else ""))
        return None


def _operator(raw: object, field: RuleField | None, at: str, faults: Faults) -> Operator | None:
    operator = OPERATORS.get(raw) if isinstance(raw, str) else None
    if operator is None:
        faults.add(at, f"There is no operator {quotable(raw)}. Known: {', '.join(OPERATORS)}.")
    elif field is not None and field.kind not in operator.kinds:
        usable = ", ".join(entry.symbol for entry in operators_for(field.kind))
        faults.add(at, f"{field.label} cannot be compared with {operator.symbol}. Usable: {usable}.")
        return None
    return operator


def _value(raw: object, field: RuleField, operator: Operator, at: str, faults: Faults) -> Any:
    """The value as it is stored, or `_BAD`."""
    if operator.takes == "one":
        return _single(raw, field, at, faults)
    if not isinstance(raw, list):
        faults.add(at, "Must be a list: [low, high]." if operator.takes == "range" else "Must be a list.")
        return _BAD
    if operator.takes == "range" and len(raw) != 2:
        faults.add(at, "Must be [low, high].")
        return _BAD
    if not 1 <= len(raw) <= MAX_LIST:
        faults.add(at, f"Must list 1 to {MAX_LIST} values; these are {len(raw):,}.")
        return _BAD
    values = [_single(item, field, f"{at}[{place}]", faults) for place, item in enumerate(raw)]
    if any(value is _BAD for value in values):
        return _BAD
    if operator.takes == "range":
        if values[0] > values[1]:
            faults.add(at, "The low end is above the high end.")
            return _BAD
        return tuple(values)
    return tuple(sorted(set(values)))  # order and repeats mean nothing


def _single(raw: object, field: RuleField, at: str, faults: Faults) -> Any:
    try:
        return _stored(raw, field)
    except UnusableValue as unusable:
        faults.add(at, str(unusable))
        return _BAD


def _stored(raw: object, field: RuleField) -> Any:
    match field.kind:
        case "number":
            return _number(raw, field)
        case "flag":
            if not isinstance(raw, bool):
                raise UnusableValue(f"{field.label} must be true or false.")
            return raw
        case "choice" | "list":
            if not isinstance(raw, str) or (field.choices and raw not in field.choices):
                words = f"one of: {', '.join(field.choices)}" if field.choices else "text"
                raise UnusableValue(f"{field.label} must be {words}.")
            return raw if field.choices else _text(raw, field)


def _number(raw: object, field: RuleField) -> int | float:
    number = finite_number(raw)
    if number is None:
        raise UnusableValue(f"{field.label} must be a number.")
    if not field.low <= number <= field.high:
        unit = "" if field.unit == "points" else field.unit
        raise UnusableValue(
            f"{field.label} must be between {field.low:g} and {field.high:g} {unit}".rstrip() + "."
        )
    if float(number).is_integer():
        return int(number)
    if field.is_whole:
        raise UnusableValue(f"{field.label} must be a whole number.")
    return number


def _text(raw: str, field: RuleField) -> str:
    try:
        text = clean_text(raw, one_line=True)
    except UnstorableText as error:
        raise UnusableValue(f"{field.label} {error}.") from None
    if not 1 <= len(text) <= MAX_ITEM_CHARS:
        raise UnusableValue(f"{field.label} must have 1 to {MAX_ITEM_CHARS} characters.")
    return text
