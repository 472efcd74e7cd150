"""Where one value stands among climbers: empirical where enough of them are known, labelled where not."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scipy.special import ndtr

from modeling.domain.population_summary import FEWEST_CLIMBERS

Method = Literal["mid_rank", "normal"]


class InvalidStatistic(ValueError):
    """A population statistic that describes no distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationStatistic:
    """What is known about one quantity over climbers.

    Attributes
    ----------
    n
        Climbers behind it.
    counts
        Value → how many (climbers' sessions may be weighted), for scales with few points; wins over `quantiles`.
    quantiles
        (probability, value) pairs, rising in both.
    """

    n: int
    mean: float
    std: float
    counts: Mapping[float, float] = field(default_factory=dict)
    quantiles: Sequence[tuple[float, float]] = ()

    def __post_init__(self) -> None:
        if self.n < 0 or any(count < 0 for count in self.counts.values()):
            raise InvalidStatistic("counts cannot be negative")
        for (p, value), (next_p, next_value) in zip(self.quantiles, self.quantiles[1:], strict=False):
            if not (p < next_p and value <= next_value):
                raise InvalidStatistic("quantiles must rise")

    @property
    def is_usable(self) -> bool:
        """Whether it may be shown: enough climbers, and they differ."""
        return (
            self.n >= FEWEST_CLIMBERS
            and math.isfinite(self.mean)
            and math.isfinite(self.std)
            and self.std > 0.0
        )


def percentile_rank(*, statistic: PopulationStatistic, value: float) -> tuple[float, Method]:
    """The share of climbers below a value, half of those at it included, in per cent.

        mid-rank = 100 (N(X < x) + N(X = x) / 2) / N

    From quantiles it is interpolated; a run of equal quantiles counts as a tie. Without either it is the
    normal distribution's, and says so.

    Returns
    -------
    percentile, method

    Examples
    --------
    >>> stress = PopulationStatistic(n=100, mean=3, std=1, counts={1: 10, 2: 20, 3: 40, 4: 20, 5: 10})
    >>> percentile_rank(statistic=stress, value=4)
    (80.0, 'mid_rank')
    >>> percentile_rank(statistic=PopulationStatistic(n=20, mean=7.0, std=1.0), value=7.0)
    (50.0, 'normal')
    """
    total = sum(statistic.counts.values())
    if total:
        below = sum(count for at, count in statistic.counts.items() if at < value)
        return 100.0 * (below + statistic.counts.get(value, 0) / 2.0) / total, "mid_rank"
    if len(statistic.quantiles) > 1:
        return 100.0 * _rank_in_quantiles(statistic.quantiles, value), "mid_rank"
    return 100.0 * float(ndtr((value - statistic.mean) / statistic.std)), "normal"


def _rank_in_quantiles(quantiles: Sequence[tuple[float, float]], value: float) -> float:
    values = [at for _, at in quantiles]
    first, after = bisect_left(values, value), bisect_right(values, value)
    if first < after:  # it is one of them: the middle of the run; an end of the list reaches to 0 or 1
        low = 0.0 if first == 0 and after > 1 else quantiles[first][0]
        high = 1.0 if after == len(values) and first < after - 1 else quantiles[after - 1][0]
        return (low + high) / 2.0
    if first == 0:
        return quantiles[0][0] / 2.0
    if first == len(values):
        return (1.0 + quantiles[-1][0]) / 2.0
    (low_p, low_value), (high_p, high_value) = quantiles[first - 1], quantiles[first]
    return low_p + (high_p - low_p) * (value - low_value) / (high_value - low_value)
