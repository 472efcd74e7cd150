"""The one change of a treatment that is worth most today, in unrounded numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from climbiq.domain.normal import Z_95
from climbiq.domain.variables import VARIABLES
from experts.domain.rules.decision import Adjustments
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import NO_HABITS, UsualDoses
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.posterior import PersonalPosterior
from recommendations.domain.levers import Lever, Room, room_for, values_to_advise
from recommendations.domain.rule_lens import TODAY, Effect, changed, lens_for

SMALLEST_GAIN: Final = 0.1  # points; a session cannot be told from another by less
LEAST_PROBABILITY: Final = 0.6
_EPSILON: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the advice depends on; a flip is found by asking again with one input changed.

    Attributes
    ----------
    posterior
        The climber's, before rules adjust it.
    conditions
        Registered name → value; None and absent: not said.
    row
        (p,) their design row.
    usual
        The climber's habits.
    own_ranges, own_kinds
        Lever → smallest and largest value, treatment → kinds in own sessions.
    adjustments
        Of the rules as they matched; used where `rules` is None.
    rules, state
        To ask what rules would do at another input. None under an override: then only the adjustments count.
    now
        In the climber's time zone.
    """

    posterior: PersonalPosterior
    conditions: Mapping[str, Any]
    row: NDArray[np.float64]
    usual: UsualDoses = NO_HABITS
    own_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    own_kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    priors: Mapping[str, PopulationPrior] = field(default_factory=dict)
    adjustments: Adjustments = field(default_factory=Adjustments)
    rules: RuleSet | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None

    def effect_on(self, variable: str, changes: Mapping[str, Any]) -> Effect:
        """What rules do to the advice on a treatment, or to the effect of a state, with inputs changed."""
        return self.effects_on((variable,), changes)[0]

    def effects_on(self, variables: Sequence[str], changes: Mapping[str, Any]) -> tuple[Effect, ...]:
        """The same of several variables."""
        if self.rules is None or self.now is None:
            suppressed, multipliers = self.adjustments.suppressed, self.adjustments.multipliers
            return tuple(
                Effect(("adjustments",) if name in suppressed else (), multipliers.get(name, 1.0))
                for name in variables
            )
        state, rules, now = self.state, self.rules, self.now
        for name, value in changes.items():
            state = changed(state, f"{TODAY}{name}", value)
        return tuple(lens_for(rules=rules, variable=name).effect(state, now) for name in variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change worth advising, unrounded.

    Attributes
    ----------
    compared_with, target
        From which value to which; `current` is None where the climber did not say.
    dose_change
        f(target) - f(compared_with).
    gain, gain_sd, probability
        Mean and standard deviation of dose_change × coefficient, and P(gain > 0).
    """

    lever: Lever
    action: Literal["increase", "decrease", "choose"]
    current: float | None
    compared_with: float
    target: float
    dose_change: float
    gain: float
    gain_sd: float
    probability: float
    multiplier: float
    modified_by: tuple[str, ...]
    room: Room

    @property
    def variable(self) -> str:
        return self.lever.variable

    @property
    def gain_interval_95(self) -> tuple[float, float]:
        return self.gain - Z_95 * self.gain_sd, self.gain + Z_95 * self.gain_sd


def probability_of_gain(*, mean: float, sd: float) -> float:
    """P(N(mean, sd²) > 0) = Phi(mean / sd).

    >>> round(probability_of_gain(mean=0.3, sd=0.4472), 3), probability_of_gain(mean=0.1, sd=0.0)
    (0.749, 1.0)
    """
    if sd > 0.0:
        return float(ndtr(mean / sd))
    return 0.5 if mean == 0.0 else float(mean > 0.0)


def best_move(*, lever: Lever, situation: Situation, changes: Mapping[str, Any] | None = None) -> Move | None:
    """The change of one treatment with the largest expected gain, or None where none is worth advising.

        gain = (f(target) - f(current)) b,   b ~ N(m_b, C_bb),  both scaled by the rules' multiplier

    Linear in b, so normal: its sign decides the direction, and P(gain > 0) is the same for every target. A
    target at which the rules would treat the advice differently is not one: no tip leads into a rule.
    """
    changes = changes or {}
    variable = VARIABLES[lever.variable]
    effect = situation.effect_on(lever.variable, changes)
    if effect.silenced_by:
        return None
    place = situation.posterior.names.index(lever.variable)
    mean = float(situation.posterior.mean[place]) * effect.multiplier
    sd = math.sqrt(max(float(situation.posterior.covariance[place, place]), 0.0)) * effect.multiplier
    probability = probability_of_gain(mean=abs(mean), sd=sd)
    if mean == 0.0 or probability < LEAST_PROBABILITY:
        return None
    conditions = {**situation.conditions, **changes}
    said = conditions.get(lever.variable)
    current = None if said is None else float(said)
    from_dose = (
        float(situation.usual.centred_dose[place - 1]) if current is None else variable.centred_dose(current)
    )
    room = room_for(
        lever=lever,
        prior=situation.priors.get(lever.variable),
        own_range=situation.own_ranges.get(lever.variable),
        time_available_min=conditions.get("time_available_min"),
    )
    for target in values_to_advise(room=room, lever=lever, upwards=mean > 0.0):
        change = variable.centred_dose(target) - from_dose
        if mean * change < SMALLEST_GAIN - _EPSILON:
            return None  # and less with every further value
        there = situation.effect_on(lever.variable, {**changes, lever.variable: target})
        if there.same_as(effect):
            action: Literal["increase", "decrease"] = "increase" if change > 0.0 else "decrease"
            return Move(
                lever=lever,
                action="choose" if current is None else action,
                current=current,
                compared_with=variable.dose(variable.reference) + from_dose if current is None else current,
                target=target,
                dose_change=change,
                gain=mean * change,
                gain_sd=sd * abs(change),
                probability=probability,
                multiplier=effect.multiplier,
                modified_by=effect.modified_by,
                room=room,
            )
    return None
