from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from modeling.domain.drift import Drift
from modeling.domain.kernel import LANES, likelihood_of_buffer, marginal_likelihood, pack
from modeling.domain.mode import LogPosterior, ordered
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData, group_data, sufficient_statistics

DRIFTS = [
    pytest.param(Drift(0.0), id="static"),
    pytest.param(Drift(0.1), id="random-walk"),
    pytest.param(Drift(0.2, 10.0), id="ornstein-uhlenbeck"),
]


def sessions(n_climbers: int = 5, p: int = 4, seed: int = 0) -> GroupedData:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 12, size=n_climbers)
    n = int(sizes.sum())
    return group_data(
        outcome=6.0 + rng.normal(size=n),
        design=np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))]),
        group=np.repeat(np.arange(n_climbers), sizes),
        day=rng.integers(0, 60, size=n).astype(float),
    )


def level_covariance(day: np.ndarray, drift: Drift) -> np.ndarray:
    if drift.is_random_walk:
        return drift.rate_per_day * (np.minimum.outer(day, day) - day[0])
    return drift.stationary_variance * 2.0 ** (-np.abs(np.subtract.outer(day, day)) / drift.half_life_days)


def dense_value(data, drift, scale, beta, tau, sigma) -> float:
    """The textbook: one multivariate normal for each climber."""
    total, q = 0.0, tau.size
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        x, day = data.design[rows], data.day[rows]
        noise = (sigma * scale[u]) ** 2 * (np.eye(day.size) + level_covariance(day, drift))
        covariance = x[:, :q] @ np.diag(tau**2) @ x[:, :q].T + noise
        total += multivariate_normal(x @ beta, covariance).logpdf(data.outcome[rows])
    return total


@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize(("n_climbers", "q"), [(5, 3), (5, 1), (LANES + 3, 4)])
def test_value_is_the_multivariate_normal_and_gradient_its_differences(drift, n_climbers, q) -> None:
    data = sessions(n_climbers)
    rng = np.random.default_rng(7)
    scale = rng.uniform(0.5, 2.0, size=n_climbers)
    statistics = sufficient_statistics(data=data, drift=drift, noise_scale=scale)
    packed = pack(statistics=statistics, n_varying=q)
    point = np.concatenate([[5.0], rng.normal(size=3), rng.normal(size=q) - 0.5, [0.2]])

    def evaluated(at: np.ndarray):
        return marginal_likelihood(
            at[:4], at[4 : 4 + q], float(at[-1]), packed.cross, packed.moment, packed.totals
        )

    value, d_beta, d_tau, d_sigma = evaluated(point)
    dense = dense_value(data, drift, scale, point[:4], np.exp(point[4 : 4 + q]), np.exp(point[-1]))
    assert value == pytest.approx(dense, rel=1e-11, abs=1e-8)
    step = 1e-5
    for k, analytic in enumerate([*d_beta, *d_tau, d_sigma]):
        ahead, behind = point.copy(), point.copy()
        ahead[k] += step
        behind[k] -= step
        numeric = (evaluated(ahead)[0] - evaluated(behind)[0]) / (2 * step)
        assert analytic == pytest.approx(numeric, rel=1e-6, abs=1e-6)


def test_climbers_without_sessions_add_nothing() -> None:
    data = sessions(3)
    packed = pack(statistics=sufficient_statistics(data=data), n_varying=4)
    assert packed.moment.shape == (1, 4, LANES)
    assert packed.totals[0] == data.outcome.size
    doubled = [np.concatenate([part, np.zeros_like(part)]) for part in (packed.cross, packed.moment)]
    at = (np.zeros(4), np.zeros(4), 0.0)
    one = marginal_likelihood(*at, packed.cross, packed.moment, packed.totals)
    two = marginal_likelihood(*at, *doubled, packed.totals)
    assert one[0] == pytest.approx(two[0])
    np.testing.assert_allclose(one[2], two[2], atol=1e-12)


def test_a_vanished_spread_is_ordinary_regression() -> None:
    data = sessions(4)
    packed = pack(statistics=sufficient_statistics(data=data), n_varying=4)
    beta = np.array([6.0, 0.1, -0.2, 0.3])
    value, *_ = marginal_likelihood(beta, np.full(4, -80.0), 0.0, packed.cross, packed.moment, packed.totals)
    residual = data.outcome - data.design @ beta
    assert value == pytest.approx(-0.5 * (residual @ residual + residual.size * np.log(2 * np.pi)))


def test_columns_that_do_not_vary_may_stand_anywhere() -> None:
    data = sessions(6)
    names = ("intercept", "a", "b", "c")
    priors = HierarchicalPriors(names, np.array([5.0, 0, 0, 0]), np.ones(4), np.array([1.0, 0.0, 0.5, 0.0]))
    assert priors.order.tolist() == [0, 2, 1, 3]
    statistics = sufficient_statistics(data=data)
    packed = pack(statistics=ordered(statistics=statistics, priors=priors), n_varying=2)
    density = LogPosterior(packed, priors)
    z = np.array([0.3, -0.1, 0.2, 0.4, -0.2, 0.1, 0.05])
    value, gradient = density.negative(z)
    beta = priors.mean + np.array([0.3, 0.2, -0.1, 0.4])
    x, total = data.design, 0.0
    tau = np.array([np.exp(-0.2), 0.5 * np.exp(0.1)])
    variance = 0.05**2 + np.exp(0.1)
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        varying = x[rows][:, [0, 2]]
        covariance = varying @ np.diag(tau**2) @ varying.T + variance * np.eye(varying.shape[0])
        total += multivariate_normal(x[rows] @ beta, covariance).logpdf(data.outcome[rows])
    scales = z[4:]
    prior = -0.5 * z[:4] @ z[:4] - 2 * np.log(2 * np.pi)
    prior += (scales - 0.5 * np.exp(2 * scales) - 0.5 * np.log(np.pi / 2)).sum()
    assert -value == pytest.approx(total + prior)
    for k in range(z.size):
        step = np.zeros(z.size)
        step[k] = 1e-5
        numeric = (density.negative(z + step)[0] - density.negative(z - step)[0]) / 2e-5
        assert gradient[k] == pytest.approx(numeric, rel=1e-5, abs=1e-5)


def test_what_lies_end_to_end_is_the_same() -> None:
    packed = pack(statistics=sufficient_statistics(data=sessions(LANES + 5)), n_varying=2)
    at = (np.array([6.0, 0.1, -0.2, 0.3]), np.array([-0.3, 0.1]), 0.2)
    apart = marginal_likelihood(*at, packed.cross, packed.moment, packed.totals)
    together = likelihood_of_buffer(*at, packed.buffer())
    for one, other in zip(apart, together, strict=True):
        np.testing.assert_array_equal(one, other)
