"""Reads sessions and baselines. Whose rows: the caller's `user_id`, and under it the database's own policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from sessions_app.domain.columns import (
    ACTUAL_COLUMNS,
    OUTCOME_COLUMNS,
    PLANNED_COLUMNS,
    TEXT_COLUMNS,
    TRAIT_COLUMNS,
)
from sessions_app.domain.records import BaselineRecord, ClimberContext, SessionRecord
from sessions_app.models import Session

__all__ = [
    "HistoryFilter",
    "HistoryPage",
    "SessionNotFound",
    "context_for",
    "current_baseline",
    "history_of",
    "newest_first",
    "page_of_history",
    "read_records",
    "session_of",
    "version_of",
    "whole_history_of",
]

HISTORY_LIMIT: Final = 200
PAGE_SIZE: Final = 20

_SESSION: Final = (
    "id",
    "session_date",
    "status",
    "updated_at",
    "started_at",
    "ended_at",
    "duration_min",
    "gym_id",
    "location_type",
    "pre__id",
    "post__id",
    "post__deviated_from_plan",
    "pre__recommendations_shown",
)
_COLUMNS: Final = (
    *_SESSION,
    *(f"pre__{column}" for column in PLANNED_COLUMNS.values()),
    *(f"post__{column}" for column in ACTUAL_COLUMNS.values()),
    *(f"post__{column}" for column in OUTCOME_COLUMNS.values()),
    *(f"post__{column}" for column in TEXT_COLUMNS),
)
_PRE: Final = slice(len(_SESSION), len(_SESSION) + len(PLANNED_COLUMNS))
_ACTUAL: Final = slice(_PRE.stop, _PRE.stop + len(ACTUAL_COLUMNS))
_OUTCOMES: Final = slice(_ACTUAL.stop, _ACTUAL.stop + len(OUTCOME_COLUMNS))
_TEXTS: Final = slice(_OUTCOMES.stop, _OUTCOMES.stop + len(TEXT_COLUMNS))


class SessionNotFound(LookupError):
    """The climber has no session of that key."""


def newest_first(queryset: QuerySet[Session]) -> QuerySet[Session]:
    """Latest first; of two on one day the one that started, or was entered, later."""
    return queryset.annotate(moment=Coalesce("started_at", "created_at")).order_by(
        "-session_date", "-moment", "-id"
    )


def read_records(queryset: QuerySet[Session]) -> tuple[SessionRecord, ...]:
    """Read the sessions of a queryset with both their forms, in one query and in its order."""
    return tuple(_record(row) for row in queryset.values_list(*_COLUMNS))


def history_of(
    *,
    user_id: UUID,
    limit: int = HISTORY_LIMIT,
    before: date | None = None,
    exclude: UUID | None = None,
) -> tuple[SessionRecord, ...]:
    """Read a climber's sessions of any status, latest first, in one query.

    Parameters
    ----------
    before : date or None
        Only sessions up to and including that day.
    exclude : UUID or None
        Without this one: the session that is being decided on.
    """
    sessions = Session.objects.filter(user_id=user_id)
    if before is not None:
        sessions = sessions.filter(session_date__lte=before)
    if exclude is not None:
        sessions = sessions.exclude(pk=exclude)
    return read_records(newest_first(sessions)[:limit])


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
    sessions = newest_first(Session.objects.filter(user_id=user_id))
    if wanted.status is not None:
        sessions = sessions.filter(status=wanted.status)
    if wanted.session_type is not None:
        planned = Q(post__actual_session_type=None, pre__planned_session_type=wanted.session_type)
        sessions = sessions.filter(planned | Q(post__actual_session_type=wanted.session_type))
    if wanted.only_changed:
        sessions = sessions.filter(post__deviated_from_plan=True)
    if (place := _read_place(start)) is not None:
        day, moment, key = place
        same_day = Q(session_date=day)
        sessions = sessions.filter(
            Q(session_date__lt=day)
            | same_day & Q(moment__lt=moment)
            | same_day & Q(moment=moment, pk__lt=key)
        )
    rows = list(sessions.values_list("moment", *_COLUMNS)[: size + 1])
    found = tuple(_record(row[1:]) for row in rows[:size])
    after = _write_place(found[-1], rows[size - 1][0]) if len(rows) > size else ""
    return HistoryPage(sessions=found, after=after)


def whole_history_of(*, user_id: UUID) -> tuple[SessionRecord, ...]:
    """Read every session of a climber, the first one first."""
    return read_records(newest_first(Session.objects.filter(user_id=user_id)).reverse())


def session_of(*, user_id: UUID, session_id: UUID) -> SessionRecord:
    """Read one session of the climber's own.

    Raises
    ------
    SessionNotFound
        There is none of that key, or it is somebody else's.
    """
    found = read_records(Session.objects.filter(user_id=user_id, pk=session_id))
    if not found:
        raise SessionNotFound(str(session_id))
    return found[0]


def current_baseline(*, user_id: UUID) -> BaselineRecord | None:
    """Read the climber's current baseline, or None before there is one."""
    baseline, _ = _baseline_and_versions(user_id)
    return baseline


