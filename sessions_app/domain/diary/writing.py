"""From sessions to the text of a file that reads back to the same sessions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, Final
from uuid import UUID

from climbiq.domain.formulas import with_guard
from climbiq.domain.quantities import Variable
from climbiq.domain.values import format_value
from sessions_app.domain.diary.columns import COLUMNS, EXPORT_COLUMNS, DiaryColumn
from sessions_app.domain.records import SessionRecord

__all__ = ["BYTE_ORDER_MARK", "write_diary"]

BYTE_ORDER_MARK: Final = "\ufeff"  # without it, spreadsheets take UTF-8 for something else
_WRITTEN: Final = frozenset({"text", "list", "niggles", "choice"})


def write_diary(
    *, sessions: Iterable[SessionRecord], zone: tzinfo, gyms: Mapping[UUID, str] | None = None
) -> str:
    """Write sessions as a diary file, in the order given.

    Parameters
    ----------
    sessions : iterable of SessionRecord
    zone : tzinfo
        Times are written in it, with their offset.
    gyms : mapping or None
        Key of each gym → how it is written.

    >>> from datetime import UTC
    >>> write_diary(sessions=[], zone=UTC).startswith("\\ufeffsession_date,started_at")
    True
    """
    file = io.StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(EXPORT_COLUMNS)
    for session in sessions:
        gym = (gyms or {}).get(session.gym_id) if session.gym_id else None
        cells = (_cell(session, COLUMNS[name], zone=zone, gym=gym) for name in EXPORT_COLUMNS)
        writer.writerow(cells)
    return file.getvalue()


def _cell(session: SessionRecord, column: DiaryColumn, *, zone: tzinfo, gym: str | None) -> str:
    value: Any = gym if column.name == "gym" else _value(session, column)
    if value is None:
        return ""
    if column.variable is not None:
        return _formatted(column.variable, value)
    match column.name:
        case "started_at" | "ended_at":
            return str(value.astimezone(zone).isoformat())
        case "session_date":
            return str(value.isoformat())
        case "gym":
            return with_guard(value)
        case "deviation_details":
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _value(session: SessionRecord, column: DiaryColumn) -> Any:
    match column.part:
        case "planned":
            return session.planned.get(column.name)
        case "actual":
            return session.actual.get(column.name)
        case "outcome":
            return session.outcomes.get(column.name)
        case "word" if column.name == "deviated_from_plan":
            return session.deviated if session.has_post else None
        case "word":
            return session.notes.get(column.name)
        case _:
            return _own(session, column.name)


def _own(session: SessionRecord, name: str) -> Any:
    match name:
        case "session_id":
            return session.id
        case "deviation_details":
            return session.notes.get(name)
        case _:
            return getattr(session, name)


def _formatted(variable: Variable, value: Any) -> str:
    text = format_value(variable, value)
    return with_guard(text) if variable.kind in _WRITTEN else text
