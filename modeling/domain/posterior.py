"""One climber's posterior in closed form: condition the population's prior on their sessions, then predict.

Used while a climber waits, so numpy and scipy.linalg are all it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from climbiq.domain.normal import Z_95
from modeling.domain.drift import Drift, whiten

Floats = NDArray[np.float64]

LOWEST_QUALITY = 1.0
HIGHEST_QUALITY = 10.0


class InvalidPrior(ValueError):
    """The prior is not a proper normal distribution over named coefficients."""


class InvalidObservations(ValueError):
    """Design, outcome and days do not fit each other or the prior."""


class UnknownDrift(ValueError):
    """A level that several rhythms share cannot be carried on: each rhythm's is, before they are mixed."""


class NonFiniteInput(InvalidObservations):
    """A NaN or an infinity reached the engine: missing values are imputed before they come here."""


@dataclass(frozen=True, slots=True)
class GaussianPrior:
    """What is believed about a climber's coefficients before their own sessions.

    Attributes
    ----------
    names
        Coefficient names; the first is ``"intercept"`` (quality at reference values).
    mean
        (p,) means, quality points per natural unit.
    covariance
        (p, p) covariance; positive semi-definite (a zero variance pins a coefficient).
    sigma
        Standard deviation of the session noise, quality points.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    sigma: float

    def __post_init__(self) -> None:
        p = len(self.names)
        if p == 0 or self.names[0] != "intercept":
            raise InvalidPrior("the first coefficient must be the intercept")
        if self.mean.shape != (p,) or self.covariance.shape != (p, p):
            raise InvalidPrior(
                f"{p} names, but mean {self.mean.shape} and covariance {self.covariance.shape}"
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.covariance).all()):
            raise InvalidPrior("mean and covariance must be finite")
        if not (np.isfinite(self.sigma) and self.sigma > 0.0):
            raise InvalidPrior(f"sigma must be positive, got {self.sigma}")


@dataclass(frozen=True, slots=True)
class PersonalPosterior:
    """A climber's coefficients and level today, given their sessions.

    ``mean`` and ``covariance`` are of the coefficients. The level after the last session is jointly normal
    with them: ``level_mean``, ``level_variance`` and ``level_covariance`` (p,), all zero without drift.
    A mixture of several drifts has a level but none of its own to carry it on with.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    sigma: float
    n_sessions: int
    level_mean: float
    level_variance: float
    level_covariance: Floats
    drift: Drift | None

    def after(self, *, days: float) -> PersonalPosterior:
        """The same belief ``days`` later, no session in between.

            level -> phi level,   P -> phi² P + sigma² added(d),   c -> phi c

        Raises
        ------
        UnknownDrift
            The level is a mixture's.
        """
        if not np.isfinite(days):
            raise NonFiniteInput("the days since the last session must be finite")
        if days <= 0.0 or (self.drift is None and self.level_variance == 0.0):
            return self
        if self.drift is None:
            raise UnknownDrift("ask the mixture for its summary on that day")
        phi = self.drift.decay(days=days)
        return replace(
            self,
            level_mean=phi * self.level_mean,
            level_variance=phi * phi * self.level_variance
            + self.sigma**2 * self.drift.added_variance(days=days),
            level_covariance=phi * self.level_covariance,
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted quality of a session: ``mean_*`` is without the session's noise, ``predictive_*`` with it."""

    expected_quality: float
    mean_interval_95: tuple[float, float]
    predictive_interval_95: tuple[float, float]
    predictive_sd: float
    mean_sd: float


def condition(
    *,
    prior: GaussianPrior,
    design: Floats,
    outcome: Floats,
    day: Floats | None = None,
    drift: Drift | None = None,
) -> PersonalPosterior:
    """Condition a normal prior on a climber's sessions (known sigma; conjugate, exact).

        y = X theta + level + eps,  theta ~ N(m, V),  eps ~ N(0, sigma²)
        V = L L',  A = I + L' X~'X~ L / sigma²,  C = L A^-1 L'
        theta | y ~ N(m + C X~'(y~ - X~ m) / sigma², C)

    where ~ marks columns whitened by the level's filter (:func:`modeling.domain.drift.whiten`). Working with
    the root L keeps a singular V and 1,000 identical rows harmless.

    Parameters
    ----------
    prior
        The prior; also gives sigma.
    design
        (n, p) design rows, first column 1, as the model saw them (centred, hinged).
    outcome
        (n,) session quality.
    day
        (n,) days from any origin; needed with drift.
    drift
        The level's rate and half-life; None for a level that stays.

    Raises
    ------
    NonFiniteInput
        A NaN or infinity in design, outcome or day.
    InvalidObservations
        Shapes that do not fit, or drift without days.

    Examples
    --------
    >>> import numpy as np
    >>> prior = GaussianPrior(("intercept",), np.array([5.0]), np.array([[1.0]]), 1.0)
    >>> p = condition(prior=prior, design=np.ones((3, 1)), outcome=np.array([7.0, 7.0, 7.0]))
    >>> float(p.mean[0]), float(p.covariance[0, 0])
    (6.5, 0.25)

    Source: Lindley & Smith (1972), Bayes estimates for the linear model.
    """
    p = len(prior.names)
    design, outcome, day = checked_observations(p=p, design=design, outcome=outcome, day=day, drift=drift)
    level_of_outcome, level_of_design, level_variance = 0.0, np.zeros(p), 0.0
    if drift is not None and day is not None:
        whitened = whiten(columns=np.column_stack([outcome, design]), day=day, drift=drift)
        outcome, design = whitened.columns[:, 0], whitened.columns[:, 1:]
        level_of_outcome, level_of_design = float(whitened.last_level[0]), whitened.last_level[1:]
        level_variance = whitened.level_variance * prior.sigma**2
    mean, covariance = _update(prior, design.T @ design, design.T @ (outcome - design @ prior.mean))
    return PersonalPosterior(
        names=prior.names,
        mean=mean,
        covariance=covariance,
        sigma=prior.sigma,
        n_sessions=outcome.size,
        level_mean=level_of_outcome - float(level_of_design @ mean),
        level_variance=level_variance + float(level_of_design @ covariance @ level_of_design),
        level_covariance=-covariance @ level_of_design,
        drift=drift,
    )


def predict(
    *,
    posterior: PersonalPosterior,
    design_row: Floats | Sequence[float],
    days_since_last: float = 0.0,
) -> Prediction:
    """Predict the quality of one session.

        E = x'm + phi level,   Var(mean) = x'Cx + phi² P + 2 phi x'c + sigma² added(d)
        Var(session) = Var(mean) + sigma²

    Parameters
    ----------
    posterior
        The climber's posterior.
    design_row
        (p,) the session's design row, first entry 1.
    days_since_last
        Days since the last session the posterior knows; the level's uncertainty grows with them.

    Returns
    -------
    Prediction
        On the scale 1–10: the expectation and both intervals are clipped to it, the SDs are not.

    Examples
    --------
    >>> import numpy as np
    >>> prior = GaussianPrior(("intercept",), np.array([9.0]), np.array([[0.25]]), 1.2)
    >>> posterior = condition(prior=prior, design=np.ones((0, 1)), outcome=np.zeros(0))
    >>> got = predict(posterior=posterior, design_row=[1.0])
    >>> got.predictive_sd, tuple(round(v, 3) for v in got.predictive_interval_95)
    (1.3, (6.452, 10.0))
    """
    expected, variance = predict_moments(
        posterior=posterior, design_row=design_row, days_since_last=days_since_last
    )
    mean_sd = float(np.sqrt(variance))
    predictive_sd = float(np.sqrt(variance + posterior.sigma**2))
    return Prediction(
        expected_quality=on_scale(expected),
        mean_interval_95=(on_scale(expected - Z_95 * mean_sd), on_scale(expected + Z_95 * mean_sd)),
        predictive_interval_95=(
            on_scale(expected - Z_95 * predictive_sd),
            on_scale(expected + Z_95 * predictive_sd),
        ),
        predictive_sd=predictive_sd,
        mean_sd=mean_sd,
    )


def predict_moments(
    *, posterior: PersonalPosterior, design_row: Floats | Sequence[float], days_since_last: float = 0.0
) -> tuple[float, float]:
    """Mean and variance of the expected quality (no noise), unclipped: the moments that `predict` reports."""
    x = np.asarray(design_row, dtype=np.float64)
    if x.shape != posterior.mean.shape:
        raise InvalidObservations(f"a design row needs {posterior.mean.size} entries, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise NonFiniteInput("the design row must be finite")
    then = posterior.after(days=days_since_last)
    variance = float(x @ then.covariance @ x) + then.level_variance + 2.0 * float(x @ then.level_covariance)
    return float(x @ then.mean) + then.level_mean, max(variance, 0.0)


def on_scale(quality: float) -> float:
    """The nearest quality that the 1–10 scale knows.

    >>> on_scale(11.2), on_scale(-3.0), on_scale(6.4)
    (10.0, 1.0, 6.4)
    """
    return float(min(max(quality, LOWEST_QUALITY), HIGHEST_QUALITY))


def covariance_root(covariance: Floats) -> Floats:
    """A matrix L with L L' = covariance, also where the covariance is singular."""
    try:
        return np.asarray(cholesky(covariance, lower=True, check_finite=False))
    except LinAlgError:
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
        if values[0] < -1e-8 * max(float(values[-1]), 1e-300):
            raise InvalidPrior("the covariance is not positive semi-definite") from None
        return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)))


