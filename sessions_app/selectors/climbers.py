"""The climber: their baseline, and everything a recommendation needs to know of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import DecimalField, Field, JSONField

from sessions_app.domain.columns import ACTUAL_COLUMNS, PLANNED_COLUMNS, TRAIT_COLUMNS
from sessions_app.domain.records import BaselineRecord, ClimberContext, SessionRecord, derived_answers_said
from sessions_app.models import PreSessionData
from sessions_app.selectors.sessions import HISTORY_LIMIT

__all__ = ["HOLD_DIARY", "context_for", "current_baseline", "diary_key"]

HOLD_DIARY: Final = "pg_advisory_xact_lock(hashtextextended(%s, 0))"  # of a `diary_key`

# One row whether or not there is a baseline, so that the counters cost no query of their own.
_BASELINE_AND_VERSIONS: Final = """
SELECT (SELECT to_jsonb(b) FROM baseline_assessments b WHERE b.user_id = %s AND b.is_current),
       (SELECT jsonb_object_agg(v.name, v.version) FROM data_versions v)
"""
_HELD: Final = _BASELINE_AND_VERSIONS.replace("\nSELECT", f"\nSELECT {HOLD_DIARY},", 1)
_PLANNED: Final = tuple(PLANNED_COLUMNS)
_ACTUAL: Final = tuple(ACTUAL_COLUMNS)


def _of_kind(kind: type[Field[Any, Any]]) -> frozenset[str]:
    columns = PreSessionData._meta  # noqa: SLF001
    return frozenset(
        n for n, column in PLANNED_COLUMNS.items() if isinstance(columns.get_field(column), kind)
    )


_AS_JSON: Final = _of_kind(JSONField)
_FRACTIONS: Final = _of_kind(
    DecimalField
)  # as double precision they arrive as floats, without a Decimal between


# Written out, because composing it anew costs as much as running it. What was advised is long: it is unpacked only
# where it can still matter. What was advised before there was a form is known by its own row alone.
_HISTORY: Final = f"""
SELECT s.id, s.session_date, s.status, s.started_at, b.session_id IS NOT NULL, a.session_id IS NOT NULL,
       a.deviated_from_plan, a.session_quality,
       CASE WHEN s.status IN ('planned', 'in_progress') THEN coalesce(
           b.recommendations_shown ->> 'recommendation_id',
           (SELECT r.id::text FROM recommendations r WHERE r.session_id = s.id AND r.user_id = s.user_id
            ORDER BY r.created_at DESC LIMIT 1)) END,
       b.derived_said,
       {", ".join(f"b.{c}::float8" if n in _FRACTIONS else f"b.{c}" for n, c in PLANNED_COLUMNS.items())},
       {", ".join(f"a.{column}" for column in ACTUAL_COLUMNS.values())}
FROM sessions s
LEFT JOIN pre_session_data b ON b.session_id = s.id
LEFT JOIN post_session_data a ON a.session_id = s.id
WHERE s.user_id = %s AND s.session_date <= coalesce(%s, 'infinity'::date) AND s.id IS DISTINCT FROM %s
ORDER BY s.session_date DESC, coalesce(s.started_at, s.created_at) DESC, s.id DESC
LIMIT %s
"""  # noqa: S608  columns out of the registry
_FIRST_PLANNED: Final = 10
_FIRST_ACTUAL: Final = _FIRST_PLANNED + len(_PLANNED)


def diary_key(user_id: UUID) -> str:
    """What to lock so that nobody else changes this climber's sessions."""
    return f"diary|{user_id}"


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
    hold: bool = False,
) -> ClimberContext:
    """Read everything a recommendation needs of one climber, in two queries.

    Parameters
    ----------
    before : date or None
        Only sessions up to and including that day.
    exclude : UUID or None
        Without this one: the session that is being decided on.
    hold : bool
        Before its sessions are read, wait until nobody else changes this diary; nobody does until the transaction ends.
    """
    baseline, versions = _baseline_and_versions(user_id, hold=hold)
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [user_id, before, exclude, limit])
        history = tuple(map(_record, cursor.fetchall()))
    return ClimberContext(history=history, baseline=baseline, versions=versions)


def _record(row: Sequence[Any]) -> SessionRecord:
    key, day, status, start, has_pre, has_post, deviated, quality, advice, said = row[:_FIRST_PLANNED]
    planned = dict(zip(_PLANNED, row[_FIRST_PLANNED:_FIRST_ACTUAL]))  # noqa: B905  cut to length
    for name in _AS_JSON:
        if planned[name] is not None:
            planned[name] = json.loads(planned[name])
    return SessionRecord(
        id=key,
        session_date=day,
        status=status or "planned",
        version="",
        started_at=start,
        has_pre=has_pre,
        has_post=has_post,
        planned=planned,
        derived_said=derived_answers_said(recorded=said, planned=planned),
        actual=dict(zip(_ACTUAL, row[_FIRST_ACTUAL:])),  # noqa: B905
        deviated=bool(deviated),
        quality=quality,
        recommendations_shown=None if advice is None else {"recommendation_id": advice},
    )


def _baseline_and_versions(
    user_id: UUID, *, hold: bool = False
) -> tuple[BaselineRecord | None, Mapping[str, int]]:
    with connection.cursor() as cursor:
        if hold:
            cursor.execute(_HELD, [diary_key(user_id), user_id])
        else:
            cursor.execute(_BASELINE_AND_VERSIONS, [user_id])
        *_, raw_baseline, raw_versions = cursor.fetchone()
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
