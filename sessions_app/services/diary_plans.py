"""What a row of a diary says of a session that was planned here: how it went, beside what was planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from climbiq.accounts.models import User
from climbiq.domain.variables import TREATMENTS
from sessions_app.domain.columns import ACTUAL_COLUMNS, PLANNED_COLUMNS
from sessions_app.domain.diary import DiaryRow
from sessions_app.domain.extras import AFTERWARDS, CIRCUMSTANCES, DEVIATED
from sessions_app.models import PreSessionData, Session
from sessions_app.services.guards import lock_session
from sessions_app.services.logs import save_post_session
from sessions_app.services.plans import change_circumstances, save_pre_session

__all__ = ["complete_plan"]


def complete_plan(*, by: User, session_id: UUID, row: DiaryRow, gym_id: UUID | None, now: datetime) -> None:
    """Log a planned session with a row. What was planned stays; the row fills in what was not said.

    A treatment of the row that is another than the planned one is what was done instead.

    Raises
    ------
    SessionNotFound, BadValues
    """
    session = lock_session(by=by, session_id=session_id)
    form = PreSessionData.objects.filter(session_id=session_id).first()
    moves = _unsaid(session, row, gym_id=gym_id)
    if form is None:
        # Caffeine that a file does not name is not known; the form's own default is none.
        says = any(value is not None for value in row.planned.values())
        planned: dict[str, Any] = {"caffeine_mg": None, **row.planned} if says else {}
        instead: dict[str, Any] = {}
    else:
        stored = {name: getattr(form, column) for name, column in PLANNED_COLUMNS.items()}
        said = {name: value for name, value in row.planned.items() if value is not None}
        planned = {name: value for name, value in said.items() if stored[name] is None}
        instead = {name: value for name, value in said.items() if name in TREATMENTS and name not in planned}
    if planned:
        save_pre_session(by=by, session_id=session_id, values=planned, moves=moves, now=now)
    elif moves:
        change_circumstances(by=by, session_id=session_id, moves=moves, now=now)
    save_post_session(
        by=by,
        session_id=session_id,
        values=_logged(row, actual={**instead, **row.actual}),
        moves={"ended_at": row.ended_at or session.ended_at},
        now=now,
    )


def _unsaid(session: Session, row: DiaryRow, *, gym_id: UUID | None) -> dict[str, Any]:
    """What the row says of when and where, and the plan does not."""
    said = {"gym_id": gym_id, "started_at": row.started_at}
    said |= {v.name: row.circumstances.get(v.name) for v in CIRCUMSTANCES}
    return {n: value for n, value in said.items() if value is not None and getattr(session, n) is None}


def _logged(row: DiaryRow, *, actual: dict[str, Any]) -> dict[str, Any]:
    values = {v.name: row.words.get(v.name) for v in AFTERWARDS if v is not DEVIATED}
    values |= row.outcomes
    values |= {ACTUAL_COLUMNS[name]: value for name, value in actual.items()}
    if row.deviated:
        values[DEVIATED.name] = True
        values["deviation_details"] = row.deviation_details
    return values
