"""The posterior mode of the population parameters: where sampling starts, and what profiles the drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modeling.domain.kernel import PackedStatistics, marginal_likelihood, pack
from modeling.domain.population import PopulationDraws
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import SufficientStatistics

Floats = NDArray[np.float64]
STEP = 1e-4
# A flat direction keeps the prior's unit width rather than an infinite one.
WIDEST_VARIANCE = 4.0
# A prior this many times wider than anything that the data could mean is flat: its SD is no unit to work in.
FLAT_RATIO = 100.0


@dataclass(frozen=True, slots=True)
class PopulationMode:
    """Mode and Laplace approximation of the population posterior.

    Attributes
    ----------
    beta, tau
        (p,) population effects and climbers' SDs (0 where an effect does not vary), in the design's order.
    sigma
        SD of the session noise.
    log_posterior, log_evidence
        Log density at the mode (unconstrained scale) and Laplace's log marginal likelihood.
    beta_covariance
        (p, p) Laplace covariance of the population effects.
    unconstrained, covariance
        (p + q + 1,) the mode and (p + q + 1, p + q + 1) Laplace's covariance, in the sampler's coordinates.
    """

    beta: Floats
    tau: Floats
    sigma: float
    log_posterior: float
    log_evidence: float
    beta_covariance: Floats
    unconstrained: Floats
    covariance: Floats

    def draws(self, *, priors: HierarchicalPriors, n: int, seed: int) -> PopulationDraws:
        """Draws from the Laplace approximation: a population posterior without the sampler."""
        values, vectors = np.linalg.eigh(self.covariance)
        normal = np.random.default_rng(seed).normal(size=(n, values.size))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return natural_units(unconstrained=self.unconstrained + normal @ root.T, priors=priors)


def population_mode(
    *, statistics: SufficientStatistics, priors: HierarchicalPriors, start: Floats | None = None
) -> PopulationMode:
    """Maximise the marginal posterior of (beta, log tau, log sigma) with the kernel's gradient (L-BFGS).

    The Jacobian of the logarithms belongs to the density, so the mode of a spread never collapses to zero.

    Parameters
    ----------
    statistics
        Sufficient statistics of the climbers.
    priors
        Priors in the design's order.
    start
        Where to begin, in the sampler's coordinates (another drift's mode, say).
    """
    packed = pack(statistics=ordered(statistics=statistics, priors=priors), n_varying=priors.n_random)
    density = LogPosterior(packed, priors)
    plausible = plausible_effects(statistics=statistics)
    if start is None:
        start = density.start(statistics, plausible)
    units = _units(priors, plausible)

    def negative(point: Floats) -> tuple[float, Floats]:
        value, gradient = density.negative(point * units)
        return value, gradient * units

    found = minimize(
        negative, start / units, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12}
    )
    z: Floats = found.x * units
    covariance, log_determinant = _laplace(density, z, units)
    p = priors.mean.size
    order, sd = priors.order, priors.sd[priors.order]
    found_units = natural_units(unconstrained=z[None, :], priors=priors)
    beta_covariance = np.empty((p, p))
    beta_covariance[np.ix_(order, order)] = covariance[:p, :p] * np.outer(sd, sd)
    log_posterior = -float(found.fun)
    return PopulationMode(
        beta=found_units.beta[0],
        tau=found_units.tau[0],
        sigma=float(found_units.sigma[0]),
        log_posterior=log_posterior,
        log_evidence=log_posterior + 0.5 * (log_determinant + z.size * np.log(2.0 * np.pi)),
        beta_covariance=beta_covariance,
        unconstrained=z,
        covariance=covariance,
    )


def plausible_effects(*, statistics: SufficientStatistics) -> Floats:
    """(p,) size of effect with which a column alone would make up all of the outcome: root mean square over its own.

    A column that is always 0 has no bound.
    """
    square = float(statistics.square.sum())
    columns = np.einsum("gkk->k", statistics.gram)
    return np.asarray(
        np.sqrt(np.divide(square, columns, out=np.full(columns.shape, np.inf), where=columns > 0.0))
    )


def _units(priors: HierarchicalPriors, plausible: Floats) -> Floats:
    """(p + q + 1,) units to search in: 1, or a plausible effect over the prior's SD where that is near-flat."""
    order = priors.order
    ratio = plausible[order] / priors.sd[order]
    units = np.where((ratio > 0.0) & (ratio < 1.0 / FLAT_RATIO), ratio, 1.0)
    return np.concatenate([units, np.ones(priors.n_random + 1)])


