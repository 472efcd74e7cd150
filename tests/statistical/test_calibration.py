"""Known truth: ranks are uniform, intervals cover at their level, parameters are recovered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import chisquare, norm

from modeling.domain.drift import Drift, whiten
from modeling.domain.evaluation import one_step_ahead, rows_of
from modeling.domain.hierarchical import SamplerSettings, sample_population
from modeling.domain.personal import RhythmicPosterior, TrainedPopulation, personal_posterior
from modeling.domain.population import ClimberPosterior, PopulationDraws
from modeling.domain.posterior import GaussianPrior, condition
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.simulate import Truth, draw_parameters, simulate_grouped, simulate_outcome
from modeling.domain.statistics import GroupedData, sufficient_statistics
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


SEEN, ALL_SESSIONS, CLIMBERS, POPULATIONS, MIXED_POPULATIONS = 30, 35, 40, 150, 100
OWN_DRIFTS = (Drift(0.0), Drift(0.03, 45.0), Drift(0.15, 10.0))
LEVELS = (0.5, 0.8, 0.95)


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(Drift(0.0), id="no-drift"),
        pytest.param(Drift(0.03, 45.0), id="slow"),
        pytest.param(Drift(0.15, 10.0), id="fast"),
    ],
)
def test_intervals_cover_at_their_level(drift: Drift) -> None:
    """50, 80 and 95 % intervals, ± 3 points, with the drift profiled and rhythms learnt and sampled as at night.

    Predictions of the next five sessions, and each climber's effect and quality at reference today, over 150 populations
    of 40 climbers whose parameters are themselves drawn from the priors. One effect's coverage has a standard error of
    one point at 50 %.
    """
    found = _coverage(partial(_alike, drift), populations=POPULATIONS)
    for level in LEVELS:
        inside = {name: by_level[level] for name, by_level in found.items()}
        assert inside["sessions"] == pytest.approx(level, abs=0.03)
        assert inside["effect"] == pytest.approx(level, abs=0.03)
        assert inside["today"] == pytest.approx(level, abs=0.03)
        # One normal stands for the mixture where it is shown. Of the same variance it is too wide in the middle, at
        # most by five points, and right at 95 %, the only level that pages and the API show.
        narrow = 0.05 if level < 0.95 else 0.03
        for name in ("served effect", "served today"):
            assert level - 0.03 < inside[name] < level + narrow, (name, level)


@pytest.mark.parametrize(
    ("usual", "is_rated", "effects_lack"),
    [
        pytest.param(6.0, False, 0.03, id="own-rhythms-unrounded"),
        pytest.param(6.0, True, 0.06, id="own-rhythms-rated-mid-scale"),
        pytest.param(7.5, True, 0.11, id="own-rhythms-rated-near-the-ceiling"),
    ],
)
def test_climbers_with_rhythms_of_their_own(usual: float, is_rated: bool, effects_lack: float) -> None:
    """Climbers who differ in noise and drift; then their whole ratings 1–10, which a normal likelihood does not know.

    Forecasts of sessions hold in every case. An effect is learnt of the rating, and its intervals hold that: the slope of the
    expected rating over the climber's sessions. Where ratings end at 10 it is less than the effect on an unbounded quality,
    which they hold less often, and the less the nearer the end. Today's expected rating they hold unless sessions differ
    by less than a third of a rating's step: then rounding errs the same way session after session.
    """
    found = _coverage(partial(_of_own_rhythms, usual, is_rated), populations=MIXED_POPULATIONS)
    for level in LEVELS:
        assert found["sessions"][level] == pytest.approx(level, abs=0.03)
        assert found["effect in ratings"][level] == pytest.approx(level, abs=0.03)
        assert found["today in ratings"][level] == pytest.approx(level, abs=0.03)
        for name in ("effect", "served effect"):
            assert level - effects_lack < found[name][level] < level + 0.05, (name, level)


@dataclass(frozen=True, slots=True)
class InRatings:
    """What is true of each climber's ratings: the slope of an effect, and what is expected today (NaN: too little noise)."""

    effect: list[float]
    today: list[float]


Simulated = tuple[GroupedData, Truth, InRatings | None]
LEAST_NOISE = 0.35  # rating steps
STEPS = np.arange(1, 10) + 0.5


def _alike(drift: Drift, rng: np.random.Generator) -> Simulated:
    """Unrounded quality of climbers with one rhythm."""
    data, truth = simulate_grouped(
        priors=PRIORS, n_climbers=CLIMBERS, n_sessions=ALL_SESSIONS, drift=drift, rng=rng
    )
    return data, truth, None


def _of_own_rhythms(usual: float, is_rated: bool, rng: np.random.Generator) -> Simulated:
    """Climbers with a noise and a drift of their own; whole ratings 1–10, or quality as it is."""
    priors = replace(PRIORS, mean=np.array([usual, *PRIORS.mean[1:]]))
    data, _ = simulate_grouped(
        priors=priors, n_climbers=CLIMBERS, n_sessions=ALL_SESSIONS, drift=DRIFT, rng=rng
    )
    beta, tau, sigma = draw_parameters(priors=priors, rng=rng)
    outcome, theta, level = [], [], []
    rated = InRatings([], [])
    for u in range(CLIMBERS):
        rows = data.rows(group=u)
        noise = sigma * rng.choice([0.6, 1.0, 1.5])
        quality, truth = simulate_outcome(
            design=data.design[rows],
            climber=np.zeros(ALL_SESSIONS, dtype=np.int64),
            day=data.day[rows],
            beta=beta,
            tau=tau,
            sigma=noise,
            drift=OWN_DRIFTS[rng.integers(len(OWN_DRIFTS))],
            rng=rng,
        )
        outcome.append(np.clip(quality.round(), 1, 10) if is_rated else quality)
        theta.append(truth.theta[0])
        level.append(truth.level)
        _note_in_ratings(rated, data.design[rows][:SEEN], truth, noise, is_rated)
    whole = Truth(beta, tau, sigma, np.array(theta), np.concatenate(level), (), np.zeros(0))
    return replace(data, outcome=np.concatenate(outcome)), whole, rated


