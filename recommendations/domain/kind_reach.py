"""Which kinds of session may be advised to whom: never what today, the plan or the climber's experience rules out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from climbiq.domain.variables import VARIABLES
from climbiq.domain.vocabularies import INTENSITIES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.session_kind import FAMILIES, INTENSITY, TYPE, FamilyLayout

KIND_LEVERS: Final = tuple(name for name in FAMILIES if VARIABLES[name].changeable_today)

# A competition has a date: nobody makes one of today's session, and nobody is advised out of one.
BY_APPOINTMENT: Final = frozenset({"competition"})
# These load fingers and tendons in a way that has to be built up: only who has done them is advised to.
TO_BE_BUILT_UP: Final = frozenset({"power", "hangboard"})
_HARDEST_FIRST: Final = tuple(INTENSITIES)

# Pairs that are no session: the one takes back what the other is.
CLASHES: Final = frozenset(
    {
        ("recovery", "max"),
        ("recovery", "high"),
        ("power", "low"),
        ("project", "low"),
        ("competition", "low"),
    }
)

_HARD: Final = frozenset({"max", "high"})
# Goal → what serves it; a treatment that is not listed serves it whatever it is.
_SERVES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = MappingProxyType(
    {
        "project": {TYPE: frozenset({"project"}), INTENSITY: _HARD},
        "steep_project": {TYPE: frozenset({"project"}), INTENSITY: _HARD},
        "volume": {TYPE: frozenset({"volume", "endurance"}), INTENSITY: frozenset(INTENSITIES) - {"max"}},
        "technique": {TYPE: frozenset({"technique"})},
        "strength": {TYPE: frozenset({"power", "hangboard", "project"}), INTENSITY: _HARD},
        "endurance": {TYPE: frozenset({"endurance", "volume"}), INTENSITY: frozenset(INTENSITIES) - {"max"}},
        "competition": {TYPE: frozenset({"competition"}), INTENSITY: _HARD},
        "recovery": {TYPE: frozenset({"recovery"}), INTENSITY: frozenset({"low"})},
    }
)


def serves_goal(*, variable: str, kind: str, goal: str) -> bool:
    """Whether a kind of session goes with what the climber said the day is about ("" where they did not).

    >>> serves_goal(variable="session_type", kind="technique", goal="project")
    False
    >>> serves_goal(variable="session_type", kind="technique", goal="fun")
    True
    """
    serving = _SERVES.get(goal, {}).get(variable)
    return serving is None or kind in serving


def clash(*, session_type: str | None, intensity: str | None) -> bool:
    """Whether a type and an intensity contradict each other.

    >>> clash(session_type="recovery", intensity="max"), clash(session_type="recovery", intensity=None)
    (True, False)
    """
    return (session_type, intensity) in CLASHES


def own_kinds(*, sessions: Sequence[TreatedSession]) -> dict[str, frozenset[str]]:
    """The kinds of each treatment that a climber has done.

    >>> own_kinds(sessions=[TreatedSession(day=0, conditions={"session_type": "power"}, session_quality=6)])
    {'session_type': frozenset({'power'}), 'session_intensity': frozenset()}
    """
    return {
        name: frozenset(kind for s in sessions if isinstance(kind := s.conditions.get(name), str))
        for name in FAMILIES
    }


def kinds_in_reach(
    *, of_family: FamilyLayout, conditions: Mapping[str, Any], done: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The kinds that may be advised instead of the plan, whatever they are worth.

    Those that the population was trained on, but the planned one, a competition, what would contradict the rest of
    the plan, and what the climber has not built up to: power and hangboard sessions that they never did, or an
    intensity above both the reference and their hardest session. None where the plan is a competition, or of a kind
    that the model does not know.

    Parameters
    ----------
    of_family
        The treatment, as the population was trained on it.
    conditions
        Registered name → value, of today.
    done
        Kinds in the climber's own sessions.

    Examples
    --------
    >>> from modeling.domain.session_kind import KindLayout
    >>> (types,) = KindLayout.of(("type:project", "type:power", "type:recovery")).families
    >>> kinds_in_reach(of_family=types, conditions={"session_type": "project"})
    ('volume', 'recovery')
    >>> kinds_in_reach(
    ...     of_family=types,
    ...     conditions={"session_type": "project", "session_intensity": "max"},
    ...     done=frozenset({"power"}),
    ... )
    ('volume', 'power')
    """
    family = of_family.family
    planned = conditions.get(family.variable)
    if planned in BY_APPOINTMENT or not (planned is None or planned in of_family.kinds):
        return ()
    taken = family.reference if planned is None else planned
    return tuple(
        kind
        for kind in of_family.kinds
        if kind != taken
        and kind not in BY_APPOINTMENT
        and not _clashes(family.variable, kind, conditions)
        and _is_built_up_to(family.variable, kind, taken, done)
    )


def _clashes(variable: str, kind: str, conditions: Mapping[str, Any]) -> bool:
    both = {TYPE: conditions.get(TYPE), INTENSITY: conditions.get(INTENSITY), variable: kind}
    return clash(session_type=both[TYPE], intensity=both[INTENSITY])


def _is_built_up_to(variable: str, kind: str, planned: str, done: frozenset[str]) -> bool:
    if variable == TYPE:
        return kind not in TO_BE_BUILT_UP or kind in done
    known = {FAMILIES[INTENSITY].reference, planned, *done}
    hardest = min(_HARDEST_FIRST.index(one) for one in known if one in _HARDEST_FIRST)
    return _HARDEST_FIRST.index(kind) >= hardest
