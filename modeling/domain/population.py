"""From the population's draws to one climber: exact conditionals, averaged over the draws.

Plain numpy: the nightly run and the web process call the same function, so what is served is what was trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from modeling.domain.drift import Drift, Whitened, whiten
from modeling.domain.posterior import (
    GaussianPrior,
    InvalidObservations,
    PersonalPosterior,
    checked_observations,
)

Floats = NDArray[np.float64]

NO_VARIANCE = 1e-12  # of effects in units of their SDs: below this a direction's variance is rounding


class InvalidDraws(ValueError):
    """The population's draws are not finite or do not fit their names."""


@dataclass(frozen=True, slots=True, eq=False)
class PopulationDraws:
    """Posterior draws of the population parameters; two are the same only where they are one.

    Attributes
    ----------
    names
        Coefficient names, ``"intercept"`` first.
    beta, tau
        (s, p) population effects and climbers' SDs around them (0: the effect does not vary).
    sigma
        (s,) SD of the session noise.
    """

    names: tuple[str, ...]
    beta: Floats
    tau: Floats
    sigma: Floats

    def __post_init__(self) -> None:
        shape = (self.sigma.size, len(self.names))
        if self.sigma.ndim != 1 or not (self.beta.shape == self.tau.shape == shape) or self.sigma.size == 0:
            raise InvalidDraws(f"beta {self.beta.shape}, tau {self.tau.shape}, sigma {self.sigma.shape}")
        if not (
            np.isfinite(self.beta).all() and np.isfinite(self.tau).all() and np.isfinite(self.sigma).all()
        ):
            raise InvalidDraws("draws must be finite")
        if (self.tau < 0.0).any() or (self.sigma <= 0.0).any():
            raise InvalidDraws("tau must not be negative and sigma must be positive")

    def thinned(self, *, n: int) -> PopulationDraws:
        """At most ``n`` draws, evenly spaced."""
        if self.sigma.size <= n:
            return self
        keep = np.linspace(0, self.sigma.size - 1, n).round().astype(np.intp)
        return PopulationDraws(self.names, self.beta[keep], self.tau[keep], self.sigma[keep])

    def representative(self, *, n: int) -> PopulationDraws:
        """At most ``n`` points that say of the population what all draws say: what is stored and served.

        Evenly spaced draws, moved as little as makes mean and covariance of beta, E tau² and E sigma² those of all
        draws. With too few points for a covariance (n ≤ p) it is mean and SD of each effect. Without this, chance
        moves an effect that is the same for all climbers by 1/√n of its SD, which is advice where there is none.
        """
        few = self.thinned(n=n)
        if few is self:
            return self
        beta = _with_moments_of(few.beta, everything=self.beta)
        tau = few.tau * _root_ratio(self.tau, few.tau)
        return PopulationDraws(self.names, beta, tau, few.sigma * _root_ratio(self.sigma, few.sigma))

    def as_prior(self) -> GaussianPrior:
        """The normal prior with the mean and covariance of a new climber's coefficients.

        >>> d = PopulationDraws(("intercept",), np.array([[5.0], [7.0]]), np.array([[1.0], [2.0]]), np.ones(2))
        >>> float(d.as_prior().mean[0]), float(d.as_prior().covariance[0, 0])
        (6.0, 3.5)
        """
        centred = self.beta - self.beta.mean(axis=0)
        covariance = centred.T @ centred / self.sigma.size + np.diag((self.tau**2).mean(axis=0))
        return GaussianPrior(
            self.names, self.beta.mean(axis=0), covariance, float(np.sqrt((self.sigma**2).mean()))
        )


def _with_moments_of(few: Floats, *, everything: Floats) -> Floats:
    """Move points (n, p) as little as gives them the mean and covariance (both over n, not n - 1) of many (s, p).

    In the coordinates z in which the many are uncorrelated with variance 1, the nearest n points with exactly these
    moments are √n U V', with U S V' the singular value decomposition of the few, centred (orthogonal Procrustes).
    """
    mean, scale = everything.mean(axis=0), everything.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    centred = (few - few.mean(axis=0)) / scale
    correlation = ((everything - mean) / scale).T @ ((everything - mean) / scale) / everything.shape[0]
    variance, axes = np.linalg.eigh(correlation)
    there = variance > NO_VARIANCE
    axes, sd = axes[:, there], np.sqrt(variance[there])
    if few.shape[0] <= sd.size:
        moved = centred * _root_ratio((everything - mean) / scale, centred)
    else:
        u, _, v = np.linalg.svd(centred @ axes / sd, full_matrices=False)
        moved = np.sqrt(few.shape[0]) * (u @ v * sd) @ axes.T
    return np.asarray(mean + scale * moved)


def _root_ratio(many: Floats, few: Floats) -> Floats:
    """√(mean square of many / mean square of few) for each column, 1 where there is nothing to scale."""
    wanted, has = (many**2).mean(axis=0), (few**2).mean(axis=0)
    return np.asarray(np.sqrt(np.divide(wanted, has, out=np.ones_like(wanted), where=has > 0.0)))


