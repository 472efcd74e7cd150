"""Which column of which table holds what, derived from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from climbiq.domain.quantities import Variable
from climbiq.domain.variables import TREATMENTS, VARIABLES, in_room

__all__ = ["ACTUAL_COLUMNS", "OUTCOME_COLUMNS", "PLANNED_COLUMNS", "TEXT_COLUMNS", "TRAIT_COLUMNS", "TREATED"]

TREATED: Final[tuple[Variable, ...]] = tuple(VARIABLES[name] for name in TREATMENTS)

# Registry name → column, in the order that the forms ask.
PLANNED_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {v.name: v.column for v in in_room("pre_session")}
)
ACTUAL_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({v.name: v.actual_column for v in TREATED})
OUTCOME_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {v.name: v.name for v in in_room("post_session")}
)
TRAIT_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({v.name: v.column for v in in_room("baseline")})

# What is written after a session and never weighed.
TEXT_COLUMNS: Final[tuple[str, ...]] = (
    "deviation_reason",
    "deviation_details",
    "what_went_well",
    "what_could_improve",
    "notes",
)
