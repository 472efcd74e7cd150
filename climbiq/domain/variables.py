"""The registry of variables: the one place that says what each quantity is.

Forms, API schema, rule editor, scenario generator, design matrix, charts, prompts and files all read it, so a
scale's direction, its words, its range and its coefficient can only be wrong in one place.
"""

from __future__ import annotations

from typing import Final

from climbiq.domain import catalogue
from climbiq.domain.literature import LITERATURE_PRIORS, WEAK_PRIORS
from climbiq.domain.quantities import Kind, Role, Room, Variable

__all__ = [
    "ALIASES",
    "CONDITIONS",
    "MODEL_VARIABLES",
    "TREATMENTS",
    "VARIABLES",
    "Kind",
    "Role",
    "Room",
    "UnknownVariable",
    "Variable",
    "in_room",
    "variable",
]


class UnknownVariable(KeyError):
    """No variable of that name or alias is registered."""

    def __str__(self) -> str:
        return f"unknown variable {self.args[0]!r}"


_ENTRIES: Final = (*catalogue.STATES, *catalogue.TREATMENTS, *catalogue.TRAITS, *catalogue.OUTCOMES)

VARIABLES: Final[dict[str, Variable]] = {v.name: v for v in _ENTRIES}
ALIASES: Final[dict[str, str]] = {alias: v.name for v in VARIABLES.values() for alias in v.aliases}

# The columns of the design matrix, in their order: the literature's eight, then those with a weak prior.
MODEL_VARIABLES: Final[tuple[str, ...]] = (*LITERATURE_PRIORS, *WEAK_PRIORS)
TREATMENTS: Final[tuple[str, ...]] = tuple(v.name for v in VARIABLES.values() if v.role == "treatment")
CONDITIONS: Final[tuple[str, ...]] = tuple(v.name for v in VARIABLES.values() if v.room == "pre_session")


def variable(name: str) -> Variable:
    """Look a variable up by its name or an alias.

    >>> variable("planned_caffeine_mg").name
    'caffeine_mg'
    """
    try:
        return VARIABLES[ALIASES.get(name, name)]
    except KeyError:
        raise UnknownVariable(name) from None


def in_room(room: Room) -> tuple[Variable, ...]:
    """The variables that one form asks for, in the order it asks."""
    return tuple(v for v in VARIABLES.values() if v.room == room)
