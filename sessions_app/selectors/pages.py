"""The history, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Q

from sessions_app.domain.records import SessionRecord
from sessions_app.selectors.rows import COLUMNS, record_of, rows_of

__all__ = ["HistoryFilter", "HistoryPage", "page_of_history"]

PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which sessions are looked for; None: any."""

    status: str | None = None
    session_type: str | None = None
    only_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """One page of the history, and where the next one begins ("" where there is none)."""

    sessions: tuple[SessionRecord, ...]
    after: str


def page_of_history(
    *, user_id: UUID, wanted: HistoryFilter, start: str = "", size: int = PAGE_SIZE
) -> HistoryPage:
    """Read one page, latest first; pages neither overlap nor leave out, whatever is added in between.

    Parameters
    ----------
    start : str
        The `after` of the page before; anything else begins at the latest session.
    """
    rows = rows_of().filter(_condition(wanted), user_id=user_id)
    if (place := _read_place(start)) is not None:
        day, moment, key = place
        same_day = Q(session_date=day)
        rows = rows.filter(
            Q(session_date__lt=day)
            | same_day & Q(moment__lt=moment)
            | same_day & Q(moment=moment, pk__lt=key)
        )
    found = list(rows.annotate(moment=F("moment")).values_list(*COLUMNS, "moment")[: size + 1])
    sessions = tuple(map(record_of, found[:size]))
    more = len(found) > size
    return HistoryPage(
        sessions=sessions, after=_write_place(sessions[-1], found[size - 1][-1]) if more else ""
    )


def _condition(wanted: HistoryFilter) -> Q:
    condition = Q()
    if wanted.status is not None:
        condition &= Q(status=wanted.status)
    if wanted.session_type is not None:
        planned = Q(post__actual_session_type=None, pre__planned_session_type=wanted.session_type)
        condition &= planned | Q(post__actual_session_type=wanted.session_type)
    if wanted.only_changed:
        condition &= Q(post__deviated_from_plan=True)
    return condition


def _write_place(last: SessionRecord, moment: datetime) -> str:
    return f"{last.session_date.isoformat()}_{moment.isoformat()}_{last.id.hex}"


def _read_place(start: str) -> tuple[date, datetime, UUID] | None:
    """A place that we wrote, or None."""
    try:
        day, moment, key = start.split("_")
        place = date.fromisoformat(day), datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        return None
    return place if place[1].tzinfo is not None else None