@dataclass(frozen=True, slots=True)
class ClimberPosterior:
    """A climber's posterior and how much of each coefficient is their own.

    Attributes
    ----------
    posterior
        Mean and covariance of the coefficients and of the level after the last session.
    reliability
        (p,) 1 - Var(b | y) / E tau² of b = theta - beta: 0 is the population's coefficient, 1 entirely personal.
    individual_variance
        (p,) tau², averaged over the draws.
    """

    posterior: PersonalPosterior
    reliability: Floats
    individual_variance: Floats

    def shrinkage_factor(self, *, spread: Floats) -> float:
        """Mean reliability weighted by what the coefficients contribute: 0 population, 1 personal.

        ``spread`` (p,) is each column's typical spread, 1 for the intercept: it brings tau² to quality points.
        """
        weight = self.individual_variance * spread**2
        total = float(weight.sum())
        return float(weight @ self.reliability) / total if total > 0.0 else 0.0


def climber_posterior(
    *,
    population: PopulationDraws,
    design: Floats,
    outcome: Floats,
    day: Floats | None = None,
    drift: Drift | None = None,
    noise_scale: float = 1.0,
) -> ClimberPosterior:
    """Exact conditional posterior of a climber, averaged over the population's draws.

        theta | y, draw s ~ N(m_s, C_s),  m_s = beta_s + C_s X~'(y~ - X~ beta_s) / sigma_s²,
        C_s = T_s (I + T_s X~'X~ T_s / sigma_s²)^-1 T_s
        E theta = mean m_s,   Cov theta = mean C_s + Cov m_s
        Var b = mean C_s + Var (m_s - beta_s),   reliability = 1 - Var b / mean tau_s²

    Parameters
    ----------
    population
        Draws of a population posterior (a few dozen suffice).
    design, outcome, day
        (n, p), (n,) and (n,): the climber's sessions.
    drift
        The level's rate and half-life.
    noise_scale
        The climber's own noise over sigma.

    Examples
    --------
    >>> d = PopulationDraws(("intercept",), np.array([[5.0]]), np.array([[1.0]]), np.ones(1))
    >>> c = climber_posterior(population=d, design=np.ones((3, 1)), outcome=np.array([7.0, 7.0, 7.0]))
    >>> float(c.posterior.mean[0]), float(c.reliability[0])
    (6.5, 0.75)
    """
    if not (np.isfinite(noise_scale) and noise_scale > 0.0):
        raise InvalidObservations(f"noise_scale must be positive, got {noise_scale}")
    p = len(population.names)
    design, outcome, day = checked_observations(p=p, design=design, outcome=outcome, day=day, drift=drift)
    columns = np.column_stack([outcome, design])
    if drift is not None and day is not None:
        whitened = whiten(columns=columns, day=day, drift=drift)
    else:
        whitened = Whitened(columns, np.ones(outcome.size), np.zeros(p + 1), 0.0)
    sessions = WhitenedSessions(
        gram=whitened.columns.T @ whitened.columns,
        n_sessions=outcome.size,
        last_level=whitened.last_level,
        level_variance=whitened.level_variance,
        drift=drift,
        noise_scale=noise_scale,
    )
    return whitened_posteriors(population=population, rhythms=[sessions])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhitenedSessions:
    """What a climber's posterior needs of their sessions under one rhythm.

    Attributes
    ----------
    gram
        (1 + p, 1 + p) cross product of the whitened columns, the outcome first.
    last_level, level_variance
        (1 + p,) and a number: :class:`modeling.domain.drift.Whitened`.
    drift, noise_scale
        The rhythm.
    """

    gram: Floats
    n_sessions: int
    last_level: Floats
    level_variance: float
    drift: Drift | None
    noise_scale: float


@dataclass(frozen=True, slots=True)
class _Spreads:
    """What every climber's posterior needs of the s draws.

    Effects that do not vary between climbers stay as they are. They stand last: the first r alone are worked with.

    Attributes
    ----------
    individual_variance
        (p,) tau² averaged over the draws.
    own_precision, varies
        (r,) one over it, and 1; both 0 where an effect does not vary.
    sigma2
        sigma² averaged over the draws.
    centred_beta
        (s, r) beta less its mean over the draws.
    tau, weight
        (r, 1, s) tau and tau / sigma².
    products, lower_tau
        (r, r, 1, s) tau_i tau_j / sigma², and tau_j where j ≤ i.
    """

    individual_variance: Floats
    own_precision: Floats
    varies: Floats
    sigma2: float
    centred_beta: Floats
    tau: Floats
    weight: Floats
    products: Floats
    lower_tau: Floats


@lru_cache(maxsize=4)
def _spreads(population: PopulationDraws) -> _Spreads:
    """Worked out once for all climbers: few populations serve in one process."""
    individual = (population.tau**2).mean(axis=0)
    r = int(np.flatnonzero(individual)[-1]) + 1 if individual.any() else 0
    own = individual[:r]
    tau = np.ascontiguousarray(population.tau[:, :r].T)[:, None]
    weight = tau / population.sigma**2
    return _Spreads(
        individual_variance=individual,
        own_precision=np.divide(1.0, own, out=np.zeros(r), where=own > 0.0),
        varies=(own > 0.0).astype(np.float64),
        sigma2=float((population.sigma**2).mean()),
        centred_beta=population.beta[:, :r] - population.beta[:, :r].mean(axis=0),
        tau=tau,
        weight=weight,
        products=tau[:, None] * weight,
        lower_tau=np.tri(r)[:, :, None, None] * tau,
    )


