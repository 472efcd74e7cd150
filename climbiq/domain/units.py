"""Quantities in the units that people think in, turned into the ones that are stored.

Stored are kilograms, centimetres, hours and minutes. `parse_quantity` reads what a form's field may hold; whether the
number is allowed is for `climbiq.domain.values.parse_value` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

__all__ = [
    "UnknownQuantity",
    "cm_from_inches",
    "format_feet_and_inches",
    "format_hours",
    "inches_from_cm",
    "kg_from_lb",
    "lb_from_kg",
    "parse_quantity",
]

_KG_PER_LB: Final = Decimal("0.45359237")
_CM_PER_INCH: Final = Decimal("2.54")
_LB_PER_STONE: Final = 14
_MAX_CHARS: Final = 30

_N: Final = r"(\d+(?:[.,]\d{1,2})?|[.,]\d{1,2}|\d+\.\d+)"  # a comma is a decimal one: 1,000 is not read
_FOOT: Final = r"(?:ft|feet|foot|')"
_INCH: Final = r'(?:in|inch|inches|"|\'\')'
_LB: Final = r"(?:lb|lbs|pounds?)"
_STONE: Final = r"(?:st|stones?)"
_HOUR: Final = r"(?:h|hrs?|hours?)"
_MINUTE: Final = r"(?:min|mins|minutes?|m)"


class UnknownQuantity(ValueError):
    """Text that is no quantity of the kind asked for; the message says how to write one."""


def parse_quantity(text: str, *, unit: str) -> float:
    """Read a quantity in any usual unit and return it in `unit`, rounded to what is stored of it.

    Parameters
    ----------
    text : str
        ``61.5``, ``135 lb``, ``9 st 9``; ``172``, ``1.72 m``, ``5'8"``, ``68 in``; ``7.5``, ``7:30``, ``7h30``,
        ``450 min``; a plain number is in `unit` already. A minus sign is read where pounds or kilograms are.
    unit : str
        The registry's unit. For others than kg, cm, h and min only a number, with or without the unit, is read.

    Returns
    -------
    float
        Rounded half up: kg, cm and h to one decimal, min to whole ones; as written for the other units.

    Raises
    ------
    UnknownQuantity
        With examples of what can be read.

    >>> parse_quantity("7:30", unit="h"), parse_quantity("135 lb", unit="kg"), parse_quantity("5'8\\"", unit="cm")
    (7.5, 61.2, 172.7)
    """
    plain = re.sub(r"\s+", "", text).casefold()
    for fancy, simple in (("’", "'"), ("′", "'"), ("”", '"'), ("″", '"'), ("−", "-"), ("½", ".5")):
        plain = plain.replace(fancy, simple)
    forms = _FORMS.get(unit, ((rf"(-?){_N}(?:{re.escape(unit.casefold())})?", _signed),))
    if len(plain) <= _MAX_CHARS and not re.search(r"[\d.,]\s+[\d.,]", text):  # "6 1" is not 61
        for pattern, amount in forms:
            match = re.fullmatch(pattern, plain)
            if match is not None:
                return float(_rounded(amount(*match.groups()), unit))
    examples = _EXAMPLES.get(unit, f"12 {unit}".strip())
    raise UnknownQuantity(f"Write it as {examples}.")


def kg_from_lb(pounds: float) -> float:
    """kg = 0.45359237 lb, exactly (international pound).

    >>> kg_from_lb(100)
    45.359237
    """
    return float(Decimal(str(pounds)) * _KG_PER_LB)


def lb_from_kg(kilograms: float) -> float:
    """lb = kg / 0.45359237.

    >>> round(lb_from_kg(61.2), 1)
    134.9
    """
    return float(Decimal(str(kilograms)) / _KG_PER_LB)


def cm_from_inches(inches: float) -> float:
    """cm = 2.54 in, exactly.

    >>> cm_from_inches(68)
    172.72
    """
    return float(Decimal(str(inches)) * _CM_PER_INCH)


def inches_from_cm(centimetres: float) -> float:
    """in = cm / 2.54.

    >>> inches_from_cm(254)
    100.0
    """
    return float(Decimal(str(centimetres)) / _CM_PER_INCH)


def format_feet_and_inches(centimetres: float) -> str:
    """A height in whole inches.

    >>> format_feet_and_inches(172.7), format_feet_and_inches(182.8)
    ('5′8″', '6′0″')
    """
    feet, inches = divmod(round(inches_from_cm(centimetres)), 12)
    return f"{feet}′{inches}″"


def format_hours(hours: float) -> str:
    """Hours as h:mm.

    >>> format_hours(7.5), format_hours(0.1), format_hours(7.999)
    ('7:30', '0:06', '8:00')
    """
    whole, minutes = divmod(round(hours * 60), 60)
    return f"{whole}:{minutes:02d}"


def _number(text: str | None) -> Decimal:
    return Decimal((text or "0").replace(",", "."))


def _signed(sign: str, amount: str) -> Decimal:
    return -_number(amount) if sign else _number(amount)


def _from_lb(sign: str, pounds: str) -> Decimal:
    return _signed(sign, pounds) * _KG_PER_LB


def _from_stones(stones: str, pounds: str | None) -> Decimal:
    return (_number(stones) * _LB_PER_STONE + _number(pounds)) * _KG_PER_LB


def _from_feet(feet: str, inches: str | None) -> Decimal:
    return (_number(feet) * 12 + _number(inches)) * _CM_PER_INCH


def _hours(hours: str, minutes: str | None) -> Decimal:
    return _number(hours) + _number(minutes) / 60


def _rounded(amount: Decimal, unit: str) -> Decimal:
    step = _STEPS.get(unit)
    return amount if step is None else amount.quantize(step, rounding=ROUND_HALF_UP)


_Form = tuple[str, Callable[..., Decimal]]
_CLOCK: Final = rf"(\d{{1,3}})(?::|{_HOUR})([0-5]\d)(?:{_MINUTE})?"

_FORMS: Final[Mapping[str, tuple[_Form, ...]]] = {
    "kg": (
        (rf"(-?){_N}(?:kg|kgs|kilos?)?", _signed),
        (rf"(-?){_N}{_LB}", _from_lb),
        (rf"(\d+){_STONE}(?:{_N}{_LB}?)?", _from_stones),
    ),
    "cm": (
        (rf"{_N}(?:cm)?", _number),
        (rf"{_N}m", lambda metres: _number(metres) * 100),
        (rf"{_N}{_INCH}", lambda inches: _number(inches) * _CM_PER_INCH),
        (rf"(\d+){_FOOT}(?:{_N}{_INCH}?)?", _from_feet),
    ),
    "h": (
        (rf"{_N}{_HOUR}?", _number),
        (_CLOCK, _hours),
        (rf"(\d+){_HOUR}(\d{{1,2}}){_MINUTE}", _hours),
        (rf"{_N}{_MINUTE}", lambda minutes: _number(minutes) / 60),
    ),
    "min": (
        (rf"{_N}(?:{_MINUTE})?", _number),
        (_CLOCK, lambda hours, minutes: _hours(hours, minutes) * 60),
        (rf"(\d+){_HOUR}(\d{{1,2}}){_MINUTE}", lambda hours, minutes: _hours(hours, minutes) * 60),
        (rf"{_N}{_HOUR}", lambda hours: _number(hours) * 60),
    ),
}
_STEPS: Final = {"kg": Decimal("0.1"), "cm": Decimal("0.1"), "h": Decimal("0.1"), "min": Decimal(1)}
_EXAMPLES: Final = {
    "kg": "61.5, 61.5 kg or 135 lb",
    "cm": "172, 1.72 m or 5'8\"",
    "h": "7.5, 7:30 or 7 h 30 min",
    "min": "90, 90 min or 1:30",
}
