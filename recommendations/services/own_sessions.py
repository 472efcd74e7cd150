"""A climber's diary as the model reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from modeling.domain.design_matrix import TreatedSession
from modeling.domain.treated_columns import SESSIONS_KEPT
from sessions_app.domain.records import SessionRecord

# Some of what is read is skipped, planned or unrated: so many more are read than are conditioned on.
SESSIONS_READ: Final = SESSIONS_KEPT + 70


def own_sessions(*, history: Sequence[SessionRecord]) -> tuple[TreatedSession, ...]:
    """The last 730 finished, rated sessions in order of time, as treated; `history` is latest first."""
    rated = [r for r in history if r.status == "completed" and r.quality is not None]
    return tuple(as_treated_session(record) for record in reversed(rated[:SESSIONS_KEPT]))


def as_treated_session(record: SessionRecord) -> TreatedSession:
    """One rated session; its day counts from the calendar's beginning."""
    assert record.quality is not None  # noqa: S101  what is unrated is no observation
    return TreatedSession(
        day=float(record.session_date.toordinal()),
        conditions=record.as_treated,
        session_quality=float(record.quality),
    )
