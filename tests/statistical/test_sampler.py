"""Real fits: the two models agree, the sampler converges, a bad run is seen to be bad."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from modeling.domain.drift import Drift
from modeling.domain.gate import HeldOut, judge
from modeling.domain.hierarchical import SamplerSettings, sample_plain, sample_population
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.simulate import simulate_grouped
from modeling.domain.statistics import sufficient_statistics
from modeling.domain.training import fit

PRIORS = HierarchicalPriors(
    ("intercept", "a", "b"),
    np.array([6.0, 0.3, -0.3]),
    np.array([1.0, 0.15, 0.15]),
    np.array([1.0, 0.2, 0.0]),
    noise_sd=1.0,
)


def small(n_climbers: int = 12, n_sessions: int = 15, seed: int = 4):
    rng = np.random.default_rng(seed)
    return simulate_grouped(
        priors=PRIORS, n_climbers=n_climbers, n_sessions=n_sessions, drift=Drift(0.0), rng=rng
    )[0]


def test_marginal_and_plain_models_have_the_same_posterior() -> None:
    data = small()
    settings = SamplerSettings(draws=2500, seed=2)
    marginal = sample_population(
        statistics=sufficient_statistics(data=data), priors=PRIORS, settings=settings
    )
    plain = sample_plain(data=data, priors=PRIORS, settings=settings).posterior
    pairs = {
        "beta": (marginal.draws.beta, plain["beta"].to_numpy().reshape(-1, 3)),
        "tau": (marginal.draws.tau[:, :2], plain["tau"].to_numpy().reshape(-1, 2)),
        "sigma": (marginal.draws.sigma[:, None], plain["sigma"].to_numpy().reshape(-1, 1)),
    }
    for name, (one, two) in pairs.items():
        # The worst effective sample size either run reports, taken for every parameter: five standard errors.
        error = 5.0 * np.hypot(one.std(axis=0), two.std(axis=0)) / np.sqrt(800.0)
        assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) < error).all(), name
        np.testing.assert_allclose(one.std(axis=0), two.std(axis=0), rtol=0.12, err_msg=name)


def test_fifty_climbers_with_forty_sessions_converge() -> None:
    names = ("intercept", *(f"x{k}" for k in range(9)))
    priors = HierarchicalPriors(
        names, np.array([6.0] + [0.2] * 9), np.array([1.0] + [0.15] * 9), np.array([1.0] + [0.2] * 9)
    )
    data, _ = simulate_grouped(
        priors=priors, n_climbers=50, n_sessions=40, drift=Drift(0.03, 30.0), rng=np.random.default_rng(0)
    )
    result = fit(data=data, priors=priors, sampler=SamplerSettings())
    assert result.diagnostics is not None
    assert result.diagnostics.max_rhat <= 1.01
    assert result.diagnostics.min_bulk_ess >= 400
    assert result.diagnostics.min_tail_ess >= 400
    assert result.diagnostics.divergences == 0
    ahead = HeldOut(model_crps=0.5, person_mean_crps=0.6, n_sessions=100)
    assert judge(diagnostics=result.diagnostics, inside=0.9, held_out=ahead).publish


def test_a_run_cut_short_is_held() -> None:
    result = fit(data=small(), priors=PRIORS, sampler=SamplerSettings(draws=20, tune=3, chains=2))
    assert result.diagnostics is not None
    verdict = judge(diagnostics=result.diagnostics, inside=0.9, held_out=HeldOut(0.5, 0.6, 100))
    assert not verdict.publish
    assert any("R-hat" in reason or "effective" in reason for reason in verdict.reasons)


def test_laplace_stands_in_for_the_sampler() -> None:
    data = small(n_climbers=40, n_sessions=30)
    sampled = fit(data=data, priors=PRIORS, sampler=SamplerSettings(), drift="none", own_rhythm=False)
    approximate = fit(data=data, priors=PRIORS, drift="none", own_rhythm=False)
    sd = sampled.all_draws.beta.std(axis=0)
    gap = sampled.all_draws.beta.mean(axis=0) - approximate.all_draws.beta.mean(axis=0)
    assert (np.abs(gap) < 0.25 * sd).all()
    np.testing.assert_allclose(approximate.all_draws.sigma.mean(), sampled.all_draws.sigma.mean(), rtol=0.02)


WITHOUT_COMPILER = """
import numpy as np
from modeling.domain.hierarchical import SamplerSettings, sample_population
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import group_data, sufficient_statistics
rng = np.random.default_rng(0)
data = group_data(outcome=6 + rng.normal(size=60), design=np.ones((60, 1)), group=np.repeat(np.arange(6), 10))
priors = HierarchicalPriors(("intercept",), np.array([5.0]), np.ones(1), np.ones(1))
got = sample_population(statistics=sufficient_statistics(data=data), priors=priors,
                        settings=SamplerSettings(draws=300, tune=300))
print(round(float(got.draws.beta.mean()), 1), got.diagnostics.max_rhat < 1.05)
"""


def test_it_works_on_a_machine_without_a_compiler(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER],
        env={
            **{k: v for k, v in os.environ.items() if k not in {"CXX", "CC"}},
            "PATH": str(tmp_path),
            "PYTENSOR_FLAGS": f"base_compiledir={tmp_path}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stdout.strip().endswith("True"), finished.stdout
