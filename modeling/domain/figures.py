"""The numbers behind the pictures: intervals beside the population's, quality over time, prior to posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.personal import TrainedPopulation, replay
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY, Z_95, PersonalPosterior

Floats = NDArray[np.float64]

CURVE_POINTS = 101
CURVE_SDS = 4.0


@dataclass(frozen=True, slots=True)
class CoefficientInterval:
    """One coefficient of a climber beside everyone's: means and 95 % intervals, quality points per unit."""

    name: str
    personal_mean: float
    personal_95: tuple[float, float]
    population_mean: float
    population_95: tuple[float, float]


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


@dataclass(frozen=True, slots=True)
class PriorToPosterior:
    """Densities (101,) of one coefficient before and after the climber's own sessions."""

    name: str
    value: Floats
    prior_density: Floats
    posterior_density: Floats


def coefficient_intervals(
    *, trained: TrainedPopulation, posterior: PersonalPosterior
) -> tuple[CoefficientInterval, ...]:
    """A climber's coefficients against the population, in the design's order."""
    prior = trained.draws.as_prior()
    own, everyone = np.sqrt(np.diag(posterior.covariance)), np.sqrt(np.diag(prior.covariance))
    return tuple(
        CoefficientInterval(
            name=name,
            personal_mean=float(posterior.mean[k]),
            personal_95=_interval(posterior.mean[k], own[k]),
            population_mean=float(prior.mean[k]),
            population_95=_interval(prior.mean[k], everyone[k]),
        )
        for k, name in enumerate(trained.names)
    )


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


def prior_to_posterior(
    *, trained: TrainedPopulation, posterior: PersonalPosterior, name: str
) -> PriorToPosterior:
    """Densities of one coefficient before and after own sessions, over a common range."""
    k = trained.names.index(name)
    prior = trained.draws.as_prior()
    means = (float(prior.mean[k]), float(posterior.mean[k]))
    sds = tuple(max(float(np.sqrt(c[k, k])), 1e-9) for c in (prior.covariance, posterior.covariance))
    low = min(m - CURVE_SDS * s for m, s in zip(means, sds, strict=True))
    high = max(m + CURVE_SDS * s for m, s in zip(means, sds, strict=True))
    value = np.linspace(low, high, CURVE_POINTS)
    before, after = (
        np.exp(-0.5 * ((value - m) / s) ** 2) / (s * np.sqrt(2.0 * np.pi))
        for m, s in zip(means, sds, strict=True)
    )
    return PriorToPosterior(name, value, before, after)


def _interval(mean: float, sd: float) -> tuple[float, float]:
    return float(mean - Z_95 * sd), float(mean + Z_95 * sd)
