from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.population import InvalidDraws, PopulationDraws, climber_posterior
from modeling.domain.posterior import GaussianPrior, InvalidObservations, NonFiniteInput, condition


def draws_of(s: int = 50, seed: int = 0) -> PopulationDraws:
    rng = np.random.default_rng(seed)
    return PopulationDraws(
        names=("intercept", "a", "b"),
        beta=np.array([6.0, 0.3, -0.2]) + 0.1 * rng.normal(size=(s, 3)),
        tau=np.abs(np.array([0.8, 0.2, 0.0]) + np.array([0.1, 0.05, 0.0]) * rng.normal(size=(s, 3))),
        sigma=np.exp(0.1 * rng.normal(size=s)),
    )


def sessions(n: int = 25):
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return design, 7 + rng.normal(size=n), np.cumsum(rng.integers(1, 4, size=n)).astype(float)


@pytest.mark.parametrize("drift", [None, Drift(0.05), Drift(0.1, 8.0)])
def test_one_draw_is_plain_conditioning(drift: Drift | None) -> None:
    draws = draws_of(1)
    design, outcome, day = sessions()
    got = climber_posterior(
        population=draws, design=design, outcome=outcome, day=day, drift=drift, noise_scale=0.7
    ).posterior
    prior = GaussianPrior(draws.names, draws.beta[0], np.diag(draws.tau[0] ** 2), float(draws.sigma[0]) * 0.7)
    want = condition(prior=prior, design=design, outcome=outcome, day=day, drift=drift)
    np.testing.assert_allclose(got.mean, want.mean, atol=1e-9)
    np.testing.assert_allclose(got.covariance, want.covariance, atol=1e-9)
    np.testing.assert_allclose(got.level_covariance, want.level_covariance, atol=1e-9)
    assert got.level_mean == pytest.approx(want.level_mean)
    assert got.level_variance == pytest.approx(want.level_variance)
    assert got.sigma == pytest.approx(want.sigma)


def test_many_draws_have_the_mixtures_moments() -> None:
    draws = draws_of(30)
    design, outcome, _ = sessions()
    each = [
        climber_posterior(
            population=PopulationDraws(
                draws.names, draws.beta[s : s + 1], draws.tau[s : s + 1], draws.sigma[s : s + 1]
            ),
            design=design,
            outcome=outcome,
        ).posterior
        for s in range(30)
    ]
    got = climber_posterior(population=draws, design=design, outcome=outcome).posterior
    means = np.array([p.mean for p in each])
    np.testing.assert_allclose(got.mean, means.mean(axis=0))
    spread = np.cov(means.T, bias=True)
    np.testing.assert_allclose(got.covariance, np.mean([p.covariance for p in each], axis=0) + spread)


def test_reliability_runs_from_population_to_personal() -> None:
    draws = draws_of()
    design, outcome, _ = sessions(400)
    none = climber_posterior(population=draws, design=design[:0], outcome=outcome[:0])
    many = climber_posterior(population=draws, design=design, outcome=outcome)
    np.testing.assert_allclose(none.reliability, 0.0, atol=1e-9)
    assert many.reliability[0] > 0.95
    assert many.reliability[2] == 0.0  # an effect that does not vary is nobody's own
    spread = np.ones(3)
    assert none.shrinkage_factor(spread=spread) == pytest.approx(0.0)
    assert 0.9 < many.shrinkage_factor(spread=spread) <= 1.0


def test_reliability_doubts_what_the_draws_disagree_on() -> None:
    """By hand: b = 1.5 ± 0.5 under one draw and 0 ± sqrt(4/13) under the other, tau² 1 and 4."""
    draws = PopulationDraws(("intercept",), np.array([[5.0], [7.0]]), np.array([[1.0], [2.0]]), np.ones(2))
    got = climber_posterior(population=draws, design=np.ones((3, 1)), outcome=np.full(3, 7.0))
    own_variance = (1 / 4 + 4 / 13) / 2 + 0.75**2
    assert got.reliability[0] == pytest.approx(1 - own_variance / 2.5)


def test_reliability_is_what_sampling_says() -> None:
    """b = theta - beta sampled draw by draw, theta from its exact conditional."""
    draws, (design, outcome, _) = draws_of(), sessions(12)
    got = climber_posterior(population=draws, design=design, outcome=outcome)
    rng = np.random.default_rng(2)
    departures = []
    for s in range(draws.sigma.size):
        one = PopulationDraws(draws.names, draws.beta[[s]], draws.tau[[s]], draws.sigma[[s]])
        p = climber_posterior(population=one, design=design, outcome=outcome).posterior
        theta = rng.multivariate_normal(p.mean, p.covariance, size=4000, method="eigh")
        departures.append(theta - draws.beta[s])
    variance = np.concatenate(departures).var(axis=0)
    tau2 = (draws.tau**2).mean(axis=0)
    assert got.reliability[:2] == pytest.approx(1 - variance[:2] / tau2[:2], abs=0.01)


def test_thinning_keeps_the_ends() -> None:
    draws = draws_of(50)
    thin = draws.thinned(n=5)
    assert thin.sigma.size == 5
    assert thin.sigma[0] == draws.sigma[0]
    assert thin.sigma[-1] == draws.sigma[-1]
    assert draws.thinned(n=100) is draws


