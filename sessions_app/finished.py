"""Finished sessions of many climbers at once, as the model reads them: as treated, NULL kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sessions_app.domain.columns import ACTUAL_COLUMNS, PLANNED_COLUMNS
from sessions_app.domain.records import as_treated
from sessions_app.models import Session

BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedSession:
    """One completed session with its quality."""

    user_id: UUID
    session_date: date
    quality: int
    treated: dict[str, Any]


def finished_sessions(*, since: date | None = None) -> Iterator[FinishedSession]:
    """Read completed, rated sessions, grouped by climber and in order of time.

    For the background role: row-level security shows anybody else their own only.
    """
    rows = Session.objects.filter(status="completed", post__session_quality__isnull=False)
    if since is not None:
        rows = rows.filter(session_date__gte=since)
    planned = [f"pre__{column}" for column in PLANNED_COLUMNS.values()]
    actual = [f"post__{column}" for column in ACTUAL_COLUMNS.values()]
    columns = (
        "user_id",
        "session_date",
        "post__session_quality",
        "post__deviated_from_plan",
        *planned,
        *actual,
    )
    ordered = rows.order_by("user_id", "session_date", "started_at", "created_at")
    end = 4 + len(planned)
    for row in ordered.values_list(*columns).iterator(chunk_size=BATCH):
        yield FinishedSession(
            user_id=row[0],
            session_date=row[1],
            quality=row[2],
            treated=as_treated(
                planned=dict(zip(PLANNED_COLUMNS, map(_plain, row[4:end]), strict=True)),
                actual=dict(zip(ACTUAL_COLUMNS, row[end:], strict=True)),
                deviated=row[3],
            ),
        )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
