from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.posterior import GaussianPrior, condition, predict_moments
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.rolling import (
    log_likelihood_under,
    predict_one_step_ahead,
    predict_with_rhythms,
)
from modeling.domain.statistics import group_data

PRIOR = GaussianPrior(("intercept", "a", "b"), np.array([6.0, 0.3, -0.2]), np.diag([1.0, 0.1, 0.1]), 0.9)


def sessions(whole: bool = False):
    rng = np.random.default_rng(2)
    n = 45
    outcome = np.clip(6 + 1.2 * rng.normal(size=n), 1, 10)
    return group_data(
        outcome=outcome.round() if whole else outcome,
        design=np.column_stack([np.ones(n), rng.normal(size=(n, 2))]),
        group=np.repeat([0, 1, 2], [20, 1, 24]),
        day=rng.integers(0, 90, size=n).astype(float),
    )


@pytest.mark.parametrize("drift", [None, Drift(0.05), Drift(0.3, 6.0)])
def test_every_row_is_conditioning_on_the_rows_before(drift: Drift | None) -> None:
    data = sessions()
    got = predict_one_step_ahead(data=data, prior=PRIOR, drift=drift)
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        for t in range(rows.start, rows.stop):
            past = slice(rows.start, t)
            posterior = condition(
                prior=PRIOR,
                design=data.design[past],
                outcome=data.outcome[past],
                day=data.day[past],
                drift=drift,
            )
            since = float(data.day[t] - data.day[t - 1]) if t > rows.start else 0.0
            mean, variance = predict_moments(
                posterior=posterior, design_row=data.design[t], days_since_last=since
            )
            assert got.mean[t] == pytest.approx(mean, abs=1e-9)
            assert got.sd[t] == pytest.approx(np.sqrt(variance + PRIOR.sigma**2))


def test_one_rhythm_is_the_plain_filter() -> None:
    data = sessions()
    rhythms = RhythmPrior((Rhythm(Drift(0.1, 9.0), 1.0),), np.ones(1))
    got = predict_with_rhythms(data=data, prior=PRIOR, rhythms=rhythms, rating_step=0.0)
    want = predict_one_step_ahead(data=data, prior=PRIOR, drift=Drift(0.1, 9.0))
    np.testing.assert_allclose(got.mean[:, 0], want.mean)
    np.testing.assert_allclose(got.weight, 1.0)


def test_weights_know_nothing_of_the_future() -> None:
    data = sessions(whole=True)
    rhythms = RhythmPrior((Rhythm(Drift(0.0), 0.5), Rhythm(Drift(0.2, 9.0), 1.5)), np.array([0.4, 0.6]))
    got = predict_with_rhythms(data=data, prior=PRIOR, rhythms=rhythms, rating_step=1.0)
    changed = group_data(
        outcome=np.where(np.arange(45) == 44, 1.0, data.outcome),
        design=data.design,
        group=np.repeat([0, 1, 2], [20, 1, 24]),
        day=data.day,
    )
    again = predict_with_rhythms(data=changed, prior=PRIOR, rhythms=rhythms, rating_step=1.0)
    np.testing.assert_array_equal(got.weight, again.weight)
    np.testing.assert_array_equal(got.weight[data.start[:-1]], np.tile([0.4, 0.6], (3, 1)))


def test_log_likelihoods_add_up_by_climber() -> None:
    data = sessions()
    rhythm = Rhythm(Drift(0.1), 1.3)
    got = log_likelihood_under(data=data, prior=PRIOR, rhythms=(rhythm,), rating_step=0.0)
    scaled = GaussianPrior(PRIOR.names, PRIOR.mean, PRIOR.covariance, PRIOR.sigma * 1.3)
    each = predict_one_step_ahead(data=data, prior=scaled, drift=Drift(0.1))
    density = -0.5 * ((data.outcome - each.mean) / each.sd) ** 2 - np.log(each.sd * np.sqrt(2 * np.pi))
    assert got.shape == (3, 1)
    assert got[1, 0] == pytest.approx(density[20])
    assert got[2, 0] == pytest.approx(density[21:].sum())
