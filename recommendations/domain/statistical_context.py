"""How today compares: with other climbers, with how others respond, and with the climber's own sessions.

Keys and fields are those that clients of the first interface read; every number says how many it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtr, stdtrit

from climbiq.domain.variables import ALIASES, VARIABLES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population_prior import PopulationPrior, literature_priors
from modeling.domain.posterior import GaussianPrior, PersonalPosterior
from recommendations.domain import rounding
from recommendations.domain.population_statistics import PopulationStatistic, percentile_rank
from recommendations.domain.rounding import JSON

COMPARED_CONDITIONS = ("sleep_hours", "stress_level", "energy_level")
COMPARED_RESPONSES = ("caffeine_mg", "sleep_hours", "stress_level")
HIGH_STRESS = 4
HIGH_CAFFEINE_MG, LOW_CAFFEINE_MG = 200, 50
CLEAR = 0.9  # posterior probability from which a difference from other climbers is said

NOT_CLEAR = "Not clear yet how strongly you respond"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientBelief:
    """A climber's coefficient: posterior mean and standard deviation, points per unit."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class StatisticalContext:
    """The comparisons by key; a key is there only where there is something to compare."""

    comparisons: Mapping[str, Mapping[str, JSON]]

    def as_payload(self) -> dict[str, JSON]:
        return {key: dict(comparison) for key, comparison in self.comparisons.items()}


def coefficient_beliefs(*, posterior: PersonalPosterior) -> dict[str, CoefficientBelief]:
    """The climber's coefficients with their uncertainty, by name."""
    sds = [math.sqrt(max(v, 0.0)) for v in posterior.covariance.diagonal().tolist()]
    return {
        name: CoefficientBelief(mean=mean, sd=sd)
        for name, mean, sd in zip(posterior.names, posterior.mean.tolist(), sds, strict=True)
    }


def get_descriptor(z_score: float) -> str:
    """Convert a z-score to words.

    >>> [get_descriptor(z) for z in (2.0, 1.99, 1.0, 0.0, -1.0, -1.01, -2.0, -2.01)]
    ['very high', 'above average', 'above average', 'typical', 'typical', 'below average', 'below average', \
'very low']
    """
    if math.isnan(z_score):
        return "not comparable"
    if z_score >= 2.0:
        return "very high"
    if z_score >= 1.0:
        return "above average"
    if z_score >= -1.0:
        return "typical"
    if z_score >= -2.0:
        return "below average"
    return "very low"


def compute_statistical_context(
    *,
    current_conditions: Mapping[str, Any],
    user_history: Sequence[TreatedSession],
    population_stats: Mapping[str, PopulationStatistic],
    user_coefficients: Mapping[str, CoefficientBelief],
    population: TrainedPopulation | GaussianPrior | None = None,
    priors: Mapping[str, PopulationPrior] | None = None,
) -> StatisticalContext:
    """Compare today's conditions and the climber's responses.

        {variable}_population   z = (value - mean) / std, percentile by mid-rank
        {variable}_response     P(s b > s b_pop) with s the sign of b_pop, gated at 0.9
        personal_high_stress    own sessions with stress ≥ 4: projecting against volume
        personal_caffeine       own sessions with ≥ 200 mg against < 50 mg, as treated

    Below 20 climbers, or where they do not differ, the registry's reference and typical spread stand in and
    `source` says `registry`; for responses it is the population that the climber's own coefficients come from:
    trained on fewer climbers (`model`), or the prior (`prior`). A value that was not said is compared with
    nothing: None is not 0.

    Parameters
    ----------
    current_conditions
        Registered names or aliases → value.
    user_history
        Finished sessions, as treated.
    population_stats
        `{variable}` and `{variable}_coefficient` → statistic.
    user_coefficients
        :func:`coefficient_beliefs` of the climber's posterior.
    population
        What the climber's coefficients were conditioned from.
    priors
        Current population priors, where nothing is trained; None: the literature's.

    Examples
    --------
    >>> context = compute_statistical_context(
    ...     current_conditions={"stress_level": 5}, user_history=(), population_stats={},
    ...     user_coefficients={},
    ... )
    >>> got = context.as_payload()["stress_level_population"]
    >>> got["z_score"], got["descriptor"], got["source"]
    (2.22, 'very high', 'registry')
    """
    said = {ALIASES.get(name, name): value for name, value in current_conditions.items()}
    found: dict[str, Mapping[str, JSON]] = {}
    for name in COMPARED_CONDITIONS:
        if said.get(name) is not None:
            found[f"{name}_population"] = _condition(name, float(said[name]), population_stats.get(name))
    for name in COMPARED_RESPONSES:
        if name in user_coefficients:
            found[f"{name}_response"] = _response(
                user_coefficients[name],
                population_stats.get(f"{name}_coefficient"),
                *_usual_response(name, population, priors or {}),
            )
    high_stress = _high_stress(user_history)
    if high_stress:
        found["personal_high_stress"] = high_stress
    caffeine = _caffeine(user_history)
    if caffeine:
        found["personal_caffeine"] = caffeine
    return StatisticalContext(found)


def _condition(name: str, value: float, known: PopulationStatistic | None) -> dict[str, JSON]:
    variable = VARIABLES[name]
    enough = known is not None and known.is_usable
    stand_in = PopulationStatistic(n=0, mean=variable.reference, std=variable.spread)
    statistic = known if known is not None and enough else stand_in
    z = (value - statistic.mean) / statistic.std
    percentile, method = percentile_rank(statistic=statistic, value=value)
    return {
        "user_value": rounding.amount(name, value),
        "pop_mean": rounding.mean_amount(name, statistic.mean),
        "pop_std": rounding.spread(name, statistic.std),
        "z_score": rounding.z_score(z),
        "percentile": rounding.percentile(percentile),
        "descriptor": get_descriptor(z),
        "source": "climbers" if enough else "registry",
        "method": method,
        "n_climbers": statistic.n if enough else None,
    }


