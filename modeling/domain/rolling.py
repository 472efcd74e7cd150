"""One-step-ahead predictions: every session predicted from all earlier ones of that climber, in one filter pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modeling.domain.compiled import compiled
from modeling.domain.drift import Drift
from modeling.domain.posterior import GaussianPrior
from modeling.domain.predictive import Predictive
from modeling.domain.rating_scale import steps_before
from modeling.domain.rhythm import Rhythm, RhythmPrior, remembered, without_negligible
from modeling.domain.statistics import GroupedData, Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OneStepAhead:
    """(n,) mean and SD of every session (noise included) given the climber's earlier ones."""

    mean: Floats
    sd: Floats


def predict_one_step_ahead(
    *, data: GroupedData, prior: GaussianPrior, drift: Drift | None = None
) -> OneStepAhead:
    """Filter each climber's coefficients and level jointly; no look-ahead.

    Equals ``predict(condition(earlier sessions), next row)`` for every row, at O(p²) a session.

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    prior
        What is believed of a climber before any session.
    drift
        The level's rate and half-life.
    """
    drift = drift if drift is not None else Drift(0.0)
    mean, sd = _filter(
        data.outcome,
        data.design,
        data.start,
        data.day,
        prior.mean,
        prior.covariance,
        prior.sigma,
        drift.rate_per_day,
        drift.half_life_days,
        drift.stationary_variance,
    )
    return OneStepAhead(mean, sd)


def predict_with_rhythms(
    *, data: GroupedData, prior: GaussianPrior, rhythms: RhythmPrior, rating_step: float
) -> Predictive:
    """Every session from all earlier ones of that climber, averaged over the rhythms' weights at that moment.

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    prior
        What is believed of a climber before any session; its sigma is the population's.
    rhythms
        The grid and how common each rhythm is.
    rating_step
        Everybody's step of rating. A rating's probability weighs the rhythms, not a density, where there is one; each
        forecast is in the climber's own step (:func:`modeling.domain.rating_scale.own_steps`).
    """
    each = one_step_ahead_under(data=data, prior=prior, rhythms=rhythms.rhythms)
    log_likelihood = _components(each, rating_step).component_log_score(outcome=data.outcome)
    weight = np.empty_like(log_likelihood)
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        weight[rows] = remembered(prior=rhythms, log_likelihood=log_likelihood[rows])[:-1]
    own = steps_before(outcome=data.outcome, start=data.start, common=rating_step)
    return replace(_components(each, own), weight=without_negligible(weight=weight))


def log_likelihood_under(
    *, data: GroupedData, prior: GaussianPrior, rhythms: tuple[Rhythm, ...], rating_step: float
) -> Floats:
    """(climbers, k) log probability of each climber's sessions under each rhythm."""
    each = one_step_ahead_under(data=data, prior=prior, rhythms=rhythms)
    rows = _components(each, rating_step).component_log_score(outcome=data.outcome)
    return np.asarray(np.add.reduceat(rows, data.start[:-1], axis=0))


def one_step_ahead_under(
    *, data: GroupedData, prior: GaussianPrior, rhythms: tuple[Rhythm, ...]
) -> tuple[OneStepAhead, ...]:
    """One-step-ahead predictions under each rhythm."""
    return tuple(
        predict_one_step_ahead(
            data=data, prior=replace(prior, sigma=prior.sigma * r.noise_scale), drift=r.drift
        )
        for r in rhythms
    )


def _components(each: tuple[OneStepAhead, ...], rating_step: Floats | float) -> Predictive:
    mean, sd = np.column_stack([o.mean for o in each]), np.column_stack([o.sd for o in each])
    steps = np.broadcast_to(rating_step, mean.shape[:1]).astype(np.float64)
    return Predictive(mean, sd, np.full(mean.shape, 1.0 / len(each)), steps)


@compiled
def _filter(
    outcome: Floats,
    design: Floats,
    start: Ints,
    day: Floats,
    prior_mean: Floats,
    prior_covariance: Floats,
    sigma: float,
    rate: float,
    half_life: float,
    stationary: float,
) -> tuple[Floats, Floats]:
    """Kalman filter on the state (coefficients, level)."""
    n, p = design.shape
    predicted, sd = np.empty(n), np.empty(n)
    state, covariance = np.empty(p + 1), np.empty((p + 1, p + 1))
    row, gain = np.ones(p + 1), np.empty(p + 1)
    for u in range(start.size - 1):
        state[:p], state[p] = prior_mean, 0.0
        covariance[:, :] = 0.0
        covariance[:p, :p] = prior_covariance
        covariance[p, p] = stationary * sigma**2
        for t in range(start[u], start[u + 1]):
            if t > start[u]:
                days = day[t] - day[t - 1]
                phi = 1.0 if np.isinf(half_life) else 2.0 ** (-days / half_life)
                state[p] *= phi
                covariance[p, :] *= phi
                covariance[:, p] *= phi
                added = rate * days if np.isinf(half_life) else stationary * (1.0 - phi * phi)
                covariance[p, p] += added * sigma**2
            row[:p] = design[t]
            variance = sigma**2
            predicted[t] = 0.0
            for i in range(p + 1):
                gain[i] = 0.0
                for j in range(p + 1):
                    gain[i] += covariance[i, j] * row[j]
                variance += gain[i] * row[i]
                predicted[t] += state[i] * row[i]
            sd[t] = np.sqrt(variance)
            error = (outcome[t] - predicted[t]) / variance
            for i in range(p + 1):
                state[i] += gain[i] * error
                for j in range(p + 1):
                    covariance[i, j] -= gain[i] * gain[j] / variance
    return predicted, sd
