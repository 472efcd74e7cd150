"""What would flip a tip: the nearest input, in closed form where the model is linear, and checked by asking again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from scipy.special import ndtri

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY, PersonalPosterior
from recommendations.domain import rounding
from recommendations.domain.moves import LEAST_PROBABILITY, SMALLEST_GAIN, Move, Situation, best_move
from recommendations.domain.rule_lens import TODAY, distance, lens_for
from recommendations.domain.tips import Direction, Flip, FlipKind, worded

MOST_SESSIONS: Final = 5  # a belief that more sessions than that would turn is not about to turn
MOST_RULE_FLIPS: Final = 3
_NEEDED_RATIO: Final = float(ndtri(LEAST_PROBABILITY))  # mean over sd below which nothing is advised
_NUDGES: Final = 2  # steps that rounding may have cost the closed form


def flips_of(*, move: Move, situation: Situation) -> tuple[Flip, ...]:
    """Everything that would flip a tip, the nearest input first, sessions to come last.

    Each input is changed alone, and each flip is checked: with that input the tip is given no more.
    """
    inputs = [
        *(flip for flip in (_own_plan(move, situation), _time(move, situation)) if flip is not None),
        *_rules(move, situation),
    ]
    belief = _belief(move, situation)
    found = nearest_first(inputs, situation)
    return (*found, belief) if belief else found


def nearest_first(flips: Iterable[Flip], situation: Situation) -> tuple[Flip, ...]:
    """The flips by how far their input is from today's, one for each input and direction."""
    nearest: dict[tuple[str, Direction], Flip] = {}
    for flip in sorted(flips, key=lambda f: (_distance(f, situation), f.kind, f.variable)):
        nearest.setdefault((flip.variable, flip.direction), flip)
    return tuple(nearest.values())


def still_given(*, move: Move, situation: Situation, name: str, value: Any) -> bool:
    """Whether the tip would be given with one input changed."""
    other = best_move(lever=move.lever, situation=situation, changes={name: value})
    return other is not None and _raises(other) == _raises(move)


def _raises(move: Move) -> bool:
    return move.dose_change > 0.0


def _own_plan(move: Move, situation: Situation) -> Flip | None:
    """The planned value from which the rest of the way is worth less than the smallest gain.

    |b| |target - c| < smallest gain  ⇔  c > target - smallest gain / b  (upwards; downwards mirrored)
    """
    variable = VARIABLES[move.lever.variable]
    left = SMALLEST_GAIN * abs(move.dose_change) / move.gain
    upwards = _raises(move)
    edge = move.target - left if upwards else move.target + left
    step = variable.step if upwards else -variable.step
    start = math.floor(edge / variable.step) if upwards else math.ceil(edge / variable.step)
    threshold = start * variable.step + step
    found = _checked(move, situation, variable.name, threshold, step, variable.low, variable.high)
    if found is None:
        return None
    kind: FlipKind = "optimum" if upwards and move.room.high_is == "optimum" else "dose_limit"
    value = worded(variable.name, found, variable.unit)
    sentence = (
        f"If you already plan {value} or more, what is left to add is not worth it."
        if upwards
        else f"If you plan {value} or less anyway, what is left to cut is not worth it."
    )
    return Flip(
        kind=kind,
        variable=variable.name,
        threshold=found,
        direction="at_least" if upwards else "at_most",
        sentence=sentence,
    )


def _time(move: Move, situation: Situation) -> Flip | None:
    """The time available below which the treatment does not fit any more.

    share · T < smallest value worth advising  ⇔  T < that value / share
    """
    share = move.lever.share_of_time
    if share is None or not _raises(move):
        return None
    per_unit = move.gain / move.dose_change
    from_value = move.target - move.dose_change  # linear below the optimum, where targets lie
    smallest = math.ceil((from_value + SMALLEST_GAIN / per_unit) / move.lever.step - 1e-9) * move.lever.step
    time = VARIABLES["time_available_min"]
    threshold = math.ceil(smallest / share) - time.step
    found = _checked(move, situation, time.name, threshold, -time.step, time.low, time.high)
    if found is None:
        return None
    label = VARIABLES[move.lever.variable].label.lower()
    sentence = (
        f"With {worded(time.name, found, time.unit)} or less, a longer {label} takes too much of the session."
    )
    return Flip(
        kind="dose_limit", variable=time.name, threshold=found, direction="at_most", sentence=sentence
    )


