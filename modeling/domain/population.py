"""From the population's draws to one climber: exact conditionals, averaged over the draws.

Plain numpy: the nightly run and the web process call the same function, so what is served is what was trained.
"""

from __future__ import annotations

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
        """At most ``n`` draws, evenly spaced: what is stored and served."""
        if self.sigma.size <= n:
            return self
        keep = np.linspace(0, self.sigma.size - 1, n).round().astype(np.intp)
        return PopulationDraws(self.names, self.beta[keep], self.tau[keep], self.sigma[keep])

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


@dataclass(frozen=True, slots=True)
class ClimberPosterior:
    """A climber's posterior and how much of each coefficient is their own.

    Attributes
    ----------
    posterior
        Mean and covariance of the coefficients and of the level after the last session.
    reliability
        (p,) 1 - Var(b | y) / tau²: 0 is the population's coefficient, 1 entirely personal.
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
    gram = whitened.columns.T @ whitened.columns
    return whitened_posterior(
        population=population, whitened=whitened, gram=gram, drift=drift, noise_scale=noise_scale
    )


@dataclass(frozen=True, slots=True)
class _Spreads:
    """What every climber's posterior needs of the draws' tau.

    Effects that do not vary between climbers stay as they are. They stand last: the first r alone are inverted.

    Attributes
    ----------
    individual_variance, varies
        (p,) tau² averaged over the draws, and whether it is above 0.
    products
        (s, r, r) tau_i tau_j.
    """

    individual_variance: Floats
    varies: NDArray[np.bool_]
    products: Floats


@lru_cache(maxsize=4)
def _spreads(population: PopulationDraws) -> _Spreads:
    """Worked out once for all climbers: few populations serve in one process."""
    tau = population.tau
    individual = (tau**2).mean(axis=0)
    r = int(np.flatnonzero(individual)[-1]) + 1 if individual.any() else 0
    return _Spreads(individual, individual > 0.0, tau[:, :r, None] * tau[:, None, :r])


def whitened_posterior(
    *, population: PopulationDraws, whitened: Whitened, gram: Floats, drift: Drift | None, noise_scale: float
) -> ClimberPosterior:
    """The same from columns (outcome, design) that the level's filter has already whitened.

    ``gram`` (1 + p, 1 + p) is their cross product, the outcome first.
    """
    n_draws, p = population.beta.shape
    sigma2 = (population.sigma * noise_scale) ** 2
    spreads = _spreads(population)
    spread, individual, varies = spreads.products, spreads.individual_variance, spreads.varies
    r = spread.shape[1]
    means = population.beta.copy()
    if whitened.innovation.size:
        inner = spread * (gram[1 : r + 1, 1 : r + 1] / sigma2[:, None, None])
        inner += np.eye(r)
        covariances = spread * np.linalg.inv(inner)
        residual = (gram[0, 1 : r + 1] - population.beta @ gram[1:, 1 : r + 1]) / sigma2[:, None]
        means[:, :r] += np.einsum("sij,sj->si", covariances, residual)
    else:
        covariances = spread * np.eye(r)
    mean = means.mean(axis=0)
    centred = means - mean
    within = np.zeros((p, p))
    within[:r, :r] = covariances.mean(axis=0)
    covariance = within + centred.T @ centred / n_draws
    covariance = (covariance + covariance.T) / 2.0
    reliability = np.zeros(p)
    reliability[varies] = np.clip(1.0 - np.diag(within)[varies] / individual[varies], 0.0, 1.0)
    of_design = whitened.last_level[1:]
    posterior = PersonalPosterior(
        names=population.names,
        mean=mean,
        covariance=covariance,
        sigma=float(np.sqrt(sigma2.mean())),
        n_sessions=whitened.innovation.size,
        level_mean=float(whitened.last_level[0] - of_design @ mean),
        level_variance=whitened.level_variance * float(sigma2.mean())
        + float(of_design @ covariance @ of_design),
        level_covariance=-covariance @ of_design,
        drift=drift,
    )
    return ClimberPosterior(posterior, reliability, individual)
