from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.personal import (
    RhythmicPosterior,
    TrainedPopulation,
    personal_posterior,
    replay,
)
from modeling.domain.population import ClimberPosterior, PopulationDraws, climber_posterior
from modeling.domain.posterior import PersonalPosterior, UnknownDrift, predict_moments
from modeling.domain.rhythm import NEGLIGIBLE_WEIGHT, Rhythm, RhythmPrior
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
# Points, and a share of the SD, by which serving and the filter differ where draws differ.
CLOSE_POINTS, CLOSE_SD = 0.03, 0.002
DRAWS = PopulationDraws(
    ("intercept", "a", "b"), np.array([[6.0, 0.3, -0.2]]), np.array([[0.9, 0.2, 0.1]]), np.ones(1)
)


def trained(rating_step: float = 1.0) -> TrainedPopulation:
    return TrainedPopulation(DRAWS, RHYTHMS, rating_step)


def sessions(n: int, step: float = 1.0):
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    day = np.cumsum(rng.integers(1, 4, size=n)).astype(float)
    level = np.cumsum(0.2 * rng.normal(size=n))
    return design, np.clip(np.round((6 + level + rng.normal(size=n)) / step) * step, 1, 10), day


def test_reliability_doubts_what_the_rhythms_disagree_on() -> None:
    """Var b = Σ w_k (Var_k b + (m_k - m)²): of one draw, beta 6 and tau 0.9 for the intercept."""
    design, outcome, day = sessions(30)
    served = personal_posterior(trained=trained(), design=design, outcome=outcome, day=day)
    parts, w = [part.posterior for part in served.parts], served.weight
    means = np.array([p.mean for p in parts])
    variance = w @ np.array([p.covariance.diagonal() for p in parts]) + w @ (means - w @ means) ** 2
    assert w.size > 1
    assert served.summary().reliability == pytest.approx(1 - variance / DRAWS.tau[0] ** 2)
    nothing = personal_posterior(trained=trained(), design=design[:0], outcome=outcome[:0], day=day[:0])
    assert nothing.summary().reliability == pytest.approx(np.zeros(3))


@pytest.mark.parametrize("own", [1.0, 0.5, 0.01], ids=["whole", "halves", "no-steps"])
@pytest.mark.parametrize("common", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("n", [0, 1, 40, 99])
def test_serving_predicts_what_the_filter_predicts(n: int, common: float, own: float) -> None:
    design, outcome, day = sessions(n + 1, own)
    data = group_data(outcome=outcome, design=design, group=np.zeros(n + 1), day=day)
    prior = DRAWS.as_prior()
    replay = predict_with_rhythms(data=data, prior=prior, rhythms=RHYTHMS, rating_step=common)
    served = personal_posterior(trained=trained(common), design=design[:n], outcome=outcome[:n], day=day[:n])
    since = float(day[n] - day[n - 1]) if n else 0.0
    got = served.predictive(design_row=design[n], days_since_last=since)
    keep = replay.weight[n] >= NEGLIGIBLE_WEIGHT
    share = replay.weight[n][keep] / replay.weight[n][keep].sum()
    np.testing.assert_allclose(got.weight[0], share, atol=1e-6)
    np.testing.assert_allclose(got.mean[0], replay.mean[n][keep], atol=1e-6)
    np.testing.assert_allclose(got.sd[0], replay.sd[n][keep], atol=1e-6)
    # Each in their own steps, once there are ratings to tell.
    assert (
        got.rating_step.tolist()
        == [replay.rating_step[n]]
        == [common if n < 10 else own if own > 0.1 else 0.0]
    )
    now = slice(n, n + 1)
    both = got.crps(outcome=outcome[now]), replay.of(rows=np.array([n])).crps(outcome=outcome[now])
    np.testing.assert_allclose(*both, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 5, 40, 99])
def test_with_several_draws_serving_stays_close_to_the_filter(n: int) -> None:
    """The filter starts from the draws' mean and covariance; serving conditions on each draw and averages."""
    rng = np.random.default_rng(5)
    draws = PopulationDraws(
        DRAWS.names,
        DRAWS.beta + rng.normal(size=(32, 3)) * [0.15, 0.05, 0.05],
        DRAWS.tau * rng.uniform(0.8, 1.2, size=(32, 3)),
        rng.uniform(0.95, 1.05, 32),
    )
    design, outcome, day = sessions(n + 1)
    data = group_data(outcome=outcome, design=design, group=np.zeros(n + 1), day=day)
    filtered = predict_with_rhythms(data=data, prior=draws.as_prior(), rhythms=RHYTHMS, rating_step=1.0)
    served = personal_posterior(
        trained=TrainedPopulation(draws, RHYTHMS, 1.0), design=design[:n], outcome=outcome[:n], day=day[:n]
    )
    got = served.predictive(design_row=design[n], days_since_last=float(day[n] - day[n - 1]) if n else 0.0)
    keep = filtered.weight[n] >= NEGLIGIBLE_WEIGHT
    share = filtered.weight[n][keep] / filtered.weight[n][keep].sum()
    np.testing.assert_allclose(got.weight[0], share, atol=1e-6)  # both weigh rhythms by the filter
    np.testing.assert_allclose(got.mean[0], filtered.mean[n][keep], atol=CLOSE_POINTS)
    np.testing.assert_allclose(got.sd[0], filtered.sd[n][keep], rtol=CLOSE_SD)


