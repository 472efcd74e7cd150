"""The one other kind of session that is worth most today, and which it would be on other days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from climbiq.domain.normal import Z_95
from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COLUMN, kind_layout
from modeling.domain.session_kind import FamilyLayout
from recommendations.domain.kind_reach import kinds_in_reach
from recommendations.domain.moves import LEAST_PROBABILITY, SMALLEST_GAIN, Situation

Floats = NDArray[np.float64]

_EPSILON: Final = 1e-9


@dataclass(frozen=True, slots=True)
class KindEffect:
    """What rules do to the advice on a kind: silence it, or count what it depends on differently."""

    silenced_by: tuple[str, ...] = ()
    multipliers: tuple[float, ...] = ()  # of the family's moderators

    def same_as(self, other: KindEffect) -> bool:
        """Whether the advice is treated alike."""
        return not self.silenced_by and not other.silenced_by and self.multipliers == other.multipliers


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMove:
    """Another kind of session worth advising, unrounded.

    Attributes
    ----------
    current
        The planned kind, None where the climber did not say: then `compared_with` is the reference kind.
    gain, gain_sd, probability
        Of d'theta, with d the difference of the two rows; what the gain depends on and was not said is in the sd.
    unsaid
        Conditions that the gain depends on and that were not said.
    """

    variable: str
    current: str | None
    compared_with: str
    target: str
    gain: float
    gain_sd: float
    probability: float
    unsaid: tuple[str, ...] = ()
    action: Literal["choose"] = "choose"

    @property
    def gain_interval_95(self) -> tuple[float, float]:
        return self.gain - Z_95 * self.gain_sd, self.gain + Z_95 * self.gain_sd


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind worth advising on one day."""

    kind: str
    gain: float
    sd: float
    probability: float


def family_of(*, variable: str, situation: Situation) -> FamilyLayout | None:
    """Where the kinds of a treatment stand in the posterior; None where it was not trained on any."""
    layout = kind_layout(situation.posterior.names)
    families = () if layout is None else layout.families
    return next((found for found in families if found.family.variable == variable), None)


def effect_on_kind(
    *, of_family: FamilyLayout, situation: Situation, changes: Mapping[str, Any]
) -> KindEffect:
    """What rules do to the advice on a kind with some of today's inputs changed.

    A rule that scales the effect of stress scales its interactions too, and so what a kind is worth.
    """
    family = of_family.family
    of_kind, *of_states = situation.effects_on((family.variable, *family.moderators), changes)
    return KindEffect(of_kind.silenced_by, tuple(effect.multiplier for effect in of_states))


def best_kind_move(
    *, variable: str, situation: Situation, changes: Mapping[str, Any] | None = None
) -> KindMove | None:
    """The other kind with the largest expected gain, or None where none is worth advising.

        gain = d'theta,   d = x(kind) - x(plan),   theta ~ N(m, C)
        gain ~ (d'm, d'Cd + Σ_{m not said} s_m² E[(d_m'theta)²])

    with d_m the difference of the interactions with m. As for doses, no kind is advised at which the rules would
    treat the advice differently: no tip leads into a rule.

    Parameters
    ----------
    changes
        Registered name → value, to ask about another day.
    """
    of_family = family_of(variable=variable, situation=situation)
    if of_family is None:
        return None
    changes = changes or {}
    effect = effect_on_kind(of_family=of_family, situation=situation, changes=changes)
    if effect.silenced_by:
        return None
    conditions = {**situation.conditions, **changes}
    (choice,) = choose(
        of_family=of_family,
        situation=situation,
        effect=effect,
        changes=changes,
        days=[[conditions.get(name) for name in of_family.family.moderators]],
    )
    if choice is None:
        return None
    planned = conditions.get(variable)
    taken = planned or of_family.family.reference
    return KindMove(
        variable=variable,
        current=planned,
        compared_with=taken,
        target=choice.kind,
        gain=choice.gain,
        gain_sd=choice.sd,
        probability=choice.probability,
        unsaid=tuple(
            name
            for line, name in enumerate(of_family.family.moderators, start=1)
            if conditions.get(name) is None and _depends(of_family, line, (choice.kind, taken))
        ),
    )