def _checked(
    move: Move, situation: Situation, name: str, threshold: float, step: float, low: float, high: float
) -> float | None:
    """The threshold if it flips, else a step or two on; None where nothing inside the range does."""
    for nudge in range(_NUDGES + 1):
        value = threshold + nudge * step
        if not low <= value <= high:
            value = min(max(value, low), high)
        if not still_given(move=move, situation=situation, name=name, value=value):
            return value
    return None


def _rules(move: Move, situation: Situation) -> Iterator[Flip]:
    """For each input, the nearest value at which rules silence the tip or leave too little of its effect."""
    if situation.rules is None:
        return
    lens = lens_for(rules=situation.rules, variable=move.lever.variable)
    candidates = sorted(
        lens.one_change_away(situation.state),
        key=lambda found: (
            distance(found[0], situation.state.get(found[0]), found[1]),
            found[0],
            str(found[1]),
        ),
    )
    before = situation.effect_on(move.lever.variable, {})
    done: set[str] = set()
    for path, value in candidates:
        if path in done or len(done) >= MOST_RULE_FLIPS:
            continue
        name = path.removeprefix(TODAY)
        effect = situation.effect_on(move.lever.variable, {name: value})
        if effect.same_as(before) or still_given(move=move, situation=situation, name=name, value=value):
            continue
        done.add(path)
        yield _rule_flip(move, situation, path, value, effect.silenced_by)


def _rule_flip(move: Move, situation: Situation, path: str, value: Any, silenced_by: tuple[str, ...]) -> Flip:
    entry, name = RULE_FIELDS[path], path.removeprefix(TODAY)
    direction = _direction(move, situation, path, value)
    label = VARIABLES[move.lever.variable].label.lower()
    where = f"{entry.label} at {said_at(path, value)}{AND_BEYOND[direction]}"
    if silenced_by:
        kind: FlipKind = "rule"
        sentence = f"{where}: the rule “{silenced_by[0]}” takes over, and nothing is advised on {label}."
    else:
        kind = "interaction"
        sentence = (
            f"{where}: coaches then count the effect of {label} differently, and too little is left of it."
        )
    return Flip(kind=kind, variable=name, threshold=value, direction=direction, sentence=sentence)


AND_BEYOND: Final[dict[Direction, str]] = {"at_least": " or more", "at_most": " or less", "is": ""}


def _direction(move: Move, situation: Situation, path: str, value: Any) -> Direction:
    """Whether everything beyond flips as well: truth only changes at the values that rules mention."""
    rules, name = situation.rules, path.removeprefix(TODAY)
    mentioned = lens_for(rules=rules, variable=move.lever.variable).mentioned(path) if rules else ()
    return direction_of(
        path,
        value,
        current=situation.state.get(path),
        mentioned=mentioned,
        still_given=lambda v: still_given(move=move, situation=situation, name=name, value=v),
    )


def direction_of(
    path: str, value: Any, *, current: Any, mentioned: Iterable[float], still_given: Callable[[float], bool]
) -> Direction:
    """Whether all that is mentioned beyond a value flips as well as the value itself."""
    entry = RULE_FIELDS[path]
    if entry.kind != "number":
        return "is"
    above = [v for v in (*mentioned, entry.high) if v > value]
    below = [v for v in (*mentioned, entry.low) if v < value]
    if (current is None or value > current) and not any(map(still_given, above)):
        return "at_least"
    if (current is None or value < current) and not any(map(still_given, below)):
        return "at_most"
    return "is"