def many_columns(p: int, *, s: int = 400, varying: int = 10) -> PopulationDraws:
    """Effects on scales from 0.001 to 10 that go together; the first ones differ between climbers."""
    rng = np.random.default_rng(p)
    scale = np.geomspace(1e-3, 10.0, p)
    tau = scale * np.abs(rng.normal(1.0, 0.2, (s, p)))
    tau[:, varying:] = 0.0
    return PopulationDraws(
        names=("intercept", *(f"x{k}" for k in range(1, p))),
        beta=3.0 * scale + (rng.normal(size=(s, p)) @ rng.normal(size=(p, p)) / np.sqrt(p)) * scale,
        tau=tau,
        sigma=np.exp(0.2 * rng.normal(size=s)),
    )


@pytest.mark.parametrize("p", [1, 3, 10, 34])
def test_few_points_say_what_all_draws_say(p: int) -> None:
    draws = (
        many_columns(p) if p > 1 else PopulationDraws(("intercept",), *[np.ones((60, 1))] * 2, np.ones(60))
    )
    few = draws.representative(n=48)
    assert few.sigma.size == 48
    sd = np.where(draws.beta.std(axis=0) > 0, draws.beta.std(axis=0), 1.0)
    np.testing.assert_allclose(few.beta.mean(axis=0), draws.beta.mean(axis=0), rtol=1e-12)
    covariances = [np.cov(d.beta / sd, rowvar=False, bias=True) for d in (few, draws)]
    np.testing.assert_allclose(*covariances, atol=1e-9)
    np.testing.assert_allclose((few.tau**2).mean(axis=0), (draws.tau**2).mean(axis=0), rtol=1e-12)
    assert (few.sigma**2).mean() == pytest.approx((draws.sigma**2).mean())
    new_climber, wanted = few.as_prior(), draws.as_prior()
    np.testing.assert_allclose(
        new_climber.covariance / np.outer(sd, sd), wanted.covariance / np.outer(sd, sd), atol=1e-9
    )
    assert new_climber.sigma == pytest.approx(wanted.sigma)


def test_what_is_served_from_few_points_is_what_all_draws_say() -> None:
    draws = many_columns(34)
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(30), rng.normal(size=(30, 33))]) / draws.beta.std(axis=0)
    y = 5.0 + rng.normal(size=30)
    few, everything = (
        climber_posterior(population=d, design=x, outcome=y).posterior
        for d in (draws.representative(n=48), draws)
    )
    sd = np.sqrt(np.diag(everything.covariance))
    assert np.abs((few.mean - everything.mean) / sd).max() < 0.1
    assert np.abs(np.sqrt(np.diag(few.covariance)) / sd - 1.0).max() < 0.1
    of_everybody = slice(10, 34)  # the same for all climbers: nothing but the draws' own moments
    np.testing.assert_allclose(few.mean[of_everybody], everything.mean[of_everybody], rtol=1e-9)
    np.testing.assert_allclose(np.diag(few.covariance)[of_everybody], sd[of_everybody] ** 2, rtol=1e-9)


def test_more_columns_than_points_keep_each_effects_moments() -> None:
    draws = many_columns(20)
    few = draws.representative(n=12)
    np.testing.assert_allclose(few.beta.mean(axis=0), draws.beta.mean(axis=0))
    np.testing.assert_allclose(few.beta.std(axis=0), draws.beta.std(axis=0))


def test_points_that_are_as_wanted_already_stay() -> None:
    rng = np.random.default_rng(3)
    orthonormal = np.linalg.qr(np.column_stack([np.ones(9), rng.normal(size=(9, 3))]))[0][:, 1:] * 3.0
    beta = np.vstack([orthonormal] * 2)[[0, 9, 1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7, 16, 8, 17]]
    draws = PopulationDraws(("intercept", "a", "b"), beta, np.ones((18, 3)), np.ones(18))
    few = draws.representative(n=9)
    np.testing.assert_allclose(few.beta, draws.thinned(n=9).beta, atol=1e-12)
    assert draws.representative(n=18) is draws


@pytest.mark.parametrize("field", ["beta", "tau", "sigma"])
@pytest.mark.parametrize("bad", [np.nan, -1.0])
def test_draws_must_make_sense(field: str, bad: float) -> None:
    good = draws_of(3)
    parts = {"beta": good.beta.copy(), "tau": good.tau.copy(), "sigma": good.sigma.copy()}
    parts[field].flat[0] = bad
    if field == "beta" and bad == -1.0:
        PopulationDraws(names=good.names, **parts)
        return
    with pytest.raises(InvalidDraws):
        PopulationDraws(names=good.names, **parts)


def test_hostile_sessions_are_refused() -> None:
    design, outcome, _ = sessions()
    outcome[3] = np.nan
    with pytest.raises(NonFiniteInput):
        climber_posterior(population=draws_of(), design=design, outcome=outcome)
    with pytest.raises(InvalidObservations):
        climber_posterior(population=draws_of(), design=design, outcome=np.ones(25), noise_scale=0.0)
