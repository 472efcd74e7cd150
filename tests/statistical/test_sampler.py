"""Real fits: the two models agree, the sampler converges, a bad run is seen to be bad."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.link.c.exceptions import CompileError

from modeling.domain import hierarchical
from modeling.domain.drift import Drift
from modeling.domain.gate import HeldOut, judge
from modeling.domain.hierarchical import SamplerSettings, az, sample_plain, sample_population
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


STAYS = Drift(0.0)


def small(n_climbers: int = 12, n_sessions: int = 15, seed: int = 4, drift: Drift = STAYS):
    rng = np.random.default_rng(seed)
    return simulate_grouped(
        priors=PRIORS, n_climbers=n_climbers, n_sessions=n_sessions, drift=drift, rng=rng
    )[0]


@pytest.fixture(scope="module", autouse=True)
def asked_compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All fits of this file on a machine whose C++ compiler refuses, and notes that it was asked."""
    folder = tmp_path_factory.mktemp("compiler")
    asked, compiler = folder / "asked", folder / "g++"
    compiler.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexit 1\n')
    compiler.chmod(0o755)
    hierarchical._compiled.cache_clear()  # what another file had compiled tells nothing
    with pytensor.config.change_flags(cxx=str(compiler)):
        yield asked


def test_the_engine_asks_no_compiler_for_anything(asked_compiler: Path) -> None:
    sampled = sample_population(
        statistics=sufficient_statistics(data=small()),
        priors=PRIORS,
        settings=SamplerSettings(draws=300, tune=300),
    )
    assert sampled.diagnostics.max_rhat < 1.05
    assert not asked_compiler.exists()
    with pytest.raises(CompileError):  # it would have been seen: PyTensor's own way of compiling asks it
        pytensor.function(
            [], pt.constant(np.arange(3.0)).sum() + 1.2345, mode=Mode(linker="c", optimizer=None)
        )
    assert asked_compiler.exists()
    asked_compiler.unlink()


@pytest.mark.slow  # it is the plain model that takes its time
@pytest.mark.parametrize("drift", [Drift(0.0), Drift(0.4, 7.0)], ids=["static", "drifting"])
def test_marginal_and_plain_models_have_the_same_posterior(asked_compiler: Path, drift: Drift) -> None:
    """Means and SDs of every population parameter differ by no more than four of their Monte Carlo standard errors.

    Where the level drifts, the plain model has it as latent variables and the marginal one by whitening.
    """
    data = small(n_climbers=8, n_sessions=10, drift=drift)
    settings = SamplerSettings(draws=1000, seed=2)
    marginal = sample_population(
        statistics=sufficient_statistics(data=data, drift=drift), priors=PRIORS, settings=settings
    ).draws
    plain = sample_plain(data=data, priors=PRIORS, settings=settings, drift=drift).posterior
    one = chains_of(beta=marginal.beta, tau=marginal.tau[:, :2], sigma=marginal.sigma[:, None])
    two = {name: plain[name].to_numpy() for name in ("beta", "tau", "sigma")}
    two["sigma"] = two["sigma"][:, :, None]
    for moment in (np.mean, np.std):
        for name in one:
            gap = moment(one[name], axis=(0, 1)) - moment(two[name], axis=(0, 1))
            error = np.hypot(*(standard_error(chains[name], moment) for chains in (one, two)))
            assert (np.abs(gap) <= 4.0 * error).all(), (moment.__name__, name, gap / error)
            # the bound is tight: a tenth of the posterior's SD would be seen in it
            assert (error < 0.1 * one[name].std(axis=(0, 1)) / 1.5).all(), (moment.__name__, name)
    assert not asked_compiler.exists()


def chains_of(**draws: np.ndarray) -> dict[str, np.ndarray]:
    """(chains, draws, parameters), from the draws of four chains one after the other."""
    return {name: values.reshape(4, -1, values.shape[1]) for name, values in draws.items()}


def standard_error(chains: np.ndarray, moment: Callable[..., np.ndarray]) -> np.ndarray:
    """Monte Carlo standard errors of every parameter's mean or SD, by its own effective sample size (arviz).

    mean: sqrt(Var x / ESS(x));   SD: sqrt(Var c / ESS(c) / (4 mean c)) with c = (x - mean x)², by the delta method
    """
    squares = (chains - chains.mean(axis=(0, 1))) ** 2
    values, slope = (chains, 1.0) if moment is np.mean else (squares, 4.0 * squares.mean(axis=(0, 1)))
    independent = az.ess(az.convert_to_dataset({"x": values}), method="mean")["x"].to_numpy()
    return np.sqrt(values.var(axis=(0, 1)) / independent / slope)


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


@pytest.mark.slow
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


def test_effects_that_are_the_same_for_everybody_are_sampled() -> None:
    """No individual spread at all: a plain regression, its posterior in closed form but for the noise."""
    same = HierarchicalPriors(PRIORS.names, PRIORS.mean, PRIORS.sd, np.zeros(3))
    data = small()
    got = fit(
        data=data, priors=same, drift="none", own_rhythm=False, sampler=SamplerSettings(draws=600, tune=300)
    )
    assert got.diagnostics is not None
    assert got.diagnostics.max_rhat <= 1.01
    assert (got.all_draws.tau == 0.0).all()
    precision = data.design.T @ data.design / got.mode.sigma**2 + np.diag(PRIORS.sd**-2.0)
    mean = np.linalg.solve(
        precision, data.design.T @ data.outcome / got.mode.sigma**2 + PRIORS.mean / PRIORS.sd**2
    )
    sd = np.sqrt(np.linalg.inv(precision).diagonal())
    assert (np.abs(got.all_draws.beta.mean(axis=0) - mean) < 0.1 * sd).all()
    np.testing.assert_allclose(got.all_draws.beta.std(axis=0), sd, rtol=0.1)
