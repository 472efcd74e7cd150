"""How good the session is likely to be, how sure that is, and what each condition adds to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from climbiq.domain.normal import Z_95
from climbiq.domain.variables import ALIASES, MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import DesignRow, UsualDoses, design_row, kind_layout
from modeling.domain.phases import Phase, phase
from modeling.domain.posterior import PersonalPosterior, on_scale, predict
from recommendations.domain import rounding
from recommendations.domain.rounding import JSON, Value

Assumed = Literal["", "own_mean", "reference", "untrained"]


class UnknownCoefficient(KeyError):
    """A multiplier names a coefficient that the posterior does not have."""

    def __str__(self) -> str:
        return f"the posterior has no coefficient {self.args[0]!r}"


class InvalidMultiplier(ValueError):
    """A multiplier that is not a finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one condition adds to the session, relative to its reference value: points = coefficient × dose.

    Attributes
    ----------
    value
        As the climber said it, None where it was not said; a word for a kind.
    centred_dose
        f(value) - f(reference), the usual or the reference dose where it was not said. For a kind 1, or 0 where it
        is, or counts as, the reference kind.
    coefficient
        Points per unit of the dose. For a kind its points against the reference kind on a day like this.
    missing
        Whether it was not said; `assumed` says what stands in: the own mean, the reference, or the reference for a
        kind that was said but that no session has taught anything about ("untrained", not missing).
    """

    variable: str
    value: Value
    centred_dose: float
    coefficient: float
    points: float
    missing: bool
    assumed: Assumed = ""

    def as_payload(self) -> dict[str, JSON]:
        return {
            "variable": self.variable,
            "label": VARIABLES[self.variable].label,
            "value": rounding.amount(self.variable, self.value),
            "centred_dose": rounding.mean_amount(self.variable, self.centred_dose),
            "coefficient": rounding.coefficient(self.coefficient),
            "points": rounding.gain(self.points),
            "missing": self.missing,
            "assumed": self.assumed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPrediction:
    """The predicted quality of one session, 1–10.

    Attributes
    ----------
    expected_quality
        Without noise, clipped to the scale; `linear_predictor` is the same before clipping.
    mean_interval_95
        Credible interval of the expectation, at the conditions as assumed.
    predictive_interval_95
        Where the session itself falls in 19 of 20 cases: noise and unsaid conditions included.
    sigma
        Standard deviation of a session around its expectation.
    intercept, level
        Quality at reference values, and how far the climber's form today is from it.
    """

    expected_quality: float
    linear_predictor: float
    mean_interval_95: tuple[float, float]
    predictive_interval_95: tuple[float, float]
    predictive_sd: float
    sigma: float
    phase: Phase
    n_sessions: int
    intercept: float
    level: float
    contributions: tuple[Contribution, ...]

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """The predictive interval, under the name that clients of the first interface read."""
        return self.predictive_interval_95

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables that had to be assumed."""
        return tuple(c.variable for c in self.contributions if c.missing)

    def as_payload(self) -> dict[str, JSON]:
        predictive = list(rounding.interval(self.predictive_interval_95, rounding.QUALITY_DECIMALS))
        mean = list(rounding.interval(self.mean_interval_95, rounding.QUALITY_DECIMALS))
        return {
            "expected_quality": rounding.quality(self.expected_quality),
            "confidence_interval": [*predictive],
            "predictive_interval_95": [*predictive],
            "mean_interval_95": [*mean],
            "sigma": rounding.gain(self.sigma),
            "phase": self.phase,
            "n_sessions": self.n_sessions,
            "intercept": rounding.gain(self.intercept),
            "level": rounding.gain(self.level),
            "contributions": [c.as_payload() for c in self.contributions],
            "missing": list(self.missing),
        }


def apply_modifiers(*, posterior: PersonalPosterior, multipliers: Mapping[str, float]) -> PersonalPosterior:
    """Scale coefficients as expert rules ask: D = diag(multipliers), m → D m, C → D C D.

    The effect is scaled around the reference value, where its contribution is nothing: the quality of a
    session with everything at reference stays what it was. Its interactions with the kind of session are part of
    the effect and are scaled with it.

    Raises
    ------
    UnknownCoefficient, InvalidMultiplier

    Examples
    --------
    >>> import numpy as np
    >>> from modeling.domain.design_matrix import COLUMN
    >>> from modeling.domain.population_prior import population_prior
    >>> from modeling.domain.posterior import condition
    >>> prior = population_prior(priors={})
    >>> posterior = condition(prior=prior, design=np.ones((0, 10)), outcome=np.zeros(0))
    >>> halved = apply_modifiers(posterior=posterior, multipliers={"caffeine_mg": 0.5})
    >>> float(halved.mean[COLUMN["caffeine_mg"]])
    0.0015
    """
    if not multipliers:
        return posterior
    scale, layout = np.ones(len(posterior.names)), kind_layout(posterior.names)
    for given, multiplier in multipliers.items():
        name = ALIASES.get(given, given)
        if name not in posterior.names:
            raise UnknownCoefficient(given)
        if not math.isfinite(multiplier):
            raise InvalidMultiplier(f"the multiplier of {given} must be finite, got {multiplier}")
        scale[posterior.names.index(name)] *= multiplier
        if layout is not None:
            scale[list(layout.interactions_with(name))] *= multiplier
    return replace(
        posterior,
        mean=posterior.mean * scale,
        covariance=posterior.covariance * np.outer(scale, scale),
        level_covariance=posterior.level_covariance * scale,
    )


