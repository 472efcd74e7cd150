"""In which steps do people rate: whole numbers, halves, or none?"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY

Floats = NDArray[np.float64]

NO_STEP: Final = 0.0  # a quality that is not rated in steps
RATING_STEPS: Final = (1.0, 0.5)
# A step is kept to where four ratings in five do, everybody's or a climber's: a slip must not take it from the others,
# and only where three in ten and more lie between whole numbers are they foreseen better in halves.
LEAST_SHARE: Final = 0.8
# A climber's own step is that of their last ratings, so that it follows somebody who changes their mind.
LAST_RATINGS: Final = 30
FEWEST_OWN: Final = 10


class InvalidRatingStep(ValueError):
    """A step that nobody rates in."""


def checked_step(step: float) -> float:
    """The step, if it is one.

    Raises
    ------
    InvalidRatingStep
        It is neither 1, nor ½, nor 0 (no steps).
    """
    if step not in (NO_STEP, *RATING_STEPS):
        raise InvalidRatingStep(f"a rating step of {step:g}")
    return float(step)


def rating_points(*, step: float) -> Floats:
    """The ratings there are.

    >>> rating_points(step=1.0).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    >>> rating_points(step=0.5).size
    19
    """
    return np.arange(LOWEST_QUALITY, HIGHEST_QUALITY + step / 2.0, step)


def keeps_to(*, outcome: Floats, step: float) -> NDArray[np.bool_]:
    """(n,) whether an outcome is one of the ratings with this step.

    >>> keeps_to(outcome=np.array([7.0, 7.5, 7.2, 11.0]), step=0.5).tolist()
    [True, True, False, False]
    """
    steps = outcome / step
    inside = (outcome >= LOWEST_QUALITY) & (outcome <= HIGHEST_QUALITY)
    return np.asarray(inside & (steps == steps.round()))


def common_step(*, outcome: Floats) -> float:
    """The coarsest step that four in five of everybody's outcomes keep to; 0 where there is none.

    >>> [common_step(outcome=np.array(some)) for some in ([7.0] * 99 + [7.5], [7.0, 7.5], [7.0, 7.2])]
    [1.0, 0.5, 0.0]
    """
    for step in RATING_STEPS:
        if keeps_to(outcome=outcome, step=step).mean() >= LEAST_SHARE:
            return step
    return NO_STEP


def own_steps(*, outcome: Floats, common: float) -> Floats:
    """(n + 1,) a climber's step before each of their n ratings and after the last, each from the ratings before it.

    It is the coarsest step that four in five of the last thirty ratings keep to, 0 where there is none; everybody's
    with fewer than ten ratings.

    >>> own_steps(outcome=np.array([7.0] * 8 + [6.5] * 4), common=0.5).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5]
    """
    seen = np.arange(outcome.size + 1)
    first = np.maximum(seen - LAST_RATINGS, 0)
    steps = np.full(seen.size, NO_STEP)
    for step in reversed(RATING_STEPS):
        kept = np.concatenate([[0], np.cumsum(keeps_to(outcome=outcome, step=step))])
        steps[kept - kept[first] >= LEAST_SHARE * (seen - first)] = step
    steps[seen < FEWEST_OWN] = common
    return steps


def own_step(*, outcome: Floats, common: float) -> float:
    """A climber's step after all of their ratings: the last of :func:`own_steps`."""
    last = outcome[-LAST_RATINGS:]
    if last.size < FEWEST_OWN:
        return common
    return common_step(outcome=last)


def steps_before(*, outcome: Floats, start: NDArray[np.int64], common: float) -> Floats:
    """(n,) the step known of every rating's climber before it; climber u owns the rows start[u] to start[u + 1]."""
    steps = np.empty(outcome.size)
    for first, end in pairwise(start.tolist()):
        steps[first:end] = own_steps(outcome=outcome[first:end], common=common)[:-1]
    return steps


def rating_notes(*, outcome: Floats, start: NDArray[np.int64], common: float) -> tuple[str, ...]:
    """What a person should know where not all outcomes are whole ratings although many are, or somebody's are.

    >>> rating_notes(outcome=np.array([7.0] * 99 + [7.5]), start=np.array([0, 50, 100]), common=1.0)
    ('1 of 100 ratings off the whole numbers 1–10: forecasts are of whole numbers',)
    """
    away = int((~keeps_to(outcome=outcome, step=1.0)).sum())
    own = [own_step(outcome=outcome[a:b], common=common) for a, b in pairwise(start.tolist())]
    others = [
        f"{words} for {n} climber{'s' if n > 1 else ''}"
        for step, words in _FORECASTS.items()
        if step != common and (n := own.count(step))
    ]
    if not away or (common == NO_STEP and not others and 2 * away > outcome.size):
        return ()
    forecasts = ", ".join((_FORECASTS[common], *others))
    return (f"{away:,} of {outcome.size:,} ratings off the whole numbers 1–10: forecasts are {forecasts}",)


_FORECASTS: Final = {1.0: "of whole numbers", 0.5: "in halves", NO_STEP: "not rounded"}