def said_at(path: str, value: Any) -> str:
    """A value of today in words."""
    entry = RULE_FIELDS[path]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return entry.choices.get(value, value).lower()
    anchor = entry.anchors.get(float(value))
    unit = f" {entry.unit}" if entry.unit and entry.unit != "points" else ""
    return f"{value:g}{unit}" + (f" ({anchor})" if anchor else "")


@dataclass(frozen=True, slots=True)
class _Moments:
    """Of today's session at one value of the lever: Cov(b, x'theta + level), its variance and its mean."""

    covariance: float
    variance: float
    mean: float


def _belief(move: Move, situation: Situation) -> Flip | None:
    """How many sessions, and how good or bad, would leave the tip less likely than it must be.

    k sessions at one design row x, averaging y, move the coefficient b to

        m' = m + c (y - x'm) / (v + sigma² / k),   s'² = s² - c² / (v + sigma² / k)

    with c = Cov(b, x'theta) and v = Var(x'theta), the level of form today included. Solved for the y at which
    m' / s' falls to the least ratio that is advised. Both the advised value and the planned one are tried, the
    one that takes fewer sessions is told.
    """
    name, found = move.lever.variable, []
    for order, unrounded in enumerate((move.target, move.compared_with)):
        value = float(rounding.amount(name, unrounded) or 0.0)
        moments = _moments(move, situation, value)
        turning = _turning_rating(situation.posterior, name, moments)
        if turning is not None:
            found.append((turning[0], order, turning[1], turning[2], value))
    if not found:
        return None
    sessions, _, rating, direction, value = min(found)
    count = "1 more session" if sessions == 1 else f"{sessions} more sessions"
    at = worded(name, value, VARIABLES[name].unit)
    beyond = "" if rating in (LOWEST_QUALITY, HIGHEST_QUALITY) else AND_BEYOND[direction]
    return Flip(
        kind="uncertainty",
        variable="session_quality",
        threshold=rating,
        direction=direction,
        sentence=f"{count} like this at {at}, rated {rating:g}{beyond}, would change our mind.",
        sessions=sessions,
        at_value=value,
    )


def _turning_rating(
    posterior: PersonalPosterior, name: str, moments: _Moments
) -> tuple[int, float, Direction] | None:
    """The fewest sessions and the whole rating at which the belief turns; None where the scale is too short."""
    place = posterior.names.index(name)
    mean, variance = float(posterior.mean[place]), float(posterior.covariance[place, place])
    if moments.covariance == 0.0:
        return None
    needs_worse = (moments.covariance > 0.0) == (mean > 0.0)
    for sessions in range(1, MOST_SESSIONS + 1):
        total = moments.variance + posterior.sigma**2 / sessions
        left = max(variance - moments.covariance**2 / total, 0.0)
        turning_mean = math.copysign(_NEEDED_RATIO * math.sqrt(left), mean)
        quality = moments.mean + (turning_mean - mean) * total / moments.covariance
        # The whole rating strictly beyond it, on the side of the surprise.
        rating = math.ceil(quality) - 1.0 if needs_worse else math.floor(quality) + 1.0
        if needs_worse and rating >= LOWEST_QUALITY:
            return sessions, min(rating, HIGHEST_QUALITY), "at_most"
        if not needs_worse and rating <= HIGHEST_QUALITY:
            return sessions, max(rating, LOWEST_QUALITY), "at_least"
    return None


def _moments(move: Move, situation: Situation, value: float) -> _Moments:
    posterior = situation.posterior
    place = posterior.names.index(move.lever.variable)
    row = situation.row.copy()
    row[place] = VARIABLES[move.lever.variable].centred_dose(value)
    of_row = posterior.covariance @ row
    of_level = posterior.level_covariance
    return _Moments(
        covariance=float(of_row[place] + of_level[place]),
        variance=float(row @ of_row) + posterior.level_variance + 2.0 * float(row @ of_level),
        mean=float(row @ posterior.mean) + posterior.level_mean,
    )


def _distance(flip: Flip, situation: Situation) -> float:
    path = f"{TODAY}{flip.variable}"
    current = situation.state.get(path, situation.conditions.get(flip.variable))
    return distance(path, current, flip.threshold)