def predict_quality(
    *,
    posterior: PersonalPosterior,
    conditions: Mapping[str, Any],
    usual: UsualDoses | None = None,
) -> QualityPrediction:
    """Predict a session's quality from what the climber said, today.

        E = x'm + level
        Var(session) = Var(E) + sigma² + Σ_{k not said} s_k² (m_k² + C_kk)

    The sum is what the unsaid conditions add: for independent X_k with mean x_k and variance s_k²,
    Var(X'theta) = x'Cx + Σ s_k² (m_k² + C_kk) exactly. s_k is how much the climber's dose varies between
    sessions (the registry's typical spread where they never said it). It widens the predictive interval
    only: the credible interval of the mean is at the conditions as assumed. Where the population was trained on
    kinds of sessions, an unsaid kind counts as the reference kind and widens by the mean squared distance from it
    over the kinds that the climber does (:meth:`DesignRow.added_variance`).

    Parameters
    ----------
    posterior
        The climber's posterior today, adjusted by rules where any apply.
    conditions
        Registered names or aliases → value; None and absent: not said.
    usual
        The climber's habits (`design_matrix(...).usual`).

    Examples
    --------
    >>> import numpy as np
    >>> from modeling.domain.population_prior import population_prior
    >>> from modeling.domain.posterior import condition
    >>> posterior = condition(
    ...     prior=population_prior(priors={}), design=np.ones((0, 10)), outcome=np.zeros(0)
    ... )
    >>> at_reference = {name: VARIABLES[name].reference for name in posterior.names[1:]}
    >>> got = predict_quality(posterior=posterior, conditions=at_reference)
    >>> got.expected_quality, got.missing
    (5.0, ())
    """
    session = design_row(conditions=conditions, usual=usual, columns=posterior.names)
    known = predict(posterior=posterior, design_row=session.row)
    linear = float(session.row @ posterior.mean) + posterior.level_mean
    unsaid = session.added_variance(mean=posterior.mean, covariance=posterior.covariance)
    predictive_sd = math.sqrt(known.predictive_sd**2 + unsaid)
    return QualityPrediction(
        expected_quality=known.expected_quality,
        linear_predictor=linear,
        mean_interval_95=known.mean_interval_95,
        predictive_interval_95=(
            on_scale(linear - Z_95 * predictive_sd),
            on_scale(linear + Z_95 * predictive_sd),
        ),
        predictive_sd=predictive_sd,
        sigma=posterior.sigma,
        phase=phase(posterior.n_sessions),
        n_sessions=posterior.n_sessions,
        intercept=float(posterior.mean[0]),
        level=posterior.level_mean,
        contributions=_contributions(posterior, conditions, session, usual),
    )


def _contributions(
    posterior: PersonalPosterior,
    conditions: Mapping[str, Any],
    session: DesignRow,
    usual: UsualDoses | None,
) -> tuple[Contribution, ...]:
    """What each condition adds, the largest first."""
    said = {ALIASES.get(name, name): value for name, value in conditions.items()}
    width = 1 + len(MODEL_VARIABLES)
    doses, coefficients = session.row[1:width].tolist(), posterior.mean[1:width].tolist()
    n_known = None if usual is None else dict(zip(MODEL_VARIABLES, usual.n_known.tolist(), strict=True))
    imputed = frozenset(session.imputed)
    found = _of_kinds(posterior, session)
    for name, dose, coefficient in zip(MODEL_VARIABLES, doses, coefficients, strict=True):
        missing = name in imputed
        assumed: Assumed = ""
        if missing:
            assumed = "own_mean" if n_known and n_known[name] else "reference"
        found.append(
            Contribution(
                variable=name,
                value=None if missing else float(said[name]),
                centred_dose=dose,
                coefficient=coefficient,
                points=coefficient * dose,
                missing=missing,
                assumed=assumed,
            )
        )
    return tuple(sorted(found, key=lambda c: (-abs(c.points), c.variable)))


def _of_kinds(posterior: PersonalPosterior, session: DesignRow) -> list[Contribution]:
    """What the kind of session adds, one line a treatment: its effect and its interactions together."""
    layout = kind_layout(posterior.names)
    if layout is None:
        return []
    found = []
    for of_family, kind in zip(layout.families, session.kinds, strict=True):
        at = of_family.columns_of(kind.taken)
        points = float(session.row[at] @ posterior.mean[at])
        assumed: Assumed = "" if kind.is_trained else "reference" if kind.said is None else "untrained"
        found.append(
            Contribution(
                variable=kind.variable,
                value=kind.said,
                centred_dose=1.0 if at.size else 0.0,
                coefficient=points,
                points=points,
                missing=kind.said is None,
                assumed=assumed,
            )
        )
    return found