def natural_units(*, unconstrained: Floats, priors: HierarchicalPriors) -> PopulationDraws:
    """From (s, p + q + 1) points in the sampler's coordinates to population parameters in the design's order."""
    p, q, order = priors.mean.size, priors.n_random, priors.order
    beta, tau = np.empty((unconstrained.shape[0], p)), np.zeros((unconstrained.shape[0], p))
    beta[:, order] = priors.mean[order] + priors.sd[order] * unconstrained[:, :p]
    tau[:, order[:q]] = priors.individual_sd[order[:q]] * np.exp(unconstrained[:, p : p + q])
    sigma = np.hypot(priors.noise_floor, priors.noise_sd * np.exp(unconstrained[:, -1]))
    return PopulationDraws(names=priors.names, beta=beta, tau=tau, sigma=sigma)


def ordered(*, statistics: SufficientStatistics, priors: HierarchicalPriors) -> SufficientStatistics:
    """The same statistics with the columns in the kernel's order (those that vary between climbers first)."""
    order = priors.order
    if (order == np.arange(order.size)).all():
        return statistics
    return SufficientStatistics(
        gram=statistics.gram[:, order][:, :, order],
        moment=statistics.moment[:, order],
        square=statistics.square,
        n_sessions=statistics.n_sessions,
        log_variance=statistics.log_variance,
        last_level=statistics.last_level,
        level_variance=statistics.level_variance,
    )


@dataclass(frozen=True, slots=True)
class LogPosterior:
    """Log density of z = ((beta - mean) / sd, log(tau / individual_sd), log(s / noise_sd))."""

    packed: PackedStatistics
    priors: HierarchicalPriors

    def start(self, statistics: SufficientStatistics, plausible: Floats) -> Floats:
        """The prior means, with half the outcome's spread given to the noise, and spreads no larger than plausible."""
        order = self.priors.order
        p, q = self.priors.mean.size, self.priors.n_random
        n = max(int(statistics.n_sessions.sum()), 1)
        square = float(statistics.square.sum()) / n
        # The moment of the first column is the sum of the outcomes when nothing drifts: good enough to start from.
        variance = max(square - (float(statistics.moment[:, 0].sum()) / n) ** 2, 1e-4 * max(square, 1e-8))
        z = np.zeros(p + q + 1)
        most = plausible[order[:q]] / self.priors.individual_sd[order[:q]]
        z[p : p + q] = np.log(0.5 * np.where(most > 0.0, np.minimum(most, 1.0), 1.0))
        z[-1] = 0.5 * np.log(variance / 2.0) - np.log(self.priors.noise_sd)
        return z

    def negative(self, z: Floats) -> tuple[float, Floats]:
        """Minus the log density and its gradient."""
        priors, order, q = self.priors, self.priors.order, self.priors.n_random
        p = priors.mean.size
        sd = priors.sd[order]
        beta = priors.mean[order] + sd * z[:p]
        log_tau = z[p : p + q] + np.log(priors.individual_sd[order[:q]])
        k = self.packed
        scales = np.clip(z[p:], -50.0, 50.0)
        squared = np.exp(2.0 * scales)
        excess = priors.noise_sd**2 * float(squared[-1])
        variance = priors.noise_floor**2 + excess
        value, d_beta, d_tau, d_sigma = marginal_likelihood(
            beta, log_tau, 0.5 * np.log(variance), k.cross, k.moment, k.totals
        )
        d_sigma *= excess / variance
        value += -0.5 * float(z[:p] @ z[:p]) + float((scales - 0.5 * squared).sum())
        gradient = np.concatenate([d_beta * sd - z[:p], np.append(d_tau, d_sigma) + 1.0 - squared])
        # normalising constants, so that evidences of different drifts (or column sets) compare
        value -= 0.5 * p * np.log(2.0 * np.pi) + 0.5 * (q + 1) * np.log(np.pi / 2.0)
        return -value, -gradient


def _laplace(density: LogPosterior, z: Floats, units: Floats) -> tuple[Floats, float]:
    """Inverse Hessian at the mode by central differences of the gradient, and its log determinant."""
    hessian = np.empty((z.size, z.size))
    for i in range(z.size):
        step = np.zeros(z.size)
        step[i] = STEP * units[i]
        difference = density.negative(z + step)[1] - density.negative(z - step)[1]
        hessian[i] = difference * units / (2.0 * STEP)
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2.0)
    variances = 1.0 / np.maximum(values, 1.0 / WIDEST_VARIANCE)
    covariance = (vectors * variances) @ vectors.T * np.outer(units, units)
    return covariance, float(np.log(variances).sum() + 2.0 * np.log(units).sum())
