"""Known truth: ranks are uniform, intervals cover at their level, parameters are recovered."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, norm

from modeling.domain.drift import Drift
from modeling.domain.evaluation import one_step_ahead, rows_of
from modeling.domain.hierarchical import SamplerSettings, sample_population
from modeling.domain.personal import personal_posterior
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import GaussianPrior, condition
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.simulate import simulate_grouped
from modeling.domain.statistics import sufficient_statistics
from modeling.domain.training import fit

pytestmark = pytest.mark.slow

REPLICATES, RANKED_DRAWS, BINS = 200, 99, 10
PRIORS = HierarchicalPriors(
    ("intercept", "a", "b"),
    np.array([6.0, 0.3, -0.3]),
    np.array([1.0, 0.2, 0.2]),
    np.array([1.0, 0.3, 0.0]),
    noise_sd=1.0,
)
DRIFT = Drift(0.05, 20.0)


def test_simulation_based_calibration() -> None:
    """Ranks of the truth among posterior draws, 200 replicates of 10 climbers × 8 sessions, drift included.

    Chi-square over ten bins for every parameter; with nine tests the smallest p-value must exceed 0.001.
    Source: Talts, Betancourt, Simpson, Vehtari & Gelman (2018).
    """
    ranks: dict[str, list[int]] = {}
    rng = np.random.default_rng(11)
    for replicate in range(REPLICATES):
        data, truth = simulate_grouped(priors=PRIORS, n_climbers=10, n_sessions=8, drift=DRIFT, rng=rng)
        got = sample_population(
            statistics=sufficient_statistics(data=data, drift=DRIFT),
            priors=PRIORS,
            settings=SamplerSettings(draws=500, tune=400, chains=2, seed=replicate),
        )
        draws = got.draws.thinned(n=RANKED_DRAWS)
        first = data.rows(group=0)
        theta = np.array(
            [
                _drawn(draws, s, data.design[first], data.outcome[first], data.day[first], rng)
                for s in range(99)
            ]
        )
        for name, true, posterior in (
            *((f"beta {k}", truth.beta[k], draws.beta[:, k]) for k in range(3)),
            *((f"tau {k}", truth.tau[k], draws.tau[:, k]) for k in range(2)),
            ("sigma", truth.sigma, draws.sigma),
            *((f"theta {k}", truth.theta[0, k], theta[:, k]) for k in range(2)),
            ("level", truth.level[first][-1], theta[:, 3]),
        ):
            ranks.setdefault(name, []).append(int((posterior < true).sum()))
    p_values = {
        name: float(chisquare(np.histogram(r, bins=BINS, range=(0, RANKED_DRAWS + 1))[0]).pvalue)
        for name, r in ranks.items()
    }
    assert min(p_values.values()) > 0.001, p_values


def _drawn(draws: PopulationDraws, s: int, design, outcome, day, rng) -> np.ndarray:
    """One draw of a climber's coefficients and level, given one draw of the population."""
    prior = GaussianPrior(draws.names, draws.beta[s], np.diag(draws.tau[s] ** 2), float(draws.sigma[s]))
    p = condition(prior=prior, design=design, outcome=outcome, day=day, drift=DRIFT)
    joint = np.block(
        [
            [p.covariance, p.level_covariance[:, None]],
            [p.level_covariance[None, :], np.array([[p.level_variance]])],
        ]
    )
    return rng.multivariate_normal(
        np.append(p.mean, p.level_mean), joint, method="eigh", check_valid="ignore"
    )


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(Drift(0.0), id="no-drift"),
        pytest.param(Drift(0.03, 45.0), id="slow"),
        pytest.param(Drift(0.15, 10.0), id="fast"),
    ],
)
def test_intervals_cover_at_their_level(drift: Drift) -> None:
    """50, 80 and 95 % intervals, ± 3 points, with the drift profiled and rhythms learnt as in a nightly run.

    Predictions of the next sessions, and each climber's effects and quality at reference today, over 30 populations
    of 40 climbers whose parameters are themselves drawn from the priors.
    """
    z, covered = [], {level: [] for level in (0.5, 0.8, 0.95)}
    for seed in range(30):
        data, truth = simulate_grouped(
            priors=PRIORS, n_climbers=40, n_sessions=35, drift=drift, rng=np.random.default_rng(seed)
        )
        train = np.tile(np.arange(35) < 30, 40)
        trained = fit(data=rows_of(data=data, rows=train), priors=PRIORS).population
        forecast = one_step_ahead(data=data, trained=trained, rows=~train)
        for level, shares in covered.items():
            shares.append(forecast.covered(outcome=data.outcome[~train], level=level).mean())
        for u in range(40):
            own = slice(u * 35, u * 35 + 30)
            p = (
                personal_posterior(
                    trained=trained, design=data.design[own], outcome=data.outcome[own], day=data.day[own]
                )
                .summary()
                .posterior
            )
            today = p.mean[0] + p.level_mean
            variance = p.covariance[0, 0] + p.level_variance + 2 * p.level_covariance[0]
            true = truth.theta[u, 0] + truth.level[own][-1]
            z.append(
                [
                    (true - today) / np.sqrt(variance),
                    (truth.theta[u, 1] - p.mean[1]) / np.sqrt(p.covariance[1, 1]),
                ]
            )
    found = {level: float(np.mean(shares)) for level, shares in covered.items()}
    personal = {level: (np.abs(z) < norm.ppf(0.5 + level / 2)).mean(axis=0).round(3) for level in found}
    for level, share in found.items():
        assert share == pytest.approx(level, abs=0.03)
        # Drift that does not exist can be suspected but not excluded: the interval of today may be too wide, not too narrow.
        assert personal[level][0] > level - 0.03
        assert personal[level][1] == pytest.approx(level, abs=0.04)


def test_parameters_are_recovered() -> None:
    data, truth = simulate_grouped(
        priors=PRIORS, n_climbers=400, n_sessions=40, drift=DRIFT, rng=np.random.default_rng(3)
    )
    result = fit(data=data, priors=PRIORS, sampler=SamplerSettings(), own_rhythm=False)
    draws = result.all_draws
    for name, true, posterior in (
        ("beta", truth.beta, draws.beta),
        ("tau", truth.tau[:2], draws.tau[:, :2]),
        ("sigma", np.array([truth.sigma]), draws.sigma[:, None]),
    ):
        z = (posterior.mean(axis=0) - true) / posterior.std(axis=0)
        assert (np.abs(z) < 3.5).all(), (name, z)
    assert result.drift.rate_per_day == pytest.approx(DRIFT.rate_per_day, rel=0.35)
    assert result.drift.half_life_days == pytest.approx(DRIFT.half_life_days, rel=0.35)
