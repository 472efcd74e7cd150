"""How what is known about a climber is said: units one can feel, shares in words, and what a phase means."""

from __future__ import annotations

from typing import Final

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import INTERCEPT
from recommendations.domain import rounding
from recommendations.domain.kind_words import coefficient_label
from recommendations.domain.own_model import Effect, OwnModel, interval_95
from recommendations.domain.statistical_context import CoefficientBelief

ASSOCIATION: Final = (
    "Learned from sessions as they happened, not from an experiment: what goes together need not cause each "
    "other."
)
SAME_FOR_ALL: Final = "taken to be the same for every climber"

# Steps one can feel, for units in which the single one is next to nothing.
_TOLD_STEPS: Final = {"mg": 100.0, "min": 10.0}
_UNIT_WORDS: Final = {"h": "hour", "points": "point", "days": "day"}
_SHARES: Final = (
    (0.1, "still what is known of climbers"),
    (0.4, "a little of it is yours"),
    (0.7, "about half of it is yours"),
    (0.9, "most of it is yours"),
    (1.0, "nearly all of it is yours"),
)
_PHASE_TITLES: Final = {
    "cold_start": "Getting started",
    "learning": "Getting to know you",
    "personalized": "A long record",
}
# By the share that is the climber's own, not by how many sessions there are: many that are alike tell little.
_LEADS: Final = (
    (0.4, "What you get rests mostly on what is known of climbers. Every session moves it towards you."),
    (0.6, "Your own sessions and what is known of climbers are weighed against each other."),
    (1.0, "Your own sessions lead by now. What you rarely tell still leans on climbers in general."),
)


def told_step(name: str) -> float:
    """For how many units an effect is told.

    >>> told_step("caffeine_mg"), told_step("sleep_hours"), told_step("type:power")
    (100.0, 1.0, 1.0)
    """
    return _TOLD_STEPS.get(VARIABLES[name].unit, 1.0) if name in VARIABLES else 1.0


def per_step(name: str) -> str:
    """The same in words; a kind of session is there or is not.

    >>> per_step("caffeine_mg"), per_step("sleep_hours"), per_step("type:power")
    ('per 100 mg', 'per hour', '')
    """
    if name not in VARIABLES:
        return ""
    unit = VARIABLES[name].unit
    return f"per {told_step(name):g} {unit}" if unit in _TOLD_STEPS else f"per {_UNIT_WORDS[unit]}"


def up_to(name: str) -> str:
    """Where more counts as no more, "" where there is no such place.

    >>> up_to("sleep_hours"), up_to("stress_level")
    ('up to 9 h', '')
    """
    if name not in VARIABLES or VARIABLES[name].optimal_range is None:
        return ""
    variable = VARIABLES[name]
    highest = variable.optimal_range[1] if variable.optimal_range else variable.high
    return f"up to {highest:g} {variable.unit}"


def effect_label(name: str) -> str:
    """What an effect is of.

    >>> effect_label("sleep_hours"), effect_label("intercept"), effect_label("intensity:max")
    ('Sleep', 'Your usual quality', 'Max intensity')
    """
    if name == INTERCEPT:
        return "Your usual quality"
    return VARIABLES[name].label if name in VARIABLES else coefficient_label(name)


def told(belief: CoefficientBelief, name: str) -> tuple[float, tuple[float, float]]:
    """Mean and 95 % interval for the step that is told, as precisely as points are.

    >>> told(CoefficientBelief(mean=0.004, sd=0.002), "caffeine_mg")
    (0.4, (0.01, 0.79))
    """
    step, (low, high) = told_step(name), interval_95(belief)
    interval = rounding.interval((low * step, high * step), rounding.GAIN_DECIMALS)
    return rounding.gain(belief.mean * step), interval


def direction(effect: Effect) -> str:
    """Which way an effect goes, where that is clear; the words claim no cause.

    >>> sure, unsure = CoefficientBelief(mean=0.4, sd=0.1), CoefficientBelief(mean=0.4, sd=0.4)
    >>> [direction(Effect(name="sleep_hours", own=own, population=own, reliability=0.5, varies=True,
    ...                   own_sessions=9)) for own in (sure, unsure)]
    ['more goes with better sessions', 'not clear yet which way it goes']
    """
    low, high = interval_95(effect.own)
    if low <= 0.0 <= high:
        return "not clear yet which way it goes"
    what = "it" if effect.is_kind else "more"
    return f"{what} goes with {'better' if low > 0.0 else 'worse'} sessions"


def share_in_words(share: float, *, varies: bool = True) -> str:
    """How much of an estimate is the climber's own.

    >>> share_in_words(0.05), share_in_words(0.5), share_in_words(0.0, varies=False)
    ('still what is known of climbers', 'about half of it is yours', 'taken to be the same for every climber')
    """
    if not varies:
        return SAME_FOR_ALL
    return next(words for limit, words in _SHARES if share <= limit)


def phase_title(phase: str) -> str:
    """A phase as a heading: it counts sessions, and says nothing of how much they told.

    >>> phase_title("learning")
    'Getting to know you'
    """
    return _PHASE_TITLES[phase]


def lead(share: float) -> str:
    """What the climber gets rests on, from the measured share of it that is their own.

    >>> lead(0.49), lead(0.75)[:29]
    ('Your own sessions and what is known of climbers are weighed against each other.', 'Your own sessions lead by now')
    """
    return next(words for limit, words in _LEADS if share <= limit)


def next_phase(model: OwnModel) -> str:
    """How far the next phase is, "" in the last."""
    left = model.sessions_to_next_phase
    if left is None:
        return ""
    following = "learning" if model.phase == "cold_start" else "personalized"
    sessions = f"{left} more session{'' if left == 1 else 's'}"
    return f"{sessions} until “{phase_title(following)}”."
