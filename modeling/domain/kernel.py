"""The fused kernel: log marginal likelihood of all climbers and its gradient, effects integrated out.

For a climber with whitened rows, random columns Z (the first q of X), T = diag(tau) and effects T eta:

    r = y - X beta,   M = I + T Z'Z T / sigma²,   v = T Z'r / sigma²,   h = M^-1 v,   H = M^-1
    log p(y) = -½ [ n log 2 pi sigma² + log|R| + log|M| + r'r / sigma² - v'h ]

and by Fisher's identity the gradient needs h and diag(H) alone, which the value computed anyway:

    d beta    = X'(r - Z T h) / sigma²
    d log tau = h² + diag(H) - 1
    d log sigma = -n + r'r / sigma² - v'h - sum(d log tau)

Of a climber only Z'X and Z'y are needed: X'X, X'y and y'y enter through their sums over climbers. Columns that are the
same for everybody (kinds of sessions) therefore cost little.

Climbers are laid out in lanes (the last axis), so that the innermost loops become vector instructions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.compiled import compiled
from modeling.domain.statistics import SufficientStatistics

Floats = NDArray[np.float64]
LANES = 64
# Terms of a sum that are taken at once: a sum is then fetched and put back a quarter as often. The loops say them one
# by one: this number may not change alone.
UNROLLED = 4


@dataclass(frozen=True, slots=True)
class PackedStatistics:
    """Statistics of all climbers in lanes; the last lanes are padded with climbers who have no sessions.

    Attributes
    ----------
    cross, moment
        (blocks, p, q, LANES) X'Z and (blocks, q, LANES) Z'y of each climber.
    totals
        (3 + p + p²,) over all climbers: number of sessions, sum of the log variances, y'y, X'y, X'X row by row.
    """

    cross: Floats
    moment: Floats
    totals: Floats

    def buffer(self) -> Floats:
        """All of it end to end, in this order: what :func:`likelihood_of_buffer` reads."""
        return np.concatenate([self.cross.ravel(), self.moment.ravel(), self.totals])


def pack(*, statistics: SufficientStatistics, n_varying: int) -> PackedStatistics:
    """Lay the climbers out in lanes.

    Parameters
    ----------
    statistics
        Columns that vary between climbers first.
    n_varying
        How many do (q).

    Examples
    --------
    >>> from modeling.domain.statistics import group_data, sufficient_statistics
    >>> d = group_data(outcome=np.arange(4.0), design=np.ones((4, 1)), group=np.array([0, 0, 1, 1]))
    >>> packed = pack(statistics=sufficient_statistics(data=d), n_varying=1)
    >>> packed.cross.shape, packed.moment[0, 0, :3].tolist(), packed.totals.tolist()
    ((1, 1, 1, 64), [1.0, 5.0, 0.0], [4.0, 0.0, 14.0, 6.0, 4.0])
    """
    g, p = statistics.moment.shape
    q = n_varying
    blocks = max(-(-g // LANES), 1)
    cross = np.zeros((blocks * LANES, p, q))
    moment = np.zeros((blocks * LANES, q))
    cross[:g], moment[:g] = statistics.gram[:, :, :q], statistics.moment[:, :q]
    return PackedStatistics(
        np.ascontiguousarray(cross.reshape(blocks, LANES, p, q).transpose(0, 2, 3, 1)),
        np.ascontiguousarray(moment.reshape(blocks, LANES, q).transpose(0, 2, 1)),
        np.concatenate(
            [
                [statistics.n_sessions.sum(), statistics.log_variance.sum(), statistics.square.sum()],
                statistics.moment.sum(axis=0),
                statistics.gram.sum(axis=0).ravel(),
            ]
        ),
    )


@compiled
def marginal_likelihood(
    beta: Floats, log_tau: Floats, log_sigma: float, cross: Floats, moment: Floats, totals: Floats
) -> tuple[float, Floats, Floats, float]:
    """Value and gradient of the log marginal likelihood (equations above).

    Parameters
    ----------
    beta
        (p,) population effects; the first q columns also vary between climbers.
    log_tau
        (q,) log SDs of the climbers' effects.
    log_sigma
        Log SD of the session noise.
    cross, moment, totals
        :class:`PackedStatistics`.

    Returns
    -------
    value, d_beta (p,), d_log_tau (q,), d_log_sigma
    """
    p, q = beta.size, log_tau.size
    tau = np.exp(log_tau)
    precision = np.exp(-2.0 * log_sigma)
    d_beta, d_tau = np.zeros(p), np.zeros(q)
    fit = _all_residuals(beta, totals, d_beta)
    explained, half_log_det = 0.0, 0.0
    u, lane = np.empty((q, LANES)), np.empty(LANES)
    factor = np.empty((q, q, LANES))
    w, h = np.empty((q, LANES)), np.empty((q, LANES))
    for b in range(cross.shape[0]):
        _residuals(beta, cross[b], moment[b], u)
        half_log_det += _factorise(tau, precision, cross[b], factor, lane)
        explained += _solve(tau, precision, u, factor, w, lane)
        _invert(factor, w, h, d_tau, lane)
        _explain(tau, cross[b], h, d_beta, lane)
    d_beta *= precision
    fit = fit * precision - explained
    n = totals[0]
    value = -half_log_det - 0.5 * (n * (np.log(2.0 * np.pi) + 2.0 * log_sigma) + totals[1] + fit)
    return value, d_beta, d_tau, fit - n - d_tau.sum()


@compiled
def likelihood_of_buffer(
    beta: Floats, log_tau: Floats, log_sigma: float, buffer: Floats
) -> tuple[float, Floats, Floats, float]:
    """:func:`marginal_likelihood` of statistics that lie end to end (:meth:`PackedStatistics.buffer`).

    The sampler's compiler spends over a second on every array that it is given: one is cheaper than three.
    """
    p, q = beta.size, log_tau.size
    totals = buffer.size - (3 + p + p * p)
    blocks = totals // (LANES * (p * q + q))
    moment = blocks * LANES * p * q
    return marginal_likelihood(
        beta,
        log_tau,
        log_sigma,
        buffer[:moment].reshape((blocks, p, q, LANES)),
        buffer[moment:totals].reshape((blocks, q, LANES)),
        buffer[totals:],
    )


@compiled
def _all_residuals(beta: Floats, totals: Floats, residual: Floats) -> float:
    """Fill X'r, summed over climbers; return the sum of r'r = y'y - beta'X'y - beta'X'r."""
    p = beta.size
    total: float = totals[2]
    for i in range(p):
        moment = totals[3 + i]
        residual[i] = moment
        for j in range(p):
            residual[i] -= totals[3 + p + i * p + j] * beta[j]
        total -= beta[i] * (moment + residual[i])
    return total