def test_sessions_older_than_the_replay_hardly_move_the_weights() -> None:
    design, outcome, day = sessions(301)
    data = group_data(outcome=outcome, design=design, group=np.zeros(301), day=day)
    replay = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, rating_step=1.0)
    served = personal_posterior(trained=trained(), design=design[:300], outcome=outcome[:300], day=day[:300])
    keep = replay.weight[300] >= NEGLIGIBLE_WEIGHT
    np.testing.assert_allclose(served.weight, replay.weight[300][keep], atol=0.03)


@pytest.mark.parametrize("days", [0.0, 7.0, 30.0])
def test_the_summary_has_the_mixtures_moments(days: float) -> None:
    design, outcome, day = sessions(30)
    served = personal_posterior(trained=trained(), design=design, outcome=outcome, day=day)
    got = served.summary(days_since_last=days).posterior
    parts = [p.posterior for p in served.parts]
    np.testing.assert_allclose(got.mean, served.weight @ np.array([p.mean for p in parts]))
    row = np.array([1.0, 0.4, -1.0])
    predictive = served.predictive(design_row=row, days_since_last=days)
    mean = float((predictive.weight * predictive.mean).sum())
    variance = float((predictive.weight * (predictive.sd**2 + predictive.mean**2)).sum()) - mean**2
    assert row @ got.mean + got.level_mean == pytest.approx(mean)
    total = row @ got.covariance @ row + got.level_variance + 2 * row @ got.level_covariance + got.sigma**2
    assert total == pytest.approx(variance)
    assert predict_moments(posterior=got, design_row=row)[0] == pytest.approx(mean)
    assert np.linalg.eigvalsh(got.covariance)[0] > 0


def test_a_level_fades_in_each_rhythm_at_its_own_pace() -> None:
    """By hand: 60 % still, 40 % with a level of 2 ± 0.5 that halves in a week; a week later.

    E = 0.4 · 1 = 0.4.   P = 0.4 (0.25 · 0.25 + added) + 0.6 · 0.4 · (1 - 0)² = 0.025 + 0.4 added + 0.24, and with one
    day's rate r the stationary variance is v = r / (1 - 2^(-2/7)), so added = 0.75 v for sigma = 1.
    """
    half_a_week = Drift(0.1, 7.0)
    still = PersonalPosterior(
        ("intercept",), np.array([6.0]), np.eye(1) * 0.04, 1.0, 9, 0.0, 0.0, np.zeros(1), Drift(0.0)
    )
    fading = replace(
        still, level_mean=2.0, level_variance=0.25, level_covariance=np.array([-0.1]), drift=half_a_week
    )
    served = RhythmicPosterior(
        tuple(ClimberPosterior(p, np.zeros(1), np.ones(1)) for p in (still, fading)),
        np.array([0.6, 0.4]),
        True,
    )
    at_once, week_later = (served.summary(days_since_last=d).posterior for d in (0.0, 7.0))
    added = 0.75 * 0.1 / (1.0 - 2.0 ** (-2.0 / 7.0))
    assert at_once.level_mean == pytest.approx(0.8)
    assert week_later.level_mean == pytest.approx(0.4)
    assert week_later.level_variance == pytest.approx(0.025 + 0.4 * added + 0.24)
    assert week_later.level_covariance[0] == pytest.approx(0.4 * 0.5 * -0.1)
    assert (week_later.mean[0], week_later.covariance[0, 0]) == (6.0, pytest.approx(0.04))
    with pytest.raises(UnknownDrift):
        predict_moments(posterior=at_once, design_row=[1.0], days_since_last=7.0)


def test_a_shared_drift_may_be_carried_on_after_mixing() -> None:
    """Rhythms that differ in noise alone: whether carried on before or after they are mixed is the same."""
    shared = RhythmPrior(RHYTHMS.rhythms[:2], np.array([0.5, 0.5]))
    design, outcome, day = sessions(30)
    served = personal_posterior(
        trained=TrainedPopulation(DRAWS, shared, 1.0), design=design, outcome=outcome, day=day
    )
    row = [1.0, 0.4, -1.0]
    then = predict_moments(posterior=served.summary(days_since_last=12.0).posterior, design_row=row)
    later = predict_moments(posterior=served.summary().posterior, design_row=row, days_since_last=12.0)
    assert then == pytest.approx(later)


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
    single = TrainedPopulation(DRAWS, RhythmPrior(RHYTHMS.rhythms[:1], np.ones(1)), rating_step=1.0)
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


@pytest.mark.parametrize("own", [1.0, 0.5])
@pytest.mark.parametrize("n", [0, 1, 80])
def test_replaying_the_last_sessions_is_the_filter(n: int, own: float) -> None:
    design, outcome, day = sessions(n, own)
    got = replay(trained=trained(), design=design, outcome=outcome, day=day)
    assert got.outcome.size == n
    if n == 0:
        return
    data = group_data(outcome=outcome, design=design, group=np.zeros(n), day=day)
    want = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, rating_step=1.0)
    np.testing.assert_allclose(got.predictive.mean, want.mean, atol=1e-6)
    np.testing.assert_allclose(got.predictive.sd, want.sd, atol=1e-6)
    np.testing.assert_allclose(got.predictive.weight, want.weight, atol=1e-6)
    assert got.predictive.rating_step.tolist() == want.rating_step.tolist()


def test_a_long_history_replays_its_last_hundred_sessions() -> None:
    design, outcome, day = sessions(260)
    got = replay(trained=trained(), design=design, outcome=outcome, day=day)
    data = group_data(outcome=outcome, design=design, group=np.zeros(260), day=day)
    want = predict_with_rhythms(data=data, prior=DRAWS.as_prior(), rhythms=RHYTHMS, rating_step=1.0)
    assert got.day.tolist() == day[160:].tolist()
    np.testing.assert_allclose(got.predictive.mean, want.mean[160:], atol=1e-6)
