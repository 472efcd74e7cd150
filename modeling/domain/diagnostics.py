"""Did the sampler converge? R-hat and effective sample sizes from the draws alone (plain numpy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]


class TooFewDraws(ValueError):
    """Fewer than four draws a chain: nothing can be said about convergence."""


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The worst parameter's R-hat and effective sample sizes, and the number of divergent transitions."""

    max_rhat: float
    min_bulk_ess: float
    min_tail_ess: float
    divergences: int
    n_draws: int


def diagnose(*, chains: Floats, divergences: int) -> Diagnostics:
    """Rank-normalised split R-hat and bulk and tail ESS, worst over the parameters.

    Parameters
    ----------
    chains
        (chains, draws, parameters).
    divergences
        Divergent transitions after tuning.

    Examples
    --------
    >>> d = diagnose(chains=np.random.default_rng(0).normal(size=(4, 500, 2)), divergences=0)
    >>> d.max_rhat < 1.01, d.min_bulk_ess > 1500
    (True, True)

    Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Bayesian Analysis 16(2).
    """
    if chains.shape[1] < 4:
        raise TooFewDraws(f"{chains.shape[1]} draws a chain")
    rhats, bulks, tails = [], [], []
    for k in range(chains.shape[2]):
        halves = _split(chains[:, :, k])
        if not np.isfinite(halves).all():
            rhats.append(np.inf)
            bulks.append(0.0)
            tails.append(0.0)
            continue
        ranked, folded = _rank_normal(halves), _rank_normal(np.abs(halves - np.median(halves)))
        rhats.append(max(_rhat(ranked), _rhat(folded)))
        bulks.append(_ess(ranked))
        tails.append(min(_ess((halves <= np.quantile(halves, q)).astype(float)) for q in (0.05, 0.95)))
    return Diagnostics(
        max_rhat=float(max(rhats)),
        min_bulk_ess=float(min(bulks)),
        min_tail_ess=float(min(tails)),
        divergences=divergences,
        n_draws=int(chains.shape[0] * chains.shape[1]),
    )


def average_ranks(*, values: Floats) -> Floats:
    """Ranks from 1 over all values, in their shape; equal values share the mean of their ranks.

    As `scipy.stats.rankdata` does, whose import would cost every web process half a second.

    >>> average_ranks(values=np.array([[30.0, 10.0], [20.0, 20.0]])).tolist()
    [[4.0, 1.0], [2.5, 2.5]]
    """
    _, place, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return np.asarray(ranks[place].reshape(values.shape))


def _split(chains: Floats) -> Floats:
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, -half:]])


def _rank_normal(chains: Floats) -> Floats:
    return np.asarray(ndtri((average_ranks(values=chains) - 0.375) / (chains.size + 0.25)))


def _rhat(chains: Floats) -> float:
    n = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean()
    between = n * chains.mean(axis=1).var(ddof=1)
    if within == 0.0:
        return 1.0 if between == 0.0 else np.inf
    return float(np.sqrt((n - 1) / n + between / (n * within)))


def _ess(chains: Floats) -> float:
    """Effective sample size by Geyer's initial monotone sequence over the combined autocovariances."""
    m, n = chains.shape
    if np.ptp(chains) == 0.0:
        return float(m * n)
    centred = chains - chains.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, n=2 * n, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, axis=1)[:, :n] / n
    within = covariance[:, 0].mean() * n / (n - 1)
    plus = within * (n - 1) / n + chains.mean(axis=1).var(ddof=1)
    rho = 1.0 - (within - covariance.mean(axis=0) * n / (n - 1)) / plus
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0.0)
    last = int(ends[0]) if ends.size else pairs.size
    time = 2.0 * np.minimum.accumulate(pairs[:last]).sum() - 1.0
    if ends.size and rho[2 * last] > 0.0:
        time += rho[2 * last]
    return float(m * n / max(time, 1.0 / np.log10(m * n)))
