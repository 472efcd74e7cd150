"""The engine on published data: Reaction ~ Days (Days || Subject), lme4 1.1-31."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modeling.domain.kernel import marginal_likelihood, pack
from modeling.domain.mode import population_mode
from modeling.domain.population import climber_posterior
from modeling.domain.posterior import GaussianPrior, condition
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData, group_data, sufficient_statistics
from modeling.domain.training import fit

pytestmark = pytest.mark.shared

FIXED, FIXED_SE = np.array([251.405105, 10.467286]), np.array([6.885381, 1.559569])
VARIANCES, NOISE_VARIANCE = np.array([627.569051, 35.858380]), 653.583501
ML_VARIANCES, ML_NOISE_VARIANCE, ML_DEVIANCE = np.array([584.265661, 33.632648]), 653.115421, 1752.003255
MODES = {308: np.array([1.512665, 9.323497]), 309: np.array([-40.373873, -8.599176])}

FLAT = HierarchicalPriors(
    ("intercept", "days"), np.zeros(2), np.array([1e4, 1e3]), np.array([1e3, 1e2]), noise_sd=1e3
)


@pytest.fixture(scope="module")
def data() -> GroupedData:
    path = Path(__file__).parents[3] / "shared" / "reference" / "sleepstudy.csv"
    if not path.exists():
        pytest.skip("the reference files do not lie beside this checkout")
    table = pd.read_csv(path)
    return group_data(
        outcome=table["Reaction"].to_numpy(),
        design=np.column_stack([np.ones(len(table)), table["Days"]]).astype(float),
        group=table["Subject"].to_numpy(),
        day=table["Days"].to_numpy(dtype=float),
    )


def test_the_kernel_has_lme4s_deviance(data: GroupedData) -> None:
    k = pack(statistics=sufficient_statistics(data=data), n_varying=2)
    value, *gradient = marginal_likelihood(
        FIXED,
        0.5 * np.log(ML_VARIANCES),
        0.5 * float(np.log(ML_NOISE_VARIANCE)),
        k.cross,
        k.moment,
        k.totals,
    )
    assert -2 * value == pytest.approx(ML_DEVIANCE, abs=1e-6)
    for part in gradient:
        np.testing.assert_allclose(part, 0.0, atol=1e-3)


def test_the_kernel_has_lme4s_standard_errors(data: GroupedData) -> None:
    """At REML's variances the curvature in beta is REML's: lme4's standard errors are (-d²l/dbeta²)^-1/2."""
    k = pack(statistics=sufficient_statistics(data=data), n_varying=2)

    def slope(beta: np.ndarray) -> np.ndarray:
        at = 0.5 * np.log(VARIANCES), 0.5 * float(np.log(NOISE_VARIANCE))
        return marginal_likelihood(beta, *at, k.cross, k.moment, k.totals)[1]

    # The slope is a straight line in beta, so central differences are exact whatever the step.
    hessian = np.column_stack([(slope(FIXED + step) - slope(FIXED - step)) / 2.0 for step in np.eye(2)])
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(-hessian))), FIXED_SE, rtol=0, atol=1e-4)


def test_conditional_modes_at_lme4s_variances(data: GroupedData) -> None:
    prior = GaussianPrior(FLAT.names, FIXED, np.diag(VARIANCES), float(np.sqrt(NOISE_VARIANCE)))
    for subject, want in MODES.items():
        rows = data.rows(group=data.labels.tolist().index(subject))
        got = condition(prior=prior, design=data.design[rows], outcome=data.outcome[rows])
        np.testing.assert_allclose(got.mean - FIXED, want, rtol=1e-5)


def test_the_mode_under_flat_priors(data: GroupedData) -> None:
    mode = population_mode(statistics=sufficient_statistics(data=data), priors=FLAT)
    np.testing.assert_allclose(mode.beta, FIXED, rtol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(mode.beta_covariance)), FIXED_SE, rtol=0.02)
    np.testing.assert_allclose(mode.tau**2, VARIANCES, rtol=0.03)
    assert mode.sigma**2 == pytest.approx(NOISE_VARIANCE, rel=0.01)
    prior = GaussianPrior(FLAT.names, mode.beta, np.diag(mode.tau**2), mode.sigma)
    for subject, want in MODES.items():
        rows = data.rows(group=data.labels.tolist().index(subject))
        got = condition(prior=prior, design=data.design[rows], outcome=data.outcome[rows])
        np.testing.assert_allclose(got.mean - mode.beta, want, rtol=0.03)


@pytest.mark.parametrize("sd", [1e4, 1e7])
def test_the_flatter_the_priors_the_same_the_answer(data: GroupedData, sd: float) -> None:
    """Through the generic entry; a prior that says nothing makes no value absurd."""
    flat = HierarchicalPriors(FLAT.names, np.zeros(2), np.full(2, sd), np.full(2, sd), noise_sd=sd)
    got = fit(data=data, priors=flat, drift="none", own_rhythm=False)
    assert got.notes == ()
    np.testing.assert_allclose(got.mode.beta, FIXED, rtol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(got.mode.beta_covariance)), FIXED_SE, rtol=0.03)
    np.testing.assert_allclose(got.mode.tau**2, VARIANCES, rtol=0.03)
    assert got.mode.sigma**2 == pytest.approx(NOISE_VARIANCE, rel=0.01)


def test_the_sampled_posterior(data: GroupedData) -> None:
    from modeling.domain.hierarchical import SamplerSettings, sample_population

    got = sample_population(
        statistics=sufficient_statistics(data=data), priors=FLAT, settings=SamplerSettings(draws=4000, seed=1)
    )
    assert got.diagnostics.max_rhat <= 1.01
    assert got.diagnostics.divergences == 0
    beta = got.draws.beta
    np.testing.assert_allclose(beta.mean(axis=0), FIXED, rtol=0.01)
    # lme4 plugs its variances in; a posterior averages over them. With a flat prior on the SD between J subjects the
    # variance between them has mean S / (J - 4) where REML has S / (J - 1): standard errors wider by sqrt(17 / 14).
    # (Gelman 2006, Prior distributions for variance parameters in hierarchical models, §2.2.)
    ratio = beta.std(axis=0) / FIXED_SE
    np.testing.assert_allclose(ratio, np.sqrt((18 - 1) / (18 - 4)), rtol=0.04)
    population = got.draws.thinned(n=2000)
    for subject, want in MODES.items():
        rows = data.rows(group=data.labels.tolist().index(subject))
        mine = climber_posterior(population=population, design=data.design[rows], outcome=data.outcome[rows])
        # A subject's own departure, E(theta - beta): beside the fixed effects themselves it would vanish.
        departure = mine.posterior.mean - population.beta.mean(axis=0)
        # Of the larger of the mode and of how far subjects differ at all: averaging over the variances moves the
        # departures of one who is hardly off the mean (308: 1.3 beside 1.5 ms) by nothing that can be told apart.
        off = (departure - want) / np.maximum(np.abs(want), np.sqrt(VARIANCES))
        assert (np.abs(off) < 0.03).all(), (subject, departure, off)
