"""How fast do levels drift? The rate and half-life that the climbers' sessions make most likely."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modeling.domain.drift import PRIOR_DRIFT, Drift
from modeling.domain.mode import PopulationMode, population_mode
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData, sufficient_statistics

Floats = NDArray[np.float64]

# Weak normal priors on the logarithms, around what serves before there is a run.
RATE_CENTRE, RATE_LOG_SD = PRIOR_DRIFT.rate_per_day, 1.5
HALF_LIFE_CENTRE_DAYS, HALF_LIFE_LOG_SD = PRIOR_DRIFT.half_life_days, 1.0
# More climbers than this hardly sharpen two numbers; a spread-out subset stands for all.
ENOUGH_CLIMBERS = 400
PENALTY_BEYOND = 6.0


@dataclass(frozen=True, slots=True)
class DriftProfile:
    """The profiled drift, the population mode under it, and how many climbers it was read from."""

    drift: Drift
    mode: PopulationMode
    log_evidence: float
    n_climbers: int


def profile_drift(*, data: GroupedData, priors: HierarchicalPriors) -> DriftProfile:
    """Maximise the marginal likelihood of (rate, half-life), everything else integrated out.

    Climbers' effects are integrated out exactly and the population parameters by Laplace's method; the search over
    the two logarithms (Nelder-Mead) adds weak priors, so that data that say nothing about time give the centre.

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    priors
        Priors in the design's column order.
    """
    some = subset(data=data, n=ENOUGH_CLIMBERS)
    warm: list[Floats | None] = [None]

    def objective(log: Floats) -> float:
        z_rate = (log[0] - math.log(RATE_CENTRE)) / RATE_LOG_SD
        z_half_life = (log[1] - math.log(HALF_LIFE_CENTRE_DAYS)) / HALF_LIFE_LOG_SD
        penalty = 0.5 * (z_rate**2 + z_half_life**2)
        if max(abs(z_rate), abs(z_half_life)) > PENALTY_BEYOND:
            return float(1e12 * penalty)
        statistics = sufficient_statistics(data=some, drift=_drift(log))
        mode = population_mode(statistics=statistics, priors=priors, start=warm[0])
        warm[0] = mode.unconstrained
        return float(penalty - mode.log_evidence)

    start = np.array([math.log(RATE_CENTRE), math.log(HALF_LIFE_CENTRE_DAYS)])
    found = minimize(
        objective,
        start,
        method="Nelder-Mead",
        options={
            "xatol": 0.05,
            "fatol": 0.05,
            "maxfev": 80,
            "initial_simplex": start + np.array([[0, 0], [1, 0], [0, 0.7]]),
        },
    )
    drift = _drift(found.x)
    mode = population_mode(
        statistics=sufficient_statistics(data=data, drift=drift), priors=priors, start=warm[0]
    )
    return DriftProfile(drift, mode, mode.log_evidence, some.n_groups)


def subset(*, data: GroupedData, n: int) -> GroupedData:
    """At most ``n`` climbers, evenly spread over all of them."""
    if data.n_groups <= n:
        return data
    keep = np.linspace(0, data.n_groups - 1, n).round().astype(np.intp)
    rows = np.concatenate([np.arange(data.start[u], data.start[u + 1]) for u in keep])
    start = np.concatenate([[0], np.cumsum(np.diff(data.start)[keep])]).astype(np.int64)
    return GroupedData(
        data.outcome[rows], data.design[rows], start, data.day[rows], data.labels[keep], data.order[rows]
    )


def _drift(log: Floats) -> Drift:
    return Drift(rate_per_day=float(np.exp(log[0])), half_life_days=float(np.exp(log[1])))
