"""From numbers to coordinates: what the charts' templates draw. All lengths are units of an SVG view box."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["WIDTH", "Axis", "Span", "band_path", "bell_path", "covering_axis", "line_path", "nice_ticks"]

WIDTH: Final = 360.0  # of every chart: a phone's, so that letters keep their size
BELL_STEPS: Final = 60
BELL_REACH: Final = 3.5  # standard deviations on either side, beyond which a bell is not drawn


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an axis: where it starts, and how long it is."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """Where it ends."""
        return round(self.start + self.length, 1)


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight axis: values `low`…`high` lie at coordinates `start`…`end`.

    Vertical axes run upwards, so their `start` is greater than their `end`.
    """

    low: float
    high: float
    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"an axis needs low < high, not {self.low} and {self.high}")

    def at(self, value: float) -> float:
        """Place a value: x = start + (value − low) / (high − low) · (end − start), clipped to the axis.

        >>> Axis(1, 10, 0, 90).at(5.5), Axis(1, 10, 0, 90).at(12)
        (45.0, 90.0)
        """
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def holds(self, value: float) -> bool:
        """Tell whether a value lies on the axis without being clipped."""
        return self.low <= value <= self.high

    def span(self, one: float, other: float) -> Span:
        """Place an interval, whichever end comes first; at least one unit long, so that it can be seen.

        >>> Axis(0, 10, 0, 100).span(7, 2)
        Span(start=20.0, length=50.0)
        """
        first, last = sorted((self.at(one), self.at(other)))
        return Span(first, round(max(last - first, 1.0), 1))

    def ticks(self, *, about: int = 5) -> tuple[float, ...]:
        """Round values on the axis."""
        return nice_ticks(self.low, self.high, about=about)


def nice_ticks(low: float, high: float, *, about: int = 5) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, both included: `about` of them.

    >>> nice_ticks(-0.7, 1.3)
    (-0.5, 0.0, 0.5, 1.0)
    >>> nice_ticks(1, 10)
    (2.0, 4.0, 6.0, 8.0, 10.0)
    """
    if not low < high:
        return (low,)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(number * step, 10) + 0.0 for number in range(first, last + 1))


def covering_axis(
    values: Iterable[float], *, start: float, end: float, also: float | None = None, margin: float = 0.05
) -> Axis:
    """Make an axis that holds all values, and `also` if given, with a margin on both sides.

    >>> covering_axis([1.0, 3.0], start=0, end=100, also=0.0, margin=0)
    Axis(low=0.0, high=3.0, start=0, end=100)
    """
    held = [value for value in values if math.isfinite(value)] + ([] if also is None else [also])
    if not held:
        return Axis(0.0, 1.0, start, end)
    low, high = min(held), max(held)
    room = (high - low) * margin or (abs(high) or 1.0) * margin or 0.0
    if low == high and not room:
        room = 0.5
    return Axis(low - room, high + room, start, end)


def line_path(points: Sequence[tuple[float, float]]) -> str:
    """Join points by straight lines, as the `d` of an SVG path.

    >>> line_path([(0, 1), (2.04, 3)])
    'M0 1L2 3'
    """
    return "".join(f"{'L' if n else 'M'}{_number(x)} {_number(y)}" for n, (x, y) in enumerate(points))


def band_path(points: Sequence[tuple[float, float, float]]) -> str:
    """Fill the area between a lower and an upper line; points are (x, lower y, upper y).

    >>> band_path([(0, 4, 2), (10, 5, 1)])
    'M0 2L10 1L10 5L0 4Z'
    """
    if not points:
        return ""
    upper = [(x, high) for x, _, high in points]
    lower = [(x, low) for x, low, _ in reversed(points)]
    return f"{line_path([*upper, *lower])}Z"


def bell_path(*, mean: float, sd: float, axis: Axis, baseline: float, height: float) -> str:
    """Draw a normal density above a baseline: y = baseline − height · exp(−(x − mean)² / 2 sd²).

    Parameters
    ----------
    mean, sd : float
        In the axis's values; sd > 0.
    axis : Axis
        Horizontal.
    baseline, height : float
        Where the density is nought, and how high its peak stands: two bells are comparable when their heights
        stand in the inverse ratio of their standard deviations.
    """
    if sd <= 0:
        raise ValueError("a bell needs a positive standard deviation")
    first = max(axis.low, mean - BELL_REACH * sd)
    last = min(axis.high, mean + BELL_REACH * sd)
    if first >= last:
        return ""
    values = [first + (last - first) * step / BELL_STEPS for step in range(BELL_STEPS + 1)]
    points = [(axis.at(v), baseline - height * math.exp(-0.5 * ((v - mean) / sd) ** 2)) for v in values]
    return f"{line_path([(points[0][0], baseline), *points, (points[-1][0], baseline)])}Z"


def _number(value: float) -> str:
    return f"{round(value, 1) + 0.0:g}"
