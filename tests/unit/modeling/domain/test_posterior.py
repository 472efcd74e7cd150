from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.domain.drift import Drift, InvalidDrift, UnorderedDays, whiten
from modeling.domain.posterior import (
    GaussianPrior,
    InvalidObservations,
    InvalidPrior,
    NonFiniteInput,
    condition,
    predict,
)


def prior_of(p: int = 3, sigma: float = 0.9, seed: int = 0) -> GaussianPrior:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(p, p)) * 0.4 + np.eye(p)
    names = ("intercept", *(f"x{k}" for k in range(1, p)))
    return GaussianPrior(names, rng.normal(size=p) + np.eye(p)[0] * 5, root @ root.T, sigma)


def diary_of(n: int, p: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    day = np.cumsum(rng.integers(0, 5, size=n)).astype(float)
    return design, 5 + rng.normal(size=n), day


def level_covariance(day: np.ndarray, drift: Drift) -> np.ndarray:
    """Dense covariance of the level over sigma², written from the process and not from the filter."""
    early = np.minimum.outer(day, day)
    gap = np.abs(np.subtract.outer(day, day))
    if drift.is_random_walk:
        return drift.rate_per_day * (early - day[0])
    return drift.stationary_variance * 2.0 ** (-gap / drift.half_life_days)


DRIFTS = [
    pytest.param(None, id="static"),
    pytest.param(Drift(0.03), id="random-walk"),
    pytest.param(Drift(0.1, 20.0), id="ornstein-uhlenbeck"),
]


@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize("n", [1, 2, 40])
def test_agrees_with_dense_conditioning_of_coefficients_and_level(drift: Drift | None, n: int) -> None:
    prior = prior_of()
    design, outcome, day = diary_of(n)
    level = np.zeros((n, n)) if drift is None else prior.sigma**2 * level_covariance(day, drift)
    noise = level + prior.sigma**2 * np.eye(n)
    gain = prior.covariance @ design.T @ np.linalg.inv(design @ prior.covariance @ design.T + noise)
    residual = outcome - design @ prior.mean
    got = condition(prior=prior, design=design, outcome=outcome, day=day, drift=drift)
    np.testing.assert_allclose(got.mean, prior.mean + gain @ residual, atol=1e-9)
    np.testing.assert_allclose(got.covariance, prior.covariance - gain @ design @ prior.covariance, atol=1e-9)
    level_gain = level[-1] @ np.linalg.inv(design @ prior.covariance @ design.T + noise)
    assert got.level_mean == pytest.approx(level_gain @ residual, abs=1e-9)
    assert got.level_variance == pytest.approx(level[-1, -1] - level_gain @ level[-1], abs=1e-9)
    np.testing.assert_allclose(got.level_covariance, -gain @ level[:, -1], atol=1e-9)


@pytest.mark.parametrize("drift", DRIFTS)
def test_prediction_agrees_with_the_dense_joint_normal(drift: Drift | None) -> None:
    prior = prior_of(sigma=0.3)
    design, outcome, day = diary_of(12)
    ahead, row = 4.0, np.array([1.0, 0.2, -0.1])
    days = np.append(day, day[-1] + ahead)
    full = np.vstack([design, row])
    level = np.zeros((13, 13)) if drift is None else prior.sigma**2 * level_covariance(days, drift)
    joint = full @ prior.covariance @ full.T + level + prior.sigma**2 * np.eye(13)
    gain = joint[-1, :-1] @ np.linalg.inv(joint[:-1, :-1])
    mean = row @ prior.mean + gain @ (outcome - design @ prior.mean)
    variance = joint[-1, -1] - gain @ joint[:-1, -1]
    got = predict(
        posterior=condition(prior=prior, design=design, outcome=outcome, day=day, drift=drift),
        design_row=row,
        days_since_last=ahead,
    )
    assert got.expected_quality == pytest.approx(mean)
    assert got.predictive_sd == pytest.approx(np.sqrt(variance))
    assert got.mean_sd == pytest.approx(np.sqrt(variance - prior.sigma**2))


@pytest.mark.parametrize("drift", DRIFTS)
def test_whitened_likelihood_is_the_multivariate_normal(drift: Drift | None) -> None:
    if drift is None:
        return
    _, outcome, day = diary_of(25)
    got = whiten(columns=outcome[:, None], day=day, drift=drift)
    dense = level_covariance(day, drift) + np.eye(25)
    assert np.log(got.innovation).sum() == pytest.approx(np.linalg.slogdet(dense)[1])
    assert float(got.columns[:, 0] @ got.columns[:, 0]) == pytest.approx(
        outcome @ np.linalg.solve(dense, outcome)
    )


def test_no_sessions_give_the_prior() -> None:
    prior = prior_of()
    got = condition(
        prior=prior, design=np.zeros((0, 3)), outcome=np.zeros(0), day=np.zeros(0), drift=Drift(0.1, 9.0)
    )
    np.testing.assert_allclose(got.mean, prior.mean)
    np.testing.assert_allclose(got.covariance, prior.covariance, rtol=1e-12)
    assert got.level_variance == pytest.approx(Drift(0.1, 9.0).stationary_variance * prior.sigma**2)
    assert got.n_sessions == 0


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_thousand_identical_rows_stay_finite(drift: Drift | None) -> None:
    design = np.tile([1.0, 0.5, -2.0], (1000, 1))
    got = condition(
        prior=prior_of(), design=design, outcome=np.full(1000, 10.0), day=np.zeros(1000), drift=drift
    )
    assert np.isfinite(got.covariance).all()
    assert np.linalg.eigvalsh(got.covariance)[0] > -1e-12
    there = predict(posterior=got, design_row=design[0])
    assert there.expected_quality == pytest.approx(10.0, abs=0.05)
    assert there.predictive_interval_95[1] == 10.0


def test_a_zero_variance_pins_its_coefficient() -> None:
    prior = GaussianPrior(("intercept", "x"), np.array([5.0, 0.4]), np.diag([1.0, 0.0]), 1.0)
    design, outcome, _ = diary_of(30, p=2)
    got = condition(prior=prior, design=design, outcome=outcome)
    assert got.mean[1] == pytest.approx(0.4)
    assert got.covariance[1, 1] == pytest.approx(0.0)


def test_order_of_sessions_does_not_matter() -> None:
    design, outcome, day = diary_of(20)
    day = np.arange(20.0)
    shuffled = np.random.default_rng(3).permutation(20)
    first = condition(prior=prior_of(), design=design, outcome=outcome, day=day, drift=Drift(0.05))
    second = condition(
        prior=prior_of(),
        design=design[shuffled],
        outcome=outcome[shuffled],
        day=day[shuffled],
        drift=Drift(0.05),
    )
    np.testing.assert_allclose(first.mean, second.mean)


@settings(deadline=None, max_examples=40)
@given(
    quality=st.lists(st.floats(1, 10), min_size=2, max_size=30),
    rate=st.floats(0, 2),
    half_life=st.floats(0.5, 1000),
    cut=st.integers(0, 29),
)
def test_in_two_steps_as_in_one_without_drift_and_never_wider_than_the_prior(
    quality: list[float], rate: float, half_life: float, cut: int
) -> None:
    n, cut = len(quality), min(cut, len(quality))
    prior, (design, _, _) = prior_of(), diary_of(n)
    outcome = np.array(quality)
    once = condition(prior=prior, design=design, outcome=outcome)
    half = condition(prior=prior, design=design[:cut], outcome=outcome[:cut])
    rest = GaussianPrior(prior.names, half.mean, half.covariance, prior.sigma)
    twice = condition(prior=rest, design=design[cut:], outcome=outcome[cut:])
    np.testing.assert_allclose(once.mean, twice.mean, atol=1e-8)
    drifting = condition(
        prior=prior, design=design, outcome=outcome, day=np.arange(n) * 1.0, drift=Drift(rate, half_life)
    )
    for posterior in (once, drifting):
        assert np.linalg.eigvalsh(prior.covariance - posterior.covariance)[0] > -1e-9
        got = predict(posterior=posterior, design_row=design[0], days_since_last=3)
        low, high = got.predictive_interval_95
        assert 1.0 <= low <= got.expected_quality <= high <= 10.0
        assert low <= got.mean_interval_95[0] <= got.mean_interval_95[1] <= high


def test_uncertainty_grows_with_the_days_since() -> None:
    design, outcome, day = diary_of(20)
    posterior = condition(prior=prior_of(), design=design, outcome=outcome, day=day, drift=Drift(0.05))
    sds = [predict(posterior=posterior, design_row=design[0], days_since_last=d).mean_sd for d in (0, 7, 70)]
    assert sds == sorted(sds)
    assert sds[0] < sds[2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(bad: float) -> None:
    design, outcome, day = diary_of(5)
    for where in (design, outcome, day):
        kept = where.flat[2]
        where.flat[2] = bad
        with pytest.raises(NonFiniteInput):
            condition(prior=prior_of(), design=design, outcome=outcome, day=day, drift=Drift(0.1))
        where.flat[2] = kept
    posterior = condition(prior=prior_of(), design=design, outcome=outcome)
    with pytest.raises(NonFiniteInput):
        predict(posterior=posterior, design_row=[1.0, bad, 0.0])


def test_what_does_not_fit_is_refused() -> None:
    design, outcome, day = diary_of(5)
    with pytest.raises(InvalidObservations):
        condition(prior=prior_of(), design=design[:, :2], outcome=outcome)
    with pytest.raises(InvalidObservations):
        condition(prior=prior_of(), design=design, outcome=outcome, drift=Drift(0.1))
    with pytest.raises(InvalidObservations):
        condition(prior=prior_of(), design=design, outcome=outcome, day=day[:3], drift=Drift(0.1))
    with pytest.raises(InvalidObservations):
        predict(posterior=condition(prior=prior_of(), design=design, outcome=outcome), design_row=[1.0])
    with pytest.raises(UnorderedDays):
        whiten(columns=design, day=day[::-1], drift=Drift(0.1))


@pytest.mark.parametrize(
    ("names", "mean", "covariance", "sigma"),
    [
        pytest.param(("sleep",), [0.0], [[1.0]], 1.0, id="no-intercept"),
        pytest.param(("intercept",), [0.0, 1.0], [[1.0]], 1.0, id="mean-too-long"),
        pytest.param(("intercept",), [0.0], [[np.nan]], 1.0, id="covariance-nan"),
        pytest.param(("intercept",), [0.0], [[1.0]], 0.0, id="no-noise"),
        pytest.param(("intercept",), [0.0], [[1.0]], np.nan, id="sigma-nan"),
    ],
)
def test_improper_priors_are_refused(names, mean, covariance, sigma) -> None:
    with pytest.raises(InvalidPrior):
        GaussianPrior(names, np.array(mean), np.array(covariance), sigma)


def test_a_negative_variance_is_refused() -> None:
    prior = GaussianPrior(("intercept", "x"), np.zeros(2), np.diag([1.0, -1.0]), 1.0)
    with pytest.raises(InvalidPrior):
        condition(prior=prior, design=np.ones((1, 2)), outcome=np.ones(1))


@pytest.mark.parametrize(("rate", "half_life"), [(-1.0, 5.0), (np.nan, 5.0), (1.0, 0.0), (1.0, np.nan)])
def test_absurd_drift_is_refused(rate: float, half_life: float) -> None:
    with pytest.raises(InvalidDrift):
        Drift(rate, half_life)
