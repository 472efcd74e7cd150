"""What the climber can still change today: the best tips, each with its evidence, caveats and what would flip it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from climbiq.domain.variables import ALIASES, VARIABLES
from experts.domain.rules.decision import Adjustments
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import NO_HABITS, TreatedSession, UsualDoses, design_row
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY, PersonalPosterior, on_scale
from recommendations.domain import rounding
from recommendations.domain.flips import flips_of
from recommendations.domain.levers import LEVERS, own_ranges
from recommendations.domain.moves import LEAST_PROBABILITY, SMALLEST_GAIN, Move, Situation, best_move
from recommendations.domain.prediction import QualityPrediction
from recommendations.domain.tips import Basis, Tip, worded

MOST_TIPS: Final = 3
LATE_HOUR: Final = 15  # half of a dose is still at work after about five hours
SOME_OWN: Final = 0.1  # reliability from which own sessions have a say

NOTHING_TO_CHANGE: Final = (
    f"Nothing to change: no change you can still make is likely to be worth {SMALLEST_GAIN:g} points or more."
)
LATE_CAFFEINE: Final = "Caffeine this late can cost sleep tonight, and with it the next session."
OBSERVED: Final = (
    "Learned from sessions as they happened, not from a trial: something else may lie behind it."
)
END_OF_SCALE: Final = "The scale ends here, so the whole gain may not show."

__all__ = [
    "LEAST_PROBABILITY",
    "MOST_TIPS",
    "NOTHING_TO_CHANGE",
    "SMALLEST_GAIN",
    "generate_counterfactuals",
]


def generate_counterfactuals(
    *,
    posterior: PersonalPosterior,
    conditions: Mapping[str, Any],
    prediction: QualityPrediction,
    adjustments: Adjustments | None = None,
    usual: UsualDoses = NO_HABITS,
    own_sessions: Sequence[TreatedSession] = (),
    priors: Mapping[str, PopulationPrior] | None = None,
    reliability: Mapping[str, float] | None = None,
    rules: RuleSet | None = None,
    state: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    days_since_last: float = 0.0,
) -> tuple[Tip, ...]:
    """The best changes that can still be made, at most three, the largest expected gain first.

        gain = Δf b,   b ~ N(m, s²)   ⇒   gain ~ N(Δf m, (Δf s)²),   P(gain > 0) = Phi(Δf m / |Δf s|)

    No tip has P(gain > 0) below 0.6 or an expected gain below 0.1 points, none is on a suppressed treatment,
    and none moves a treatment to where a rule would silence it. An empty answer is an answer:
    `NOTHING_TO_CHANGE`.

    Parameters
    ----------
    posterior
        The climber's posterior today, before rules adjust it.
    conditions
        Registered names or aliases → value.
    prediction
        Of these conditions, from the posterior as rules adjust it.
    adjustments
        Of the rules that matched.
    usual, own_sessions
        The climber's habits and finished sessions, as treated.
    priors
        Current population priors: where coaches narrowed an optimal range, advice stays inside it.
    reliability
        Variable → share of the coefficient that is the climber's own, 0–1.
    rules, state, now
        The rule set, the state it decided on, and when, in the climber's time zone: for what would flip the
        advice. Without rules only the model's own flips are told.
    days_since_last
        Days since the last session the posterior knows.
    """
    adjustments = adjustments or Adjustments()
    situation = Situation(
        posterior=posterior,
        conditions={ALIASES.get(name, name): value for name, value in conditions.items()},
        row=design_row(conditions=conditions, usual=usual).row,
        usual=usual,
        own_ranges=own_ranges(sessions=own_sessions),
        priors=priors or {},
        adjustments=adjustments,
        rules=rules,
        state=state or {},
        now=now,
    )
    moves = [
        move
        for lever in LEVERS
        if lever.variable not in adjustments.suppressed
        and (move := best_move(lever=lever, situation=situation)) is not None
    ]
    moves.sort(key=lambda move: (-move.gain, move.lever.variable))
    return tuple(
        _tip(
            index,
            move,
            situation,
            prediction,
            (reliability or {}).get(move.lever.variable, 0.0),
            days_since_last,
        )
        for index, move in enumerate(moves[:MOST_TIPS])
    )


def _tip(
    index: int,
    move: Move,
    situation: Situation,
    prediction: QualityPrediction,
    reliability: float,
    days_since_last: float,
) -> Tip:
    variable = VARIABLES[move.lever.variable]
    place = situation.posterior.names.index(variable.name)
    return Tip(
        index=index,
        variable=variable.name,
        label=variable.label,
        action=move.action,
        current_value=move.current,
        compared_with=move.compared_with,
        recommended_value=move.target,
        unit=variable.unit,
        gain=move.gain,
        gain_interval_95=move.gain_interval_95,
        probability_of_gain=move.probability,
        expected_quality_before=prediction.expected_quality,
        expected_quality_after=on_scale(prediction.linear_predictor + move.gain),
        flips=flips_of(move=move, situation=situation, days_since_last=days_since_last),
        basis=Basis(
            own_sessions=int(situation.usual.n_known[place - 1]),
            reliability=reliability,
            population_share=1.0 - reliability,
        ),
        caveats=tuple(_caveats(move, situation, prediction, reliability)),
    )


def _caveats(
    move: Move, situation: Situation, prediction: QualityPrediction, reliability: float
) -> list[str]:
    variable, found = VARIABLES[move.lever.variable], []
    if move.current is None:
        usually = worded(variable.name, rounding.amount(variable.name, move.compared_with), variable.unit)
        found.append(f"You did not say what you plan, so this is compared with {usually}.")
    if variable.name == "caffeine_mg" and move.dose_change > 0.0 and _is_late(situation):
        found.append(LATE_CAFFEINE)
    if move.multiplier != 1.0:
        names = ", ".join(f"“{name}”" for name in move.modified_by)
        by = f" ({names})" if names else ""
        found.append(f"Coaches count this effect × {move.multiplier:g} today{by}.")
    if not LOWEST_QUALITY <= prediction.linear_predictor + move.gain <= HIGHEST_QUALITY:
        found.append(END_OF_SCALE)
    if reliability >= SOME_OWN:
        found.append(OBSERVED)
    return found


def _is_late(situation: Situation) -> bool:
    """By what the climber said of the session's time, which may be another than now; by the clock otherwise."""
    said = situation.conditions.get("time_of_day")
    if said in ("morning", "midday", "evening"):
        return bool(said == "evening")
    return situation.now is not None and situation.now.hour >= LATE_HOUR