def context_for(
    *,
    user_id: UUID,
    limit: int = HISTORY_LIMIT,
    before: date | None = None,
    exclude: UUID | None = None,
) -> ClimberContext:
    """Read everything a recommendation needs of one climber, in two queries."""
    baseline, versions = _baseline_and_versions(user_id)
    history = history_of(user_id=user_id, limit=limit, before=before, exclude=exclude)
    return ClimberContext(history=history, baseline=baseline, versions=versions)


def version_of(updated_at: datetime | None) -> str:
    """The token that an edit must bring back: the moment of the last change."""
    return "" if updated_at is None else f"{updated_at.timestamp():.6f}"


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


def _record(row: Sequence[Any]) -> SessionRecord:
    (key, day, status, updated_at, started_at, ended_at, duration, gym, place, pre, post, deviated, shown) = (
        row[: len(_SESSION)]
    )
    outcomes = dict(zip(OUTCOME_COLUMNS, row[_OUTCOMES], strict=True))
    return SessionRecord(
        id=key,
        session_date=day,
        status=status or "planned",
        version=version_of(updated_at),
        started_at=started_at,
        ended_at=ended_at,
        duration_min=duration,
        gym_id=gym,
        location_type=place,
        has_pre=pre is not None,
        has_post=post is not None,
        planned=dict(zip(PLANNED_COLUMNS, map(_plain, row[_PRE]), strict=True)),
        actual=dict(zip(ACTUAL_COLUMNS, row[_ACTUAL], strict=True)),
        deviated=bool(deviated),
        quality=outcomes["session_quality"],
        outcomes=outcomes,
        notes={name: text for name, text in zip(TEXT_COLUMNS, row[_TEXTS], strict=True) if text},
        recommendations_shown=shown,
    )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


# One row whether or not there is a baseline, so that the counters cost no query of their own.
_BASELINE_AND_VERSIONS: Final = """
SELECT (SELECT to_jsonb(b) FROM baseline_assessments b WHERE b.user_id = %s AND b.is_current),
       (SELECT jsonb_object_agg(v.name, v.version) FROM data_versions v)
"""


def _baseline_and_versions(user_id: UUID) -> tuple[BaselineRecord | None, Mapping[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_BASELINE_AND_VERSIONS, [user_id])
        raw_baseline, raw_versions = cursor.fetchone()
    found = json.loads(raw_baseline) if raw_baseline else None
    versions = json.loads(raw_versions) if raw_versions else {}
    if found is None:
        return None, versions
    return (
        BaselineRecord(
            id=UUID(found["id"]),
            assessed_at=datetime.fromisoformat(found["assessed_at"]) if found["assessed_at"] else None,
            values={name: found[column] for name, column in TRAIT_COLUMNS.items()},
        ),
        versions,
    )