def whitened_posteriors(
    *, population: PopulationDraws, rhythms: Sequence[WhitenedSessions]
) -> tuple[ClimberPosterior, ...]:
    """The same under each of k rhythms, from sessions that the level's filter has already whitened.

    With G = X~'X~ and g = X~'y~ of one rhythm, over the square of its noise scale,

        M = I + T G T / sigma²,    B M B' = D (B unit lower triangular),    W = D^-1/2 B T
        C = W'W,    m = beta + W' D^-1/2 (B T (g - G beta) / sigma²)
    """
    n_draws, k, spreads = population.sigma.size, len(rhythms), _spreads(population)
    r = spreads.tau.shape[0]
    gram = np.array([each.gram for each in rhythms])  # (k, 1 + p, 1 + p)
    gram /= np.array([[[each.noise_scale**2]] for each in rhythms])
    unexplained = gram[:, :1, 1 : r + 1] - population.beta @ gram[:, 1:, 1 : r + 1]  # (k, s, r)
    systems = np.empty((r, r + 1, k, n_draws))
    own = gram[:, 1 : r + 1, 1 : r + 1].transpose(1, 2, 0)
    np.multiply(own[..., None], spreads.products, out=systems[:, :r])
    systems.reshape(r * (r + 1), k, n_draws)[:: r + 2] += 1.0
    np.multiply(unexplained.transpose(2, 0, 1), spreads.weight, out=systems[:, r])
    scale = _eliminate(systems)
    systems[:, r] *= scale
    roots = systems[:, :r]
    roots *= spreads.lower_tau
    roots *= scale[:, None]
    means = np.repeat(population.beta[None], k, axis=0)
    means[:, :, :r] += np.add.reduce(roots * systems[:, r:], axis=0).transpose(1, 2, 0)
    mean = np.add.reduce(means, axis=1) / n_draws
    means -= mean[:, None]
    side_by_side = roots.transpose(2, 1, 0, 3).reshape(k, r, r * n_draws)  # W' of every draw
    within = side_by_side @ side_by_side.transpose(0, 2, 1) / n_draws
    covariance = means.transpose(0, 2, 1) @ means / n_draws
    covariance[:, :r, :r] += within
    reliability = np.zeros(mean.shape)
    # What the draws disagree on in b = theta - beta; both are centred here.
    between = np.add.reduce((means[:, :, :r] - spreads.centred_beta) ** 2, axis=1) / n_draws
    share_left = (within.reshape(k, r * r)[:, :: r + 1] + between) * spreads.own_precision
    reliability[:, :r] = np.maximum(1.0 - share_left, 0.0) * spreads.varies
    return tuple(
        ClimberPosterior(
            _with_level(population.names, mean[i], covariance[i], each, spreads.sigma2),
            reliability[i],
            spreads.individual_variance,
        )
        for i, each in enumerate(rhythms)
    )


def _eliminate(systems: Floats) -> Floats:
    """Gaussian elimination of many small systems side by side (r, r + 1, …): M and v become B and B v.

    Returns D^-1/2 (r, …). Above B's diagonal are left-overs. NumPy's inverses, one system after the other, take thrice
    the time.
    """
    r, columns, *others = systems.shape
    pivots = np.empty((r, *others))
    taken = np.empty((max(r - 1, 0), *systems.shape[1:]))
    for i in range(r):
        row, below = systems[i], systems[i + 1 :]
        # exact arithmetic guarantees pivots of at least 1: rounding must not take them below
        pivot = np.maximum(row[i], 1.0, out=pivots[i])
        factor = below[:, i] * (-1.0 / pivot)
        below += np.multiply(factor[:, None], row, out=taken[: r - 1 - i])
        below[:, i] = factor
    systems.reshape(r * columns, *others)[:: columns + 1] = 1.0
    return np.asarray(1.0 / np.sqrt(pivots))


def _with_level(
    names: tuple[str, ...], mean: Floats, covariance: Floats, sessions: WhitenedSessions, sigma2: float
) -> PersonalPosterior:
    """The posterior of coefficients and level, from the coefficients' own."""
    of_design = sessions.last_level[1:]
    level_covariance = -(covariance @ of_design)
    own_sigma2 = sigma2 * sessions.noise_scale**2
    return PersonalPosterior(
        names=names,
        mean=mean,
        covariance=covariance,
        sigma=math.sqrt(own_sigma2),
        n_sessions=sessions.n_sessions,
        level_mean=float(sessions.last_level[0] - of_design @ mean),
        level_variance=sessions.level_variance * own_sigma2 - float(of_design @ level_covariance),
        level_covariance=level_covariance,
        drift=sessions.drift,
    )