def choose(
    *,
    of_family: FamilyLayout,
    situation: Situation,
    effect: KindEffect,
    changes: Mapping[str, Any],
    days: Sequence[Sequence[float | None]],
) -> list[Choice | None]:
    """The best kind on each of g days that differ in nothing but the moderators.

    Parameters
    ----------
    effect, changes
        What rules do on these days, and one of them: they are all alike to the rules.
    days
        (g, moderators) their values, None for not said.
    """
    conditions = {**situation.conditions, **changes}
    variable = of_family.family.variable
    kinds = kinds_in_reach(
        of_family=of_family, conditions=conditions, done=situation.own_kinds.get(variable, frozenset())
    )
    if not kinds:
        return [None] * len(days)
    doses, variance = _doses(of_family, situation, days)
    multipliers = np.array(effect.multipliers)
    planned = conditions.get(variable) or of_family.family.reference
    gains, sds = _gains(of_family, situation, planned, kinds, doses * multipliers, variance * multipliers**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        probability = np.where(sds > 0.0, ndtr(gains / sds), gains > 0.0)
    worth = (gains >= SMALLEST_GAIN - _EPSILON) & (probability >= LEAST_PROBABILITY)
    allowed: dict[int, bool] = {}

    def leads_into_no_rule(place: int) -> bool:
        if place not in allowed:
            there = effect_on_kind(
                of_family=of_family, situation=situation, changes={**changes, variable: kinds[place]}
            )
            allowed[place] = there.same_as(effect)
        return allowed[place]

    found: list[Choice | None] = []
    for day in range(len(days)):
        ranked = sorted(np.nonzero(worth[day])[0].tolist(), key=lambda place: -gains[day, place])
        best = next((place for place in ranked if leads_into_no_rule(place)), None)
        found.append(
            None
            if best is None
            else Choice(
                kinds[best], float(gains[day, best]), float(sds[day, best]), float(probability[day, best])
            )
        )
    return found


def _doses(
    of_family: FamilyLayout, situation: Situation, days: Sequence[Sequence[float | None]]
) -> tuple[Floats, Floats]:
    """(g, m) centred doses of the moderators, and the variance of each that was not said."""
    moderators = of_family.family.moderators
    doses, variance = np.zeros((len(days), len(moderators))), np.zeros((len(days), len(moderators)))
    for column, name in enumerate(moderators):
        place = COLUMN[name] - 1
        for row, day in enumerate(days):
            value = day[column]
            if value is None:
                doses[row, column] = situation.usual.centred_dose[place]
                variance[row, column] = situation.usual.variance[place]
            else:
                doses[row, column] = VARIABLES[name].centred_dose(float(value))
    return doses, variance


def _gains(
    of_family: FamilyLayout,
    situation: Situation,
    planned: str,
    kinds: Sequence[str],
    doses: Floats,
    variance: Floats,
) -> tuple[Floats, Floats]:
    """(g, kinds) mean and sd of what each kind gains over the planned one.

    The two kinds' columns stand beside each other, with weights (1, x) and -(1, x); a column that is not there has
    mean and covariance 0.
    """
    lines = of_family.columns.shape[0]
    columns = np.full((len(kinds), 2 * lines), -1)
    for row, kind in enumerate(kinds):
        for first, one in ((0, kind), (lines, planned)):
            place = of_family.place.get(one)
            if place is not None:
                columns[row, first : first + lines] = of_family.columns[:, place]
    there = columns >= 0
    mean = np.where(there, situation.posterior.mean[columns], 0.0)  # (kinds, 2 lines)
    covariance = situation.posterior.covariance[columns[:, :, None], columns[:, None, :]]
    covariance = np.where(there[:, :, None] & there[:, None, :], covariance, 0.0)
    one_side = np.hstack([np.ones((doses.shape[0], 1)), doses])
    weights = np.hstack([one_side, -one_side])  # (g, 2 lines)
    total = np.einsum("ga,kab,gb->gk", weights, covariance, weights)
    for line in range(1, lines):
        slope = mean[:, line] - mean[:, lines + line]
        of_slope = (
            covariance[:, line, line]
            + covariance[:, lines + line, lines + line]
            - 2.0 * covariance[:, line, lines + line]
        )
        total += np.outer(variance[:, line - 1], slope**2 + of_slope)
    return weights @ mean.T, np.sqrt(np.maximum(total, 0.0))


def _depends(of_family: FamilyLayout, line: int, kinds: Sequence[str]) -> bool:
    """Whether one of the kinds has an interaction of that line."""
    return any(
        (place := of_family.place.get(kind)) is not None and int(of_family.columns[line, place]) >= 0
        for kind in kinds
    )