@compiled
def _residuals(beta: Floats, cross: Floats, moment: Floats, u: Floats) -> None:
    """Fill u = Z'r."""
    for j in range(u.shape[0]):
        for k in range(LANES):
            u[j, k] = moment[j, k]
    last = beta.size - beta.size % UNROLLED
    for i in range(0, last, UNROLLED):
        b0, b1, b2, b3 = beta[i], beta[i + 1], beta[i + 2], beta[i + 3]
        for j in range(u.shape[0]):
            for k in range(LANES):
                u[j, k] -= (cross[i, j, k] * b0 + cross[i + 1, j, k] * b1) + (
                    cross[i + 2, j, k] * b2 + cross[i + 3, j, k] * b3
                )
    for i in range(last, beta.size):
        for j in range(u.shape[0]):
            for k in range(LANES):
                u[j, k] -= cross[i, j, k] * beta[i]


@compiled
def _explain(tau: Floats, cross: Floats, h: Floats, d_beta: Floats, lane: Floats) -> None:
    """Take X'Z T h from d_beta: what the climbers' own effects explain."""
    for j in range(tau.size):
        for k in range(LANES):
            h[j, k] *= tau[j]
    last = tau.size - tau.size % UNROLLED
    for i in range(d_beta.size):
        for k in range(LANES):
            lane[k] = 0.0
        for j in range(0, last, UNROLLED):
            for k in range(LANES):
                lane[k] += (cross[i, j, k] * h[j, k] + cross[i, j + 1, k] * h[j + 1, k]) + (
                    cross[i, j + 2, k] * h[j + 2, k] + cross[i, j + 3, k] * h[j + 3, k]
                )
        for j in range(last, tau.size):
            for k in range(LANES):
                lane[k] += cross[i, j, k] * h[j, k]
        for k in range(LANES):
            d_beta[i] -= lane[k]


