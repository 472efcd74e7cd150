from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.personal import NEGLIGIBLE_WEIGHT, TrainedPopulation, personal_posterior, replay
from modeling.domain.population import PopulationDraws, climber_posterior
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.rolling import predict_with_rhythms
from modeling.domain.statistics import group_data

RHYTHMS = RhythmPrior(
    (
        Rhythm(Drift(0.02, 60.0), 0.6),
        Rhythm(Drift(0.02, 60.0), 1.2),
        Rhythm(Drift(0.3, 7.0), 0.8),
    ),
    np.array([0.3, 0.4, 0.3]),
)
ONE = np.ones((1, 3))
DRAWS = PopulationDraws(
    ("intercept", "a", "b"), np.array([[6.0, 0.3, -0.2]]), np.array([[0.9, 0.2, 0.1]]), np.ones(1)
)


def trained(whole: bool = True) -> TrainedPopulation:
    return TrainedPopulation(DRAWS, RHYTHMS, whole)


def sessions(n: int):
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    day = np.cumsum(rng.integers(1, 4, size=n)).astype(float)
    level = np.cumsum(0.2 * rng.normal(size=n))
    return design, np.clip(6 + level + rng.normal(size=n), 1, 10).round(), day


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("n", [0, 1, 40, 99])
def test_serving_predicts_what_the_filter_predicts(n: int, whole: bool) -> None:
    design, outcome, day = sessions(n + 1)
    data = group_data(outcome=outcome, design=design, group=np.zeros(n + 1), day=day)
    prior = DRAWS.as_prior()
    replay = predict_with_rhythms(data=data, prior=prior, rhythms=RHYTHMS, whole_numbers=whole)
    served = personal_posterior(trained=trained(whole), design=design[:n], outcome=outcome[:n], day=day[:n])
    since = float(day[n] - day[n - 1]) if n else 0.0
    got = served.predictive(design_row=design[n], days_since_last=since)
    keep = replay.weight[n] >= NEGLIGIBLE_WEIGHT
    share = replay.weight[n][keep] / replay.weight[n][keep].sum()
    np.testing.assert_allclose(got.weight[0], share, atol=1e-6)
    np.testing.assert_allclose(got.mean[0], replay.mean[n][keep], atol=1e-6)
    np.testing.assert_allclose(got.sd[0], replay.sd[n][keep], atol=1e-6)


def test_sessions_older_than_the_replay_hardly_move_the_weights() -> None:
    design, outcome, day = sessions(301)
    data = group_data(outcome=outcome, design=design, group=np.zeros(301), day=day)
    replay = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, whole_numbers=True)
    served = personal_posterior(trained=trained(), design=design[:300], outcome=outcome[:300], day=day[:300])
    keep = replay.weight[300] >= NEGLIGIBLE_WEIGHT
    np.testing.assert_allclose(served.weight, replay.weight[300][keep], atol=0.03)


def test_the_summary_has_the_mixtures_moments() -> None:
    design, outcome, day = sessions(30)
    served = personal_posterior(trained=trained(), design=design, outcome=outcome, day=day)
    got = served.summary().posterior
    parts = [p.posterior for p in served.parts]
    np.testing.assert_allclose(got.mean, served.weight @ np.array([p.mean for p in parts]))
    row = np.array([1.0, 0.4, -1.0])
    predictive = served.predictive(design_row=row)
    mean = float((predictive.weight * predictive.mean).sum())
    variance = float((predictive.weight * (predictive.sd**2 + predictive.mean**2)).sum()) - mean**2
    assert row @ got.mean + got.level_mean == pytest.approx(mean)
    total = row @ got.covariance @ row + got.level_variance + 2 * row @ got.level_covariance + got.sigma**2
    assert total == pytest.approx(variance)
    assert np.linalg.eigvalsh(got.covariance)[0] > 0


def test_the_order_in_which_sessions_arrive_does_not_matter() -> None:
    design, outcome, day = sessions(20)
    mixed = np.random.default_rng(1).permutation(20)
    one = personal_posterior(trained=trained(), design=design, outcome=outcome, day=day).summary()
    two = personal_posterior(
        trained=trained(), design=design[mixed], outcome=outcome[mixed], day=day[mixed]
    ).summary()
    np.testing.assert_allclose(one.posterior.mean, two.posterior.mean)


def test_served_is_what_the_nightly_run_computes() -> None:
    """One rhythm: the same exact conditional, bit for bit the same function."""
    single = TrainedPopulation(DRAWS, RhythmPrior(RHYTHMS.rhythms[:1], np.ones(1)), whole_numbers=True)
    design, outcome, day = sessions(60)
    served = personal_posterior(trained=single, design=design, outcome=outcome, day=day).summary()
    nightly = climber_posterior(
        population=DRAWS,
        design=design,
        outcome=outcome,
        day=day,
        drift=RHYTHMS.rhythms[0].drift,
        noise_scale=0.6,
    )
    np.testing.assert_allclose(served.posterior.mean, nightly.posterior.mean, atol=1e-9)
    np.testing.assert_allclose(served.posterior.covariance, nightly.posterior.covariance, atol=1e-9)


def test_absurd_rows_stay_finite() -> None:
    design, outcome, day = sessions(30)
    design[7, 1] = 1e9
    got = personal_posterior(trained=trained(), design=design, outcome=outcome, day=day).summary().posterior
    assert np.isfinite(got.mean).all()
    assert np.isfinite(got.covariance).all()


@pytest.mark.parametrize("n", [0, 1, 80])
def test_replaying_the_last_sessions_is_the_filter(n: int) -> None:
    design, outcome, day = sessions(n)
    got = replay(trained=trained(), design=design, outcome=outcome, day=day)
    assert got.outcome.size == n
    if n == 0:
        return
    data = group_data(outcome=outcome, design=design, group=np.zeros(n), day=day)
    want = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, whole_numbers=True)
    np.testing.assert_allclose(got.predictive.mean, want.mean, atol=1e-6)
    np.testing.assert_allclose(got.predictive.sd, want.sd, atol=1e-6)
    np.testing.assert_allclose(got.predictive.weight, want.weight, atol=1e-6)


def test_a_long_history_replays_its_last_hundred_sessions() -> None:
    design, outcome, day = sessions(260)
    got = replay(trained=trained(), design=design, outcome=outcome, day=day)
    data = group_data(outcome=outcome, design=design, group=np.zeros(260), day=day)
    want = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, whole_numbers=True)
    assert got.day.tolist() == day[160:].tolist()
    np.testing.assert_allclose(got.predictive.mean, want.mean[160:], atol=1e-6)
