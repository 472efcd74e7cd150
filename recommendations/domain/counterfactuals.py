"""What the climber can still change today: the best tips, each with its evidence, caveats and what would flip it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from climbiq.domain.variables import ALIASES, VARIABLES
from experts.domain.rules.decision import Adjustments
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import COEFFICIENTS, NO_HABITS, TreatedSession, UsualDoses, design_row
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY, PersonalPosterior, on_scale
from modeling.domain.recordable import is_recordable
from modeling.domain.session_kind import FAMILIES, INTENSITY, TYPE
from recommendations.domain import rounding
from recommendations.domain.flips import flips_of
from recommendations.domain.kind_flips import kind_flips_of
from recommendations.domain.kind_moves import KindMove, best_kind_move
from recommendations.domain.kind_reach import KIND_LEVERS, clash, own_kinds, serves_goal
from recommendations.domain.kind_words import session_of
from recommendations.domain.levers import LEVERS, own_ranges
from recommendations.domain.moves import LEAST_PROBABILITY, SMALLEST_GAIN, Move, Situation, best_move
from recommendations.domain.prediction import QualityPrediction
from recommendations.domain.provenance import provenance_of
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
CHOSEN: Final = (
    "Learned from sessions as climbers chose them, not from a trial: they may choose one kind on better days than "
    "another."
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
    trained: bool = False,
) -> tuple[Tip, ...]:
    """The best changes that can still be made, at most three, the largest expected gain first.

        gain = Δf b,   b ~ N(m, s²)   ⇒   gain ~ N(Δf m, (Δf s)²),   P(gain > 0) = Phi(Δf m / |Δf s|)

    Where the population was trained on kinds of sessions, another type or intensity is a change as well
    (:func:`best_kind_move`). No tip has P(gain > 0) below 0.6 or an expected gain below 0.1 points, none is on a
    suppressed treatment, and none moves a treatment to where a rule would silence it. An empty answer is an answer:
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
    trained
        Whether the posterior comes from a trained population: what a tip names as its sources.
    """
    adjustments = adjustments or Adjustments()
    situation = Situation(
        posterior=posterior,
        conditions=_usable({ALIASES.get(name, name): value for name, value in conditions.items()}),
        row=design_row(conditions=conditions, usual=usual, columns=posterior.names).row,
        usual=usual,
        own_ranges=own_ranges(sessions=own_sessions),
        own_kinds=own_kinds(sessions=own_sessions) if len(posterior.names) > len(COEFFICIENTS) else {},
        priors=priors or {},
        adjustments=adjustments,
        rules=rules,
        state=state or {},
        now=now,
    )
    moves = [
        *(best_move(lever=lever, situation=situation) for lever in LEVERS),
        *(best_kind_move(variable=name, situation=situation) for name in KIND_LEVERS),
    ]
    worth = [move for move in moves if move is not None and move.variable not in adjustments.suppressed]
    worth.sort(key=lambda move: (-move.gain, move.variable))
    return tuple(
        _tip(index, move, situation, prediction, reliability or {}, trained=trained)
        for index, move in enumerate(_that_go_together(worth)[:MOST_TIPS])
    )


def _usable(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """What no form would have taken was not said: no advice starts from there. (Rules have seen it.)"""
    return {
        name: value if is_recordable(name=name, value=value) else None for name, value in conditions.items()
    }


def _that_go_together(moves: Sequence[Move | KindMove]) -> list[Move | KindMove]:
    """Without the lesser of a type and an intensity that contradict each other once both are taken up."""
    targets = {move.variable: move.target for move in moves if isinstance(move, KindMove)}
    if not clash(session_type=targets.get(TYPE), intensity=targets.get(INTENSITY)):
        return list(moves)
    lesser = [move for move in moves if isinstance(move, KindMove)][-1]
    return [move for move in moves if move is not lesser]


def _tip(
    index: int,
    move: Move | KindMove,
    situation: Situation,
    prediction: QualityPrediction,
    reliability: Mapping[str, float],
    *,
    trained: bool,
) -> Tip:
    variable = VARIABLES[move.variable]
    own, n_known = _own_share(move, situation, reliability)
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
        flips=kind_flips_of(move=move, situation=situation)
        if isinstance(move, KindMove)
        else flips_of(move=move, situation=situation),
        basis=Basis(
            own_sessions=n_known,
            reliability=own,
            population_share=1.0 - own,
            population=provenance_of(variable=variable.name, priors=situation.priors, trained=trained),
        ),
        caveats=(
            *(
                _kind_caveats(move, situation)
                if isinstance(move, KindMove)
                else _dose_caveats(move, situation)
            ),
            *_shared_caveats(move, prediction, own),
        ),
    )


def _own_share(
    move: Move | KindMove, situation: Situation, reliability: Mapping[str, float]
) -> tuple[float, int]:
    """How much of what the tip rests on is the climber's own, and in how many sessions its variable is known."""
    if isinstance(move, KindMove):
        prefix = FAMILIES[move.variable].prefix
        own = max(reliability.get(f"{prefix}:{kind}", 0.0) for kind in (move.target, move.compared_with))
        return own, sum(situation.usual.kinds.get(move.variable, {}).values())
    place = situation.posterior.names.index(move.variable)
    return reliability.get(move.variable, 0.0), int(situation.usual.n_known[place - 1])


def _dose_caveats(move: Move, situation: Situation) -> list[str]:
    variable, found = VARIABLES[move.variable], []
    if move.current is None:
        usually = worded(variable.name, rounding.amount(variable.name, move.compared_with), variable.unit)
        found.append(f"You did not say what you plan, so this is compared with {usually}.")
    if variable.name == "caffeine_mg" and move.dose_change > 0.0 and _is_late(situation):
        found.append(LATE_CAFFEINE)
    if move.multiplier != 1.0:
        names = ", ".join(f"“{name}”" for name in move.modified_by)
        by = f" ({names})" if names else ""
        found.append(f"Coaches count this effect × {move.multiplier:g} today{by}.")
    return found


def _kind_caveats(move: KindMove, situation: Situation) -> list[str]:
    found = []
    if move.current is None:
        planned = session_of(move.variable, move.compared_with)
        found.append(f"You did not say what you plan, so this is compared with {planned}.")
    goal = str(situation.conditions.get("session_goal") or "")
    if not serves_goal(variable=move.variable, kind=move.target, goal=goal):
        said = VARIABLES["session_goal"].choices.get(goal, goal)
        found.append(
            f"You said that today is about “{said}”: {session_of(move.variable, move.target)} is not."
        )
    if move.unsaid:
        states = " and ".join(VARIABLES[name].label.lower() for name in move.unsaid)
        found.append(f"It depends on your {states}, which you did not say: taken as usual.")
    return found


def _shared_caveats(move: Move | KindMove, prediction: QualityPrediction, own: float) -> list[str]:
    found = []
    if not LOWEST_QUALITY <= prediction.linear_predictor + move.gain <= HIGHEST_QUALITY:
        found.append(END_OF_SCALE)
    if isinstance(move, KindMove):
        found.append(CHOSEN)
    elif own >= SOME_OWN:
        found.append(OBSERVED)
    return found


def _is_late(situation: Situation) -> bool:
    """By what the climber said of the session's time, which may be another than now; by the clock otherwise."""
    said = situation.conditions.get("time_of_day")
    if said in ("morning", "midday", "evening"):
        return bool(said == "evening")
    return situation.now is not None and situation.now.hour >= LATE_HOUR
