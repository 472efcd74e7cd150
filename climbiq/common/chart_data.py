"""What the charts are made of, and how their numbers are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from climbiq.domain import written_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A row of an interval plot: a quantity with its 95 % interval, and what it is compared with.

    With `half_low` and `half_high` its 50 % interval is drawn as well.
    """

    label: str
    value: float
    low: float
    high: float
    reference: float | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    half_low: float | None = None
    half_high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point of a trend: what was observed (None where nothing was) and what was expected."""

    day: date
    observed: float | None
    expected: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A point of a calibration plot: said and seen shares, 0–1, with the interval of what was seen."""

    said: float
    seen: float
    low: float
    high: float
    n: int


def one(value: Any) -> str:
    """A quality with one decimal.

    >>> one(6.449)
    '6.4'
    """
    return f"{float(value):.1f}"


def signed(value: Any) -> str:
    """An effect with its sign, and two digits that count.

    >>> signed(0.5), signed(-0.014), signed(0)
    ('+0.5', '−0.014', '0')
    """
    return written_numbers.signed(value, significant=2)