def _update(prior: GaussianPrior, gram: Floats, moment: Floats) -> tuple[Floats, Floats]:
    """Posterior mean and covariance from X~'X~ and X~'(y~ - X~ m)."""
    root = covariance_root(prior.covariance)
    scale = 1.0 / prior.sigma**2
    inner = root.T @ gram @ root * scale
    inner[np.diag_indices_from(inner)] += 1.0
    half = solve_triangular(
        cholesky(inner, lower=True, check_finite=False), root.T, lower=True, check_finite=False
    )
    covariance = half.T @ half
    return prior.mean + covariance @ moment * scale, covariance


def checked_observations(
    *, p: int, design: Floats, outcome: Floats, day: Floats | None, drift: Drift | None
) -> tuple[Floats, Floats, Floats | None]:
    """Refuse what cannot be computed with; order the sessions by day when the level drifts."""
    design = np.asarray(design, dtype=np.float64)
    outcome = np.asarray(outcome, dtype=np.float64)
    if design.ndim != 2 or design.shape[1] != p or outcome.shape != design.shape[:1]:
        raise InvalidObservations(f"{p} coefficients, but design {design.shape} and outcome {outcome.shape}")
    if not (np.isfinite(design).all() and np.isfinite(outcome).all()):
        raise NonFiniteInput("design and outcome must be finite: impute missing values first")
    if drift is None:
        return design, outcome, None
    if day is None:
        raise InvalidObservations("a drifting level needs the sessions' days")
    day = np.asarray(day, dtype=np.float64)
    if day.shape != outcome.shape:
        raise InvalidObservations(f"{outcome.size} outcomes, but {day.size} days")
    if not np.isfinite(day).all():
        raise NonFiniteInput("days must be finite")
    if (day[1:] < day[:-1]).any():
        order = np.argsort(day, kind="stable")
        return design[order], outcome[order], day[order]
    return design, outcome, day
