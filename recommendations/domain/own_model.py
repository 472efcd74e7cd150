"""What is known about a climber: every effect beside that of climbers in general, and how much of it is theirs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.normal import Z_95
from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COLUMN, INTERCEPT, TreatedSession, design_matrix
from modeling.domain.drift import Drift
from modeling.domain.figures import QualityBand, quality_band
from modeling.domain.personal import TrainedPopulation
from modeling.domain.phases import SESSIONS_TO_LEARN, SESSIONS_TO_PERSONALIZE, Phase, phase
from modeling.domain.population import ClimberPosterior, PopulationDraws
from modeling.domain.posterior import GaussianPrior, PersonalPosterior
from modeling.domain.rhythm import Rhythm, RhythmPrior
from recommendations.domain import rounding
from recommendations.domain.context import believe
from recommendations.domain.rounding import JSON
from recommendations.domain.statistical_context import CoefficientBelief, coefficient_beliefs

__all__ = [
    "Effect",
    "OwnModel",
    "as_prior",
    "as_trained",
    "interval_95",
    "own_model",
    "population_beliefs",
]

Floats = NDArray[np.float64]

BAND: Final = 0.95  # of the quality over time: the same as of a recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one unit of a condition, or one kind of session, goes along with, in points of quality.

    Attributes
    ----------
    name
        Of the coefficient: a model variable, or a kind of session.
    own, population
        What is believed of this climber, and of one of whom nothing is known.
    reliability
        Share of it that is the climber's own, 0–1.
    varies
        Whether climbers are taken to differ in it.
    own_sessions
        Sessions of the climber that speak of it.
    """

    name: str
    own: CoefficientBelief
    population: CoefficientBelief
    reliability: float
    varies: bool
    own_sessions: int

    @property
    def is_kind(self) -> bool:
        """Whether it is of a kind of session, and not of a condition."""
        return self.name not in COLUMN

    @property
    def typical_points(self) -> float:
        """How much a typical difference between days is worth."""
        return abs(self.own.mean) * (VARIABLES[self.name].spread if self.name in VARIABLES else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """Everything that the model holds of one climber today.

    Attributes
    ----------
    usual
        Quality with everything as usual (the intercept).
    effects
        The most telling first; kinds of sessions after the conditions.
    level
        How far the climber's form today is from their usual quality.
    noise_sd
        How much sessions differ that look alike, points.
    shrinkage_factor
        0: what is known of climbers, 1: entirely the climber's own.
    band
        The last hundred sessions, and what was expected of each from those before it.
    """

    n_sessions: int
    usual: Effect
    effects: tuple[Effect, ...]
    level: CoefficientBelief
    noise_sd: float
    shrinkage_factor: float
    band: QualityBand

    @property
    def phase(self) -> Phase:
        return phase(self.n_sessions)

    @property
    def sessions_to_next_phase(self) -> int | None:
        """How many more sessions until the next phase, None in the last."""
        ahead = [n for n in (SESSIONS_TO_LEARN, SESSIONS_TO_PERSONALIZE) if n > self.n_sessions]
        return ahead[0] - self.n_sessions if ahead else None

    def as_payload(self) -> dict[str, JSON]:
        """Under the names of the columns of `model_outputs`, and what they have none for."""
        effects = (self.usual, *self.effects)
        own, everybody = ({e.name: getattr(e, whose) for e in effects} for whose in ("own", "population"))
        return {
            "coefficients": _means(own),
            "confidence_intervals": _intervals(own),
            "sessions_included": self.n_sessions,
            "phase": self.phase,
            "sessions_to_next_phase": self.sessions_to_next_phase,
            "shrinkage_factor": round(self.shrinkage_factor, 3),
            "reliability": {e.name: rounding.share(e.reliability) for e in effects},
            "own_sessions": {e.name: e.own_sessions for e in effects},
            "population": {
                "coefficients": _means(everybody),
                "confidence_intervals": _intervals(everybody),
            },
            "level": {"mean": rounding.gain(self.level.mean), "interval_95": _rounded(self.level)},
            "noise_sd": rounding.gain(self.noise_sd),
        }


def _means(beliefs: Mapping[str, CoefficientBelief]) -> dict[str, JSON]:
    return {name: rounding.coefficient(belief.mean) for name, belief in beliefs.items()}


def _intervals(beliefs: Mapping[str, CoefficientBelief]) -> dict[str, JSON]:
    return {name: _rounded(belief) for name, belief in beliefs.items()}


def _rounded(belief: CoefficientBelief) -> list[JSON]:
    return [rounding.coefficient(end) for end in interval_95(belief)]


def interval_95(belief: CoefficientBelief) -> tuple[float, float]:
    """The 95 % credible interval of a coefficient.

    >>> [round(end, 2) for end in interval_95(CoefficientBelief(mean=1.0, sd=0.5))]
    [0.02, 1.98]
    """
    return belief.mean - Z_95 * belief.sd, belief.mean + Z_95 * belief.sd


def population_beliefs(*, population: TrainedPopulation | GaussianPrior) -> dict[str, CoefficientBelief]:
    """What is believed of the coefficients of a climber of whom nothing is known.

    Mean and standard deviation over climbers and over what is uncertain of them all.

    >>> from modeling.domain.population_prior import population_prior
    >>> got = population_beliefs(population=population_prior(priors={}))["caffeine_mg"]
    >>> got.mean, round(got.sd, 4)
    (0.003, 0.0045)
    """
    prior = as_prior(population)
    sds = np.sqrt(np.clip(prior.covariance.diagonal(), 0.0, None)).tolist()
    return {
        name: CoefficientBelief(mean=mean, sd=sd)
        for name, mean, sd in zip(prior.names, prior.mean.tolist(), sds, strict=True)
    }


def as_prior(population: TrainedPopulation | GaussianPrior) -> GaussianPrior:
    """The normal that a new climber's coefficients come from."""
    return population if isinstance(population, GaussianPrior) else population.draws.as_prior()


def as_trained(
    population: TrainedPopulation | GaussianPrior, *, drift: Drift | None = None
) -> TrainedPopulation:
    """The priors in the form of a trained population: one draw, one rhythm, the level's drift if it has one.

    Serving conditions on either with the same result; the priors' coefficients are independent.
    """
    if isinstance(population, TrainedPopulation):
        return population
    spread = np.sqrt(np.clip(population.covariance.diagonal(), 0.0, None))
    draws = PopulationDraws(
        population.names, population.mean[None, :], spread[None, :], np.array([population.sigma])
    )
    rhythm = Rhythm(drift or Drift(0.0), 1.0)
    return TrainedPopulation(draws, RhythmPrior((rhythm,), np.ones(1)), 1.0)


def own_model(
    *,
    sessions: Sequence[TreatedSession],
    population: TrainedPopulation | GaussianPrior,
    drift: Drift | None = None,
) -> OwnModel:
    """Say all that is known about a climber from their sessions and what holds for climbers.

    Parameters
    ----------
    sessions
        Finished, rated sessions as treated, in any order; there may be none.
    population
        What a trained run published, or the priors.
    drift
        Of the level, where `population` is a prior.

    Examples
    --------
    >>> from modeling.domain.population_prior import population_prior
    >>> got = own_model(sessions=[TreatedSession(day=0, conditions={"stress_level": 5}, session_quality=3)],
    ...                 population=population_prior(priors={}))
    >>> got.n_sessions, got.phase, got.sessions_to_next_phase
    (1, 'cold_start', 9)
    >>> round(got.usual.population.mean, 2), round(got.usual.own.mean, 2)
    (5.0, 4.34)
    """
    belief = believe(sessions=sessions, population=population, drift=drift)
    posterior = belief.posterior
    of_climbers = population_beliefs(population=population)
    individual = _individual_variance(population)
    effects = {
        name: Effect(
            name=name,
            own=own,
            population=of_climbers[name],
            reliability=belief.reliability[name],
            varies=bool(individual[place] > 0.0),
            own_sessions=belief.own_sessions(name),
        )
        for place, (name, own) in enumerate(coefficient_beliefs(posterior=posterior).items())
    }
    usual = effects.pop(INTERCEPT)
    matrix = design_matrix(sessions=sessions, columns=posterior.names)
    return OwnModel(
        n_sessions=posterior.n_sessions,
        usual=usual,
        effects=tuple(sorted(effects.values(), key=lambda e: (e.is_kind, -e.typical_points, e.name))),
        level=CoefficientBelief(mean=posterior.level_mean, sd=math.sqrt(max(posterior.level_variance, 0.0))),
        noise_sd=posterior.sigma,
        shrinkage_factor=_shrinkage_factor(posterior, belief.reliability, individual),
        band=quality_band(
            trained=as_trained(population, drift=drift),
            design=matrix.design,
            outcome=matrix.outcome,
            day=matrix.day,
            level=BAND,
        ),
    )


def _individual_variance(population: TrainedPopulation | GaussianPrior) -> Floats:
    """(p,) how much climbers differ in each coefficient."""
    return np.asarray((as_trained(population).draws.tau ** 2).mean(axis=0))


def _shrinkage_factor(
    posterior: PersonalPosterior, reliability: Mapping[str, float], individual: Floats
) -> float:
    names = posterior.names
    own = ClimberPosterior(posterior, np.array([reliability[name] for name in names]), individual)
    spread = np.array([VARIABLES[name].spread if name in VARIABLES else 1.0 for name in names])
    return own.shrinkage_factor(spread=spread)
