"""A climber's diary as the model reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from modeling.domain.design_matrix import TreatedSession
from sessions_app.domain.records import SessionRecord

# Two years of climbing every day; what lies before says little about today.
SESSIONS_READ: Final = 730


def own_sessions(*, history: Sequence[SessionRecord]) -> tuple[TreatedSession, ...]:
    """Finished, rated sessions in order of time, as treated; `history` is latest first."""
    return tuple(
        as_treated_session(record)
        for record in reversed(history)
        if record.status == "completed" and record.quality is not None
    )


def as_treated_session(record: SessionRecord) -> TreatedSession:
    """One rated session; its day counts from the calendar's beginning."""
    assert record.quality is not None  # noqa: S101  what is unrated is no observation
    return TreatedSession(
        day=float(record.session_date.toordinal()),
        conditions=record.as_treated,
        session_quality=float(record.quality),
    )
