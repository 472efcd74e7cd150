"""Everything one recommendation is made from, and what is believed of the climber in its light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.rule_fields import build_state
from climbiq.domain.training_history import TrainingHistory
from climbiq.domain.variables import ALIASES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import COLUMN, TreatedSession, UsualDoses, design_matrix
from modeling.domain.drift import Drift
from modeling.domain.personal import TrainedPopulation, personal_posterior
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.posterior import GaussianPrior, PersonalPosterior, condition
from modeling.domain.session_kind import read_name
from recommendations.domain.population_statistics import PopulationStatistic

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of one climber today.

    Attributes
    ----------
    posterior
        Of coefficients and level.
    reliability
        Coefficient → share of it that is the climber's own, 0–1.
    usual
        Habits: what stands in for what was not said.
    """

    posterior: PersonalPosterior
    reliability: Mapping[str, float]
    usual: UsualDoses

    def own_sessions(self, name: str) -> int:
        """The climber's sessions that speak of a coefficient: in which its variable is known, or of its kind."""
        column = COLUMN.get(name)
        if column is None:
            kind = read_name(name)
            return self.usual.kinds.get(kind.variable, {}).get(kind.kind, 0)
        return int(self.usual.n_known[column - 1]) if column else self.posterior.n_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationContext:
    """Everything that one recommendation is made from: no clock and no database behind it.

    Attributes
    ----------
    baseline
        Column of the baseline assessment → value, None before there is one.
    conditions
        Registered name or alias → value, as parsed; None and absent: not said.
    own_sessions
        Finished, rated sessions as treated, in any order; `day` counts from the same origin as `today`.
    training_history
        The same past in the numbers that rules look at; None: not looked up.
    today
        Day of the session.
    now
        The moment, in the climber's time zone.
    rules, rules_version
        The rules in force.
    population
        What a trained run published, or the prior before there is one.
    drift
        Of the level, where `population` is a prior.
    priors, prior_version
        The table of population priors.
    population_stats
        `{variable}` and `{variable}_coefficient` → statistic over climbers.
    own_forecast
        The climber's own guess, where they gave one before seeing ours.
    """

    conditions: Mapping[str, Any]
    now: datetime
    today: float
    rules: RuleSet
    population: TrainedPopulation | GaussianPrior
    baseline: Mapping[str, Any] | None = None
    own_sessions: Sequence[TreatedSession] = ()
    training_history: TrainingHistory | None = None
    drift: Drift | None = None
    priors: Mapping[str, PopulationPrior] = field(default_factory=dict)
    population_stats: Mapping[str, PopulationStatistic] = field(default_factory=dict)
    rules_version: int = 0
    prior_version: int = 0
    model_version: str = ""
    own_forecast: float | None = None

    @property
    def is_trained(self) -> bool:
        """Whether a published model says what holds for climbers."""
        return isinstance(self.population, TrainedPopulation)

    @property
    def named_conditions(self) -> dict[str, Any]:
        """The conditions under their registered names."""
        return {ALIASES.get(name, name): value for name, value in self.conditions.items()}

    @property
    def days_since_last(self) -> float:
        """Days since the latest of the own sessions, 0 without one."""
        return max(self.today - max((s.day for s in self.own_sessions), default=self.today), 0.0)

    def state(self) -> dict[str, Any]:
        """What rules look at."""
        return build_state(baseline=self.baseline, conditions=self.conditions, history=self.training_history)


def believe(
    *,
    sessions: Sequence[TreatedSession],
    population: TrainedPopulation | GaussianPrior,
    drift: Drift | None = None,
    days_since_last: float = 0.0,
) -> Belief:
    """Condition what holds for climbers on one climber's own sessions, `days_since_last` days after the latest.

    reliability_k = 1 - Var(b_k | own sessions) / tau_k² after training; before it, the same ratio to the
    prior's variance.

    Examples
    --------
    >>> from modeling.domain.population_prior import population_prior
    >>> session = TreatedSession(day=0, conditions={"stress_level": 5}, session_quality=3)
    >>> got = believe(sessions=[session], population=population_prior(priors={}))
    >>> got.posterior.n_sessions, round(got.reliability["stress_level"], 3)
    (1, 0.063)
    """
    matrix = design_matrix(sessions=sessions, columns=population.names)
    if isinstance(population, TrainedPopulation):
        own = personal_posterior(
            trained=population, design=matrix.design, outcome=matrix.outcome, day=matrix.day
        ).summary(days_since_last=days_since_last)
        return Belief(
            posterior=own.posterior,
            reliability=_by_name(own.posterior.names, own.reliability),
            usual=matrix.usual,
        )
    posterior = condition(
        prior=population, design=matrix.design, outcome=matrix.outcome, day=matrix.day, drift=drift
    ).after(days=days_since_last)
    before, after = population.covariance.diagonal(), posterior.covariance.diagonal()
    left = np.divide(after, before, out=np.ones_like(after), where=before > 0.0)
    return Belief(posterior=posterior, reliability=_by_name(posterior.names, 1.0 - left), usual=matrix.usual)


def _by_name(names: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(names, np.clip(values, 0.0, 1.0).tolist(), strict=True))