def _note_in_ratings(
    found: InRatings, design: np.ndarray, truth: Truth, noise: float, is_rated: bool
) -> None:
    """The least-squares slope of E(rating), = 10 - Σ_j P(rating ≤ j), over the sessions seen; and E(rating) today."""
    expected = design @ truth.theta[0] + truth.level[:SEEN]
    today = np.array([truth.theta[0, 0] + truth.level[SEEN - 1]])
    if is_rated:
        rating, today = (
            10.0 - norm.cdf((STEPS - at[:, None]) / noise).sum(axis=1) for at in (expected, today)
        )
    else:
        rating = expected
    more = np.linalg.lstsq(design, rating - expected)[0]
    found.effect.append(float(truth.theta[0, 1] + more[1]))
    found.today.append(float(today[0]) if noise >= LEAST_NOISE else np.nan)


def _coverage(
    simulate: Callable[[np.random.Generator], Simulated], *, populations: int
) -> dict[str, dict[float, float]]:
    """How often central intervals hold the truth: name → level → share."""
    sessions: dict[float, list[float]] = {level: [] for level in LEVELS}
    where: dict[str, list[float]] = {"effect": [], "today": [], "served effect": [], "served today": []}
    for seed in range(populations):
        data, truth, rated = simulate(np.random.default_rng(1000 + seed))
        train = np.tile(np.arange(ALL_SESSIONS) < SEEN, CLIMBERS)
        sampler = SamplerSettings(draws=250, tune=300, chains=2, seed=seed)
        trained = fit(data=rows_of(data=data, rows=train), priors=PRIORS, sampler=sampler).population
        forecast = one_step_ahead(data=data, trained=trained, rows=~train)
        for level, shares in sessions.items():
            shares.append(forecast.covered(outcome=data.outcome[~train], level=level).mean())
        for u in range(CLIMBERS):
            own = slice(u * ALL_SESSIONS, u * ALL_SESSIONS + SEEN)
            told = {"design": data.design[own], "outcome": data.outcome[own], "day": data.day[own]}
            true = {"effect": truth.theta[u, 1], "today": truth.theta[u, 0] + truth.level[own][-1]}
            served = personal_posterior(trained=trained, **told)
            for name, below in _share_below(trained, served, true, **told).items():
                where[name].append(below)
            if rated is not None:
                in_ratings = {"effect": rated.effect[u], "today": rated.today[u]}
                for name, below in _share_below(trained, served, in_ratings, **told).items():
                    if not np.isnan(in_ratings[name]):
                        where.setdefault(f"{name} in ratings", []).append(below)
            p = served.summary().posterior
            sd = np.sqrt(p.covariance[0, 0] + p.level_variance + 2.0 * p.level_covariance[0])
            where["served today"].append(norm.cdf((true["today"] - p.mean[0] - p.level_mean) / sd))
            where["served effect"].append(
                norm.cdf((true["effect"] - p.mean[1]) / np.sqrt(p.covariance[1, 1]))
            )
    inside = {
        name: {level: float((np.abs(np.array(v) - 0.5) < level / 2).mean()) for level in LEVELS}
        for name, v in where.items()
    }
    return inside | {"sessions": {level: float(np.mean(shares)) for level, shares in sessions.items()}}


def _share_below(
    trained: TrainedPopulation, served: RhythmicPosterior, true: dict[str, float], *, design, outcome, day
) -> dict[str, float]:
    """How much of the exact posterior lies below the truth: normals for each stored draw and likely rhythm."""
    draws, p = trained.draws, len(trained.names)
    columns = np.column_stack([outcome, design])
    parts = {_signature(part): weight for part, weight in zip(served.parts, served.weight, strict=True)}
    below = dict.fromkeys(true, 0.0)
    for rhythm in trained.rhythms.rhythms:
        sigma2 = (draws.sigma * rhythm.noise_scale) ** 2
        weight = parts.get((rhythm.drift, round(float(np.sqrt(sigma2.mean())), 9)), 0.0)
        if weight == 0.0:
            continue
        white = whiten(columns=columns, day=day, drift=rhythm.drift)
        y, x = white.columns[:, 0], white.columns[:, 1:]
        spread = draws.tau[:, :, None] * draws.tau[:, None, :]
        covariance = spread * np.linalg.inv(np.eye(p) + spread * (x.T @ x / sigma2[:, None, None]))
        residual = (x.T @ y - draws.beta @ (x.T @ x)) / sigma2[:, None]
        theta = draws.beta + np.einsum("sij,sj->si", covariance, residual)
        # today = theta_0 + level, and the level is what the outcome's filter left less what the design's explains
        toward = np.eye(p)[0] - white.last_level[1:]
        for name, mean, variance in (
            ("effect", theta[:, 1], covariance[:, 1, 1]),
            (
                "today",
                white.last_level[0] + theta @ toward,
                np.einsum("i,sij,j->s", toward, covariance, toward) + white.level_variance * sigma2,
            ),
        ):
            below[name] += float(weight * norm.cdf((true[name] - mean) / np.sqrt(variance)).mean())
    return below


def _signature(part: ClimberPosterior) -> tuple[Drift | None, float]:
    return part.posterior.drift, round(part.posterior.sigma, 9)


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
