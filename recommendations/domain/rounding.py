"""How precisely each kind of number is said. Payloads, pages and sentences all show what stands here.

A number is rounded once, when it enters a payload; what is shown later is that number, so a sentence can be
checked against the payload numeral by numeral.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TypeAlias

from climbiq.domain.variables import VARIABLES

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Value: TypeAlias = "float | str | None"

QUALITY_DECIMALS = 1  # sessions that look alike differ by more than a point
GAIN_DECIMALS = 2
SHARE_DECIMALS = 2
SIGNIFICANT_DIGITS_OF_A_COEFFICIENT = 3
LEAST_PROBABILITY = 0.01  # a model is never as sure as 0 or 1


def quality(points: float) -> float:
    """A session quality on the 1–10 scale.

    >>> quality(5.4499)
    5.4
    """
    return _plain(round(points, QUALITY_DECIMALS))


def gain(points: float) -> float:
    """A difference between two qualities.

    >>> gain(0.1249), gain(-0.001)
    (0.12, 0.0)
    """
    return _plain(round(points, GAIN_DECIMALS))


def probability(p: float) -> float:
    """A probability, never rounded to certainty.

    >>> probability(0.618), probability(0.9999)
    (0.62, 0.99)
    """
    return min(max(round(p, SHARE_DECIMALS), LEAST_PROBABILITY), 1.0 - LEAST_PROBABILITY)


def share(part: float) -> float:
    """A share of a whole, kept inside 0–1.

    >>> share(0.3333), share(-1e-12)
    (0.33, 0.0)
    """
    return _plain(min(max(round(part, SHARE_DECIMALS), 0.0), 1.0))


def z_score(z: float) -> float:
    """A standardised distance.

    >>> z_score(-1.2345)
    -1.23
    """
    return _plain(round(z, SHARE_DECIMALS))


def percentile(rank: float) -> float:
    """A rank among 100, never the very ends.

    >>> percentile(84.13), percentile(99.9)
    (84.0, 99.0)
    """
    return min(max(float(round(rank)), 1.0), 99.0)


def coefficient(points_per_unit: float) -> float:
    """A coefficient: its size depends on the unit, so significant digits instead of decimals.

    >>> coefficient(0.0031234), coefficient(-0.35)
    (0.00312, -0.35)
    """
    return _plain(float(f"{points_per_unit:.{SIGNIFICANT_DIGITS_OF_A_COEFFICIENT}g}"))


def amount(name: str, value: Value) -> Value:
    """A value of a variable, as precisely as a person reports it; words and None pass through.

    >>> amount("caffeine_mg", 99.7), amount("sleep_hours", 7.25), amount("session_type", "power")
    (100.0, 7.2, 'power')
    """
    if value is None or isinstance(value, str):
        return value
    return _plain(round(float(value), _decimals(name)))


def mean_amount(name: str, value: float) -> float:
    """An average of a variable: one digit more than a single report.

    >>> mean_amount("stress_level", 2.6666)
    2.7
    """
    return _plain(round(value, _decimals(name) + 1))


def spread(name: str, value: float) -> float:
    """A standard deviation of a variable: as precise as its averages.

    >>> spread("sleep_hours", 1.234)
    1.23
    """
    return _plain(round(value, _decimals(name) + 1))


def interval(bounds: tuple[float, float], decimals: int) -> tuple[float, float]:
    """Both ends of an interval, rounded alike."""
    return _plain(round(bounds[0], decimals)), _plain(round(bounds[1], decimals))


@cache
def _decimals(name: str) -> int:
    step = VARIABLES[name].step if name in VARIABLES else 1.0
    return max(0, math.ceil(-math.log10(step))) if step > 0 else 0


def _plain(value: float) -> float:
    return value + 0.0  # no negative zero
