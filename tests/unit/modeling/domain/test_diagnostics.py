from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from modeling.domain.diagnostics import TooFewDraws, average_ranks, diagnose


def autocorrelated(rho: float, seed: int = 0, shape=(4, 600, 3)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    chains = np.empty(shape)
    chains[:, 0] = rng.normal(size=(shape[0], shape[2]))
    for t in range(1, shape[1]):
        chains[:, t] = rho * chains[:, t - 1] + np.sqrt(1 - rho**2) * rng.normal(size=(shape[0], shape[2]))
    return chains


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.5, 0.9])
def test_agrees_with_arviz(rho: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz
    chains = autocorrelated(rho)
    got = diagnose(chains=chains, divergences=2)
    dataset = arviz.convert_to_dataset({"x": chains})
    assert got.max_rhat == pytest.approx(float(arviz.rhat(dataset)["x"].max()), abs=1e-6)
    assert got.min_bulk_ess == pytest.approx(float(arviz.ess(dataset)["x"].min()), rel=0.01)
    assert got.min_tail_ess == pytest.approx(float(arviz.ess(dataset, method="tail")["x"].min()), rel=0.01)
    assert (got.divergences, got.n_draws) == (2, 2400)


def test_a_chain_elsewhere_is_noticed() -> None:
    chains = autocorrelated(0.0)
    chains[0, :, 1] += 1.0
    assert diagnose(chains=chains, divergences=0).max_rhat > 1.05


def test_chains_of_different_width_are_noticed() -> None:
    chains = autocorrelated(0.0)
    chains[0] *= 4.0
    assert diagnose(chains=chains, divergences=0).max_rhat > 1.05


def test_broken_and_stuck_chains() -> None:
    chains = autocorrelated(0.0)
    chains[1, 5, 0] = np.nan
    assert diagnose(chains=chains, divergences=0).max_rhat == np.inf
    stuck = np.ones((2, 50, 1))
    assert diagnose(chains=stuck, divergences=0).max_rhat == 1.0
    stuck[1] = 2.0
    assert diagnose(chains=stuck, divergences=0).max_rhat == np.inf
    with pytest.raises(TooFewDraws):
        diagnose(chains=np.zeros((4, 3, 1)), divergences=0)


@given(st.lists(st.sampled_from([-1.5, 0.0, -0.0, 2.0, 1e300]) | st.floats(-9, 9), min_size=1, max_size=40))
def test_ranks_are_scipy_s(values: list[float]) -> None:
    assert average_ranks(values=np.array(values)).tolist() == rankdata(values).tolist()
