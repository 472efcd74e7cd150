"""The stages of a run, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Stage → how far the run is when it begins. Most of the time goes into sampling.
STAGES: Final[Mapping[str, float]] = {
    "reading": 0.0,
    "preparing": 0.05,
    "testing forecasts": 0.06,
    "drift": 0.16,
    "rhythms": 0.22,
    "statistics": 0.26,
    "loading the sampler": 0.28,
    "sampling": 0.40,
    "sampling again": 0.60,
    "climbers": 0.85,
    "publishing": 0.93,
}


def in_order(*, durations: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Stages and their seconds in the order they ran; JSON in a database keeps none.

    >>> in_order(durations={"sampling": 7.5, "reading": 0.1})
    (('reading', 0.1), ('sampling', 7.5))
    """
    return tuple((stage, durations[stage]) for stage in STAGES if stage in durations)
