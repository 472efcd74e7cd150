"""The numbers behind the picture of a climber's last sessions: quality over time, and what was expected of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.personal import TrainedPopulation, replay
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QualityBand:
    """Quality over time: each session's rating beside what was expected of it the session before.

    ``low`` and ``high`` bound the predictive interval; all arrays are (n,), ordered by day.
    """

    day: Floats
    observed: Floats
    expected: Floats
    low: Floats
    high: Floats


def quality_band(
    *, trained: TrainedPopulation, design: Floats, outcome: Floats, day: Floats, level: float = 0.8
) -> QualityBand:
    """What was expected of each of a climber's last hundred sessions, from the sessions before it alone.

    ``level`` is the share of sessions that the band is to hold.
    """
    seen = replay(trained=trained, design=design, outcome=outcome, day=day)
    ends = (0.5 - level / 2.0, 0.5 + level / 2.0)
    low, high = (np.clip(seen.predictive.quantile(p=p), LOWEST_QUALITY, HIGHEST_QUALITY) for p in ends)
    return QualityBand(
        day=seen.day, observed=seen.outcome, expected=seen.predictive.expected(), low=low, high=high
    )
