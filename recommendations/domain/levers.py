"""How far advice may move each treatment: never past what helps, is safe, is known to the climber or fits today."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from climbiq.domain.quantities import Variable
from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.recordable import is_recordable

WARMUP_SHARE_OF_TIME: Final = 0.25  # a longer warm-up leaves too little of the session
_EPSILON: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """A treatment that advice can move.

    Attributes
    ----------
    step
        Advised values are multiples of it: what a person can measure out.
    least
        Advice to take less never goes below it.
    share_of_time
        The largest share of the time available that it may take, None where it takes no time.
    """

    variable: str
    step: float
    least: float
    share_of_time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where advice ends, on the lever's grid: `high` for taking more, `low` for taking less.

    `high_is` tells what ends it above: `optimum` where more stops helping, else `dose_limit`.
    """

    low: float
    high: float
    high_is: Literal["optimum", "dose_limit"]


LEVERS: Final[tuple[Lever, ...]] = (
    Lever(variable="caffeine_mg", step=25, least=0),
    # A shorter warm-up than the least useful one may cost more than a session, so none is advised.
    Lever(variable="warmup_duration_min", step=5, least=15, share_of_time=WARMUP_SHARE_OF_TIME),
)


def own_ranges(*, sessions: Sequence[TreatedSession]) -> dict[str, tuple[float, float]]:
    """The smallest and largest value of each lever in a climber's own sessions; without one, no key.

    >>> own_ranges(sessions=[TreatedSession(day=0, conditions={"caffeine_mg": 80}, session_quality=6)])
    {'caffeine_mg': (80.0, 80.0)}
    """
    found = {}
    for lever in LEVERS:
        values = [
            v
            for s in sessions
            if (v := s.conditions.get(lever.variable)) is not None
            and is_recordable(name=lever.variable, value=v)
        ]
        if values:
            found[lever.variable] = (float(min(values)), float(max(values)))
    return found


def room_for(
    *,
    lever: Lever,
    prior: PopulationPrior | None = None,
    own_range: tuple[float, float] | None = None,
    time_available_min: float | None = None,
) -> Room:
    """Where advice on a treatment ends today.

        high = min(optimal_max, safe_high, max(reference, own largest + spread), share · time)
        low  = max(least, min(reference, own smallest - spread))

    The model is linear where there are sessions; a typical spread beyond the climber's own experience, or the
    reference where there is none, is as far as it is trusted.

    Parameters
    ----------
    lever
        The treatment.
    prior
        Its current population prior: coaches may have narrowed the optimal range.
    own_range
        Smallest and largest value in the climber's own sessions.
    time_available_min
        None: not said.

    Examples
    --------
    >>> caffeine, warmup = LEVERS
    >>> room_for(lever=caffeine)
    Room(low=0.0, high=100.0, high_is='dose_limit')
    >>> room_for(lever=caffeine, own_range=(0, 300))
    Room(low=0.0, high=300.0, high_is='optimum')
    >>> room_for(lever=warmup, own_range=(5, 30), time_available_min=90).high  # a quarter is 22.5 min
    20.0
    """
    variable = VARIABLES[lever.variable]
    optimum = _optimum(variable, prior)
    limits = [variable.high if variable.safe_high is None else variable.safe_high]
    limits.append(
        max(variable.reference, own_range[1] + variable.spread) if own_range else variable.reference
    )
    if lever.share_of_time is not None and time_available_min is not None:
        limits.append(lever.share_of_time * time_available_min)
    lowest = min(variable.reference, own_range[0] - variable.spread) if own_range else variable.low
    high = math.floor(min(optimum, *limits) / lever.step + _EPSILON) * lever.step
    low = math.ceil(max(variable.low, lever.least, lowest) / lever.step - _EPSILON) * lever.step
    return Room(
        low=float(low),
        high=float(high),
        high_is="optimum" if optimum <= min(limits) else "dose_limit",
    )


def values_to_advise(*, room: Room, lever: Lever, upwards: bool) -> Iterator[float]:
    """The values that may be advised, the furthest first: to take more, or to take less.

    >>> caffeine, _ = LEVERS
    >>> list(values_to_advise(room=Room(low=50, high=100, high_is="optimum"), lever=caffeine, upwards=True))
    [100.0, 75.0, 50.0, 25.0]
    >>> list(values_to_advise(room=Room(low=50, high=100, high_is="optimum"), lever=caffeine, upwards=False))
    [50.0, 75.0, 100.0]
    """
    value, last, step = (room.high, lever.step, -lever.step) if upwards else (room.low, room.high, lever.step)
    while (value >= last - _EPSILON) if upwards else (value <= last + _EPSILON):
        yield float(value)
        value += step


def doses_above_safe(*, conditions: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each planned dose above the largest that is advised to anybody.

    >>> doses_above_safe(conditions={"caffeine_mg": 600})
    ('Caffeine: 600 mg is above 400 mg, the most that counts as safe in a day.',)
    """
    found = []
    for lever in LEVERS:
        variable, value = VARIABLES[lever.variable], conditions.get(lever.variable)
        if value is not None and variable.safe_high is not None and value > variable.safe_high:
            most = "the most that counts as safe in a day" if variable.unit == "mg" else "more than is useful"
            found.append(
                f"{variable.label}: {value:g} {variable.unit} is above "
                f"{variable.safe_high:g} {variable.unit}, {most}."
            )
    return tuple(found)


def _optimum(variable: Variable, prior: PopulationPrior | None) -> float:
    """Where more stops helping: the dose function's end, or an earlier one that coaches agreed on."""
    ends = [variable.high]
    if variable.optimal_range is not None:
        ends.append(variable.optimal_range[1])
    if prior is not None and prior.optimal_max is not None:
        ends.append(prior.optimal_max)
    return min(ends)
