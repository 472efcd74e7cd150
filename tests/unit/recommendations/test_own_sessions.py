"""How far back a climber's own sessions are read: as far as the nightly run learns from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from modeling.domain.treated_columns import SESSIONS_KEPT
from recommendations.services.own_sessions import SESSIONS_READ, own_sessions
from sessions_app.domain.records import SessionRecord

LATEST = date(2026, 5, 1)


def record(days_ago: int, **changes) -> SessionRecord:
    made = SessionRecord(
        id=UUID(int=days_ago + 1),
        session_date=LATEST - timedelta(days=days_ago),
        status="completed",
        version="1",
        planned={"stress_level": 2},
        actual={},
        quality=6,
    )
    return replace(made, **changes)


def test_the_last_rated_ones_in_order_of_time() -> None:
    history = [record(n, **({"quality": None} if n % 100 == 0 else {})) for n in range(SESSIONS_READ)]
    got = own_sessions(history=history)
    assert len(got) == SESSIONS_KEPT
    assert got[-1].day == float((LATEST - timedelta(days=1)).toordinal())
    assert [s.day for s in got] == sorted(s.day for s in got)


def test_what_is_planned_skipped_or_unrated_is_no_observation() -> None:
    history = [record(0, status="planned"), record(1, status="skipped"), record(2, quality=None), record(3)]
    assert [s.day for s in own_sessions(history=history)] == [float((LATEST - timedelta(days=3)).toordinal())]
