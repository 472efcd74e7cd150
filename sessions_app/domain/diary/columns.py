"""The columns a diary file may have, derived from the registry."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from climbiq.domain.quantities import Variable
from climbiq.domain.variables import in_room
from climbiq.domain.vocabularies import SESSION_STATUSES
from sessions_app.domain.columns import TREATED
from sessions_app.domain.extras import AFTERWARDS, CIRCUMSTANCES

__all__ = ["COLUMNS", "EXPORT_COLUMNS", "DiaryColumn", "why_unknown"]

Part = Literal["row", "planned", "actual", "outcome", "word", "circumstance"]


@dataclass(frozen=True, slots=True)
class DiaryColumn:
    """Where one column's values go: which part of the row, under which name, read as which variable."""

    part: Part
    name: str
    variable: Variable | None = None


STATUS: Final = Variable(
    name="status",
    label="Status",
    room="post_session",
    role="context",
    kind="choice",
    choices=SESSION_STATUSES,
)


def _columns() -> Iterator[tuple[str, DiaryColumn]]:
    for name in (
        "climber",
        "session_date",
        "started_at",
        "ended_at",
        "session_id",
        "gym",
        "deviation_details",
    ):
        yield name, DiaryColumn("row", name)
    yield "status", DiaryColumn("row", "status", STATUS)
    for v in CIRCUMSTANCES:
        yield v.name, DiaryColumn("circumstance", v.name, v)
    for v in in_room("pre_session"):
        for name in (v.name, v.column, *v.aliases):
            if name != v.actual_column:
                yield name, DiaryColumn("planned", v.name, v)
    for v in TREATED:
        yield v.actual_column, DiaryColumn("actual", v.name, v)
    for v in in_room("post_session"):
        yield v.name, DiaryColumn("outcome", v.name, v)
    for v in AFTERWARDS:
        yield v.name, DiaryColumn("word", v.name, v)


# Every name a column may have → what it holds.
COLUMNS: Final[Mapping[str, DiaryColumn]] = dict(_columns())

# The columns of an export, in their order.
EXPORT_COLUMNS: Final[tuple[str, ...]] = (
    *("session_date", "started_at", "ended_at", "session_id", "status"),
    *(v.name for v in CIRCUMSTANCES),
    "gym",
    "session_quality",
    *(v.column for v in in_room("pre_session")),
    *(v.actual_column for v in TREATED),
    *(v.name for v in AFTERWARDS),
    "deviation_details",
    *(v.name for v in in_room("post_session") if v.name != "session_quality"),
)

_TRAITS: Final = frozenset(v.name for v in in_room("baseline"))


def why_unknown(name: str) -> str:
    """Say why there is no column of that name, and which one may have been meant.

    >>> why_unknown("slep_hours")
    'There is no column "slep_hours". Did you mean sleep_hours?'
    >>> why_unknown("weight_kg")
    '"weight_kg" belongs to the baseline, not to the diary.'
    """
    if name in _TRAITS:
        return f'"{name}" belongs to the baseline, not to the diary.'
    near = difflib.get_close_matches(name, COLUMNS, n=1)
    return f'There is no column "{name}".' + (f" Did you mean {near[0]}?" if near else "")
