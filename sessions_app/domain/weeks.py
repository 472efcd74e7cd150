"""Sessions by calendar week, as the history shows them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sessions_app.domain.records import SessionRecord

__all__ = ["Week", "by_week"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The sessions from a Monday on, latest first."""

    monday: date
    label: str
    sessions: tuple[SessionRecord, ...]


def by_week(*, sessions: Iterable[SessionRecord], today: date) -> tuple[Week, ...]:
    """Group sessions, latest first, by the week of their date.

    >>> by_week(sessions=[], today=date(2026, 5, 1))
    ()
    """
    groups = itertools.groupby(sessions, key=lambda session: _monday(session.session_date))
    return tuple(
        Week(monday=monday, label=_label(monday, today), sessions=tuple(group)) for monday, group in groups
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _label(monday: date, today: date) -> str:
    weeks_ago = (_monday(today) - monday).days // 7
    near = {-1: "Next week", 0: "This week", 1: "Last week"}
    if weeks_ago in near:
        return near[weeks_ago]
    sunday = monday + timedelta(days=6)
    start = f"{monday.day}" if monday.month == sunday.month else f"{monday.day} {monday:%B}"
    if monday.year != sunday.year:
        start = f"{monday.day} {monday:%B} {monday.year}"
    return f"{start} – {sunday.day} {sunday:%B} {sunday.year}"