def _usual_response(
    name: str, population: TrainedPopulation | GaussianPrior | None, priors: Mapping[str, PopulationPrior]
) -> tuple[PopulationStatistic, str]:
    """What stands in for the statistics of responses, from the very model whose coefficients are compared."""
    if isinstance(population, TrainedPopulation) and name in population.names:
        k = population.names.index(name)
        mean, std = population.draws.beta[:, k].mean(), math.sqrt((population.draws.tau[:, k] ** 2).mean())
        return PopulationStatistic(n=0, mean=float(mean), std=std), "model"
    prior = priors.get(name) or literature_priors()[name]
    return PopulationStatistic(n=0, mean=prior.mean, std=prior.individual_sd or prior.sd), "prior"


def _response(
    own: CoefficientBelief, known: PopulationStatistic | None, stand_in: PopulationStatistic, source: str
) -> dict[str, JSON]:
    """Strength is counted in the direction of the average effect: more negative is stronger for stress."""
    enough = known is not None and known.is_usable
    statistic = known if known is not None and enough else stand_in
    sign = -1.0 if statistic.mean < 0.0 else 1.0
    stronger = _probability_above(sign * (own.mean - statistic.mean), own.sd)
    opposite = _probability_above(-sign * own.mean, own.sd)
    z = sign * (own.mean - statistic.mean) / statistic.std if statistic.std > 0.0 else math.nan
    percentile, method = 50.0, "normal"
    if statistic.std > 0.0:
        percentile, method = percentile_rank(statistic=statistic, value=own.mean)
        percentile = percentile if sign > 0.0 else 100.0 - percentile
    return {
        "user_coefficient": rounding.coefficient(own.mean),
        "pop_mean": rounding.coefficient(statistic.mean),
        "pop_std": rounding.coefficient(statistic.std),
        "z_score": None if math.isnan(z) else rounding.z_score(z),
        "percentile": rounding.percentile(percentile),
        "probability_stronger": rounding.probability(stronger),
        "descriptor": _response_descriptor(stronger, opposite),
        "source": "climbers" if enough else source,
        "method": method,
        "n_climbers": statistic.n if enough else None,
    }


def _probability_above(distance: float, sd: float) -> float:
    """P(distance + sd Z > 0)."""
    if sd > 0.0:
        return float(ndtr(distance / sd))
    return 0.5 if distance == 0.0 else float(distance > 0.0)


def _response_descriptor(stronger: float, opposite: float) -> str:
    if opposite > CLEAR:
        return "You respond the other way than average"
    if stronger > CLEAR:
        return "You respond more strongly than average"
    if stronger < 1.0 - CLEAR:
        return "You respond less strongly than average"
    return NOT_CLEAR


def _high_stress(history: Sequence[TreatedSession]) -> dict[str, JSON] | None:
    stressed = [s for s in history if (stress := s.conditions.get("stress_level")) and stress >= HIGH_STRESS]
    if not stressed:
        return None
    project = [s.session_quality for s in stressed if s.conditions.get("session_type") == "project"]
    volume = [s.session_quality for s in stressed if s.conditions.get("session_type") == "volume"]
    return {
        "n_sessions": len(stressed),
        "avg_quality_project": _average(project),
        "avg_quality_volume": _average(volume),
        "n_project": len(project),
        "n_volume": len(volume),
        **_difference(project, volume),
    }


def _caffeine(history: Sequence[TreatedSession]) -> dict[str, JSON] | None:
    known = [(c, s.session_quality) for s in history if (c := s.conditions.get("caffeine_mg")) is not None]
    high = [quality for caffeine, quality in known if caffeine >= HIGH_CAFFEINE_MG]
    low = [quality for caffeine, quality in known if caffeine < LOW_CAFFEINE_MG]
    if not (high and low):
        return None
    return {
        "high_caffeine_avg": _average(high),
        "low_caffeine_avg": _average(low),
        "n_high": len(high),
        "n_low": len(low),
        **_difference(high, low),
    }


def _average(qualities: Sequence[float]) -> float | None:
    return rounding.quality(sum(qualities) / len(qualities)) if qualities else None


def _difference(first: Sequence[float], second: Sequence[float]) -> dict[str, JSON]:
    """Difference of two averages with Welch's 95 % interval, None where it cannot be computed."""
    if not (first and second):
        return {"difference": None, "difference_interval_95": None}
    (mean_1, squared_error_1), (mean_2, squared_error_2) = _mean_and_error(first), _mean_and_error(second)
    difference = mean_1 - mean_2
    total = squared_error_1 + squared_error_2
    if not (math.isfinite(total) and total > 0.0):
        return {"difference": rounding.gain(difference), "difference_interval_95": None}
    freedom = total**2 / (squared_error_1**2 / (len(first) - 1) + squared_error_2**2 / (len(second) - 1))
    half = float(stdtrit(freedom, 0.975)) * math.sqrt(total)
    interval = rounding.interval((difference - half, difference + half), rounding.GAIN_DECIMALS)
    return {"difference": rounding.gain(difference), "difference_interval_95": list(interval)}


def _mean_and_error(qualities: Sequence[float]) -> tuple[float, float]:
    """Mean and its squared standard error; infinite from a single session."""
    n = len(qualities)
    mean = sum(qualities) / n
    if n < 2:
        return mean, math.inf
    return mean, sum((q - mean) ** 2 for q in qualities) / (n - 1) / n
