"""What would flip a tip on the kind of session: the nearest stress or sleep at which another kind is better, or a rule.

Own sessions to come are not among them: what a kind is worth is learnt from everyone's sessions together, so the next
few of one climber do not turn it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COLUMN
from modeling.domain.session_kind import FamilyLayout
from recommendations.domain.flips import AND_BEYOND, MOST_RULE_FLIPS, direction_of, nearest_first, said_at
from recommendations.domain.kind_moves import (
    KindEffect,
    KindMove,
    best_kind_move,
    choose,
    effect_on_kind,
    family_of,
)
from recommendations.domain.kind_words import session_of
from recommendations.domain.moves import Situation
from recommendations.domain.rule_lens import TODAY, RuleLens, changed, distance, lens_for
from recommendations.domain.tips import Direction, Flip

_BESIDE: Final = 1e-6


def kind_flips_of(*, move: KindMove, situation: Situation) -> tuple[Flip, ...]:
    """Everything that would flip a tip on a kind, the nearest input first; each is checked by asking again."""
    of_family = family_of(variable=move.variable, situation=situation)
    if of_family is None:
        return ()
    lenses = _lenses(of_family, situation)
    return nearest_first(
        [
            *(
                flip
                for moderator in of_family.family.moderators
                for flip in _moderator(move, of_family, situation, moderator)
            ),
            *_rules(move, of_family, situation, lenses),
        ],
        situation,
    )


def still_given(*, move: KindMove, situation: Situation, name: str, value: Any) -> bool:
    """Whether the same kind would be advised with one input changed."""
    other = best_kind_move(variable=move.variable, situation=situation, changes={name: value})
    return other is not None and other.target == move.target


def kinds_over(
    *,
    variable: str,
    situation: Situation,
    moderator: str,
    values: Sequence[float],
) -> list[str | None]:
    """The kind that would be advised at each value of what it depends on, None where none.

    One pass over the values for each stretch of them that the rules do not tell apart.
    """
    of_family = family_of(variable=variable, situation=situation)
    if of_family is None:
        return [None] * len(values)
    mentioned = sorted(_mentioned(_lenses(of_family, situation), f"{TODAY}{moderator}"))
    stretches: dict[tuple[int, int], list[int]] = {}
    for place, value in enumerate(values):
        key = bisect_left(mentioned, value - _BESIDE), bisect_right(mentioned, value + _BESIDE)
        stretches.setdefault(key, []).append(place)
    found: list[str | None] = [None] * len(values)
    line = of_family.family.moderators.index(moderator)
    today = [situation.conditions.get(name) for name in of_family.family.moderators]
    for places in stretches.values():
        changes = {moderator: values[places[0]]}
        effect = effect_on_kind(of_family=of_family, situation=situation, changes=changes)
        if effect.silenced_by:
            continue
        days = [[*today[:line], values[place], *today[line + 1 :]] for place in places]
        choices = choose(of_family=of_family, situation=situation, effect=effect, changes=changes, days=days)
        for place, choice in zip(places, choices, strict=True):
            found[place] = choice.kind if choice else None
    return found


def _moderator(
    move: KindMove,
    of_family: FamilyLayout,
    situation: Situation,
    moderator: str,
) -> Iterator[Flip]:
    """The nearest value above and the nearest below at which another kind, or none, is advised."""
    variable, current = VARIABLES[moderator], situation.conditions.get(moderator)
    steps = round((variable.high - variable.low) / variable.step)
    values = [round(variable.low + step * variable.step, 6) for step in range(steps + 1)]
    advised = kinds_over(variable=move.variable, situation=situation, moderator=moderator, values=values)
    usual = variable.reference + float(situation.usual.centred_dose[COLUMN[moderator] - 1])
    start = float(usual if current is None else current)
    above = [
        place for place, value in enumerate(values) if value > start or (current is None and value == start)
    ]
    below = [place for place, value in enumerate(values) if value < start][::-1]
    sides: tuple[tuple[Direction, list[int]], ...] = (("at_least", above), ("at_most", below))
    for direction, places in sides:
        turning = next((i for i, place in enumerate(places) if advised[place] != move.target), None)
        if turning is None:
            continue
        everything_beyond = all(advised[place] != move.target for place in places[turning:])
        place = places[turning]
        yield _flip(
            move,
            of_family,
            situation,
            f"{TODAY}{moderator}",
            values[place],
            direction if everything_beyond else "is",
            instead=advised[place],
        )


def _rules(
    move: KindMove, of_family: FamilyLayout, situation: Situation, lenses: Sequence[RuleLens]
) -> Iterator[Flip]:
    """For each other input, the nearest value at which rules silence the tip or meet it where it leads."""
    if not lenses:
        return
    at_target = changed(situation.state, f"{TODAY}{move.variable}", move.target)
    candidates = {
        (path, str(value)): (path, value)
        for lens in lenses
        for state in (situation.state, at_target)
        for path, value in lens.one_change_away(state)
    }
    told = {f"{TODAY}{name}" for name in (move.variable, *of_family.family.moderators)}
    ranked = sorted(
        candidates.values(), key=lambda c: (distance(c[0], situation.state.get(c[0]), c[1]), c[0], str(c[1]))
    )
    done: set[str] = set()
    for path, value in ranked:
        if path in told or path in done or len(done) >= MOST_RULE_FLIPS:
            continue
        name = path.removeprefix(TODAY)
        if still_given(move=move, situation=situation, name=name, value=value):
            continue
        done.add(path)
        direction = direction_of(
            path,
            value,
            current=situation.state.get(path),
            mentioned=_mentioned(lenses, path),
            still_given=lambda v, name=name: still_given(  # type: ignore[misc]
                move=move, situation=situation, name=name, value=v
            ),
        )
        other = best_kind_move(variable=move.variable, situation=situation, changes={name: value})
        yield _flip(
            move, of_family, situation, path, value, direction, instead=other.target if other else None
        )


def _flip(
    move: KindMove,
    of_family: FamilyLayout,
    situation: Situation,
    path: str,
    value: Any,
    direction: Direction,
    *,
    instead: str | None,
) -> Flip:
    name = path.removeprefix(TODAY)
    where = f"{RULE_FIELDS[path].label} at {said_at(path, value)}{AND_BEYOND[direction]}"
    advised = session_of(move.variable, move.target)
    silenced_by = _silenced(of_family, situation, {name: value})
    silenced_there = _silenced(of_family, situation, {name: value, move.variable: move.target})
    if silenced_by:
        label = VARIABLES[move.variable].label.lower()
        then = f"the rule “{silenced_by[0]}” takes over, and nothing is advised on {label}"
    elif silenced_there:
        then = f"the rule “{silenced_there[0]}” speaks against {advised}"
    elif instead is not None:
        then = f"then {session_of(move.variable, instead)} would be the better change"
    else:
        planned = session_of(move.variable, move.compared_with)
        then = f"then {advised} is not likely enough to be worth more than {planned}"
    return Flip(
        kind="rule" if silenced_by or silenced_there else "interaction",
        variable=name,
        threshold=value,
        direction=direction,
        sentence=f"{where}: {then}.",
    )


def _silenced(of_family: FamilyLayout, situation: Situation, changes: Mapping[str, Any]) -> tuple[str, ...]:
    effect: KindEffect = effect_on_kind(of_family=of_family, situation=situation, changes=changes)
    return effect.silenced_by


def _lenses(of_family: FamilyLayout, situation: Situation) -> tuple[RuleLens, ...]:
    """The rules that can touch the advice on the kind, or the effects that it depends on."""
    rules = situation.rules
    if rules is None:
        return ()
    family = of_family.family
    return tuple(lens_for(rules=rules, variable=name) for name in (family.variable, *family.moderators))


def _mentioned(lenses: Sequence[RuleLens], path: str) -> set[float]:
    return {value for lens in lenses for value in lens.mentioned(path)}
