"""The climber: their baseline, and everything a recommendation needs to know of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection

from sessions_app.domain.columns import TRAIT_COLUMNS
from sessions_app.domain.records import BaselineRecord, ClimberContext
from sessions_app.selectors.sessions import HISTORY_LIMIT, history_of

__all__ = ["context_for", "current_baseline"]

# One row whether or not there is a baseline, so that the counters cost no query of their own.
_BASELINE_AND_VERSIONS: Final = """
SELECT (SELECT to_jsonb(b) FROM baseline_assessments b WHERE b.user_id = %s AND b.is_current),
       (SELECT jsonb_object_agg(v.name, v.version) FROM data_versions v)
"""


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