@compiled
def _factorise(tau: Floats, precision: float, cross: Floats, factor: Floats, lane: Floats) -> float:
    """Cholesky factor of M, with reciprocal pivots on the diagonal; return ½ sum log|M|."""
    q = tau.size
    log_pivots, pivots = 0.0, np.ones(LANES)
    for i in range(q):
        for j in range(i + 1):
            scale = tau[i] * tau[j] * precision
            for k in range(LANES):
                lane[k] = cross[i, j, k] * scale
            last = j - j % UNROLLED
            for c in range(0, last, UNROLLED):
                for k in range(LANES):
                    lane[k] -= (
                        factor[i, c, k] * factor[j, c, k] + factor[i, c + 1, k] * factor[j, c + 1, k]
                    ) + (
                        factor[i, c + 2, k] * factor[j, c + 2, k] + factor[i, c + 3, k] * factor[j, c + 3, k]
                    )
            for c in range(last, j):
                for k in range(LANES):
                    lane[k] -= factor[i, c, k] * factor[j, c, k]
            if j < i:
                for k in range(LANES):
                    factor[i, j, k] = lane[k] * factor[j, j, k]
        for k in range(LANES):
            # exact arithmetic guarantees pivots of at least 1: rounding must not take them below
            lane[k] = max(lane[k], 0.0) + 1.0
            factor[i, i, k] = 1.0 / np.sqrt(lane[k])
            pivots[k] *= lane[k]
        if i % 4 == 3:
            log_pivots += _drain(pivots)
    log_pivots += _drain(pivots)
    return 0.5 * log_pivots


@compiled
def _drain(pivots: Floats) -> float:
    """Sum of the logs, then start again at 1: one logarithm for four pivots, without overflow."""
    total = 0.0
    for k in range(LANES):
        total += np.log(pivots[k])
        pivots[k] = 1.0
    return total


@compiled
def _solve(tau: Floats, precision: float, u: Floats, factor: Floats, w: Floats, lane: Floats) -> float:
    """Fill w = L^-1 v; return the sum of v'h = w'w."""
    total = 0.0
    for i in range(tau.size):
        for k in range(LANES):
            lane[k] = u[i, k] * (tau[i] * precision)
        for c in range(i):
            for k in range(LANES):
                lane[k] -= factor[i, c, k] * w[c, k]
        for k in range(LANES):
            w[i, k] = lane[k] * factor[i, i, k]
            total += w[i, k] * w[i, k]
    return total


@compiled
def _invert(factor: Floats, w: Floats, h: Floats, d_tau: Floats, lane: Floats) -> None:
    """Turn the factor into L^-1; h = L^-T w; add h² + diag(H) - 1 to d_tau."""
    q = d_tau.size
    diagonal = np.empty(LANES)
    for j in range(q):
        for k in range(LANES):
            diagonal[k] = factor[j, j, k] * factor[j, j, k]
            h[j, k] = factor[j, j, k] * w[j, k]
        for i in range(j + 1, q):
            for k in range(LANES):
                lane[k] = factor[i, j, k] * factor[j, j, k]
            last = i - (i - j - 1) % UNROLLED
            for c in range(j + 1, last, UNROLLED):
                for k in range(LANES):
                    lane[k] += (
                        factor[i, c, k] * factor[c, j, k] + factor[i, c + 1, k] * factor[c + 1, j, k]
                    ) + (
                        factor[i, c + 2, k] * factor[c + 2, j, k] + factor[i, c + 3, k] * factor[c + 3, j, k]
                    )
            for c in range(last, i):
                for k in range(LANES):
                    lane[k] += factor[i, c, k] * factor[c, j, k]
            for k in range(LANES):
                factor[i, j, k] = -lane[k] * factor[i, i, k]
                diagonal[k] += factor[i, j, k] * factor[i, j, k]
                h[j, k] += factor[i, j, k] * w[i, k]
        for k in range(LANES):
            d_tau[j] += h[j, k] * h[j, k] + diagonal[k] - 1.0
