"""What a climber's past sessions say in six numbers: the part of the state that nobody is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

__all__ = [
    "HARD_INTENSITIES",
    "RATED_SESSIONS",
    "RECENT_DAYS",
    "PastSession",
    "TrainingHistory",
    "summarise_history",
]

HARD_INTENSITIES: Final = frozenset({"high", "max"})
RECENT_DAYS: Final = 7
RATED_SESSIONS: Final = 5

PastSession = tuple[
    date, str | None, float | None, str
]  # session_date, intensity as treated, quality, status


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingHistory:
    """Completed sessions up to a day; None where there is nothing to count from."""

    n_sessions: int = 0
    sessions_last_7_days: int = 0
    hard_sessions_last_7_days: int = 0
    mean_quality_last_5: float | None = None
    last_quality: float | None = None
    days_since_last_session: int | None = None


def summarise_history(*, sessions: Iterable[PastSession], today: date) -> TrainingHistory:
    """Summarise completed sessions up to and including `today`.

    Parameters
    ----------
    sessions : iterable of (session_date, intensity, quality, status)
        In any order; of two on one day the later one stands later. Intensity is as treated: the actual one
        where the climber deviated. Leave out the session that is being decided on.
    today : date
        In the climber's own time zone. The last seven days are today and the six before it.

    Returns
    -------
    TrainingHistory
        A session without an intensity counts, but not as hard. Qualities are of the latest rated sessions.

    >>> from datetime import date
    >>> past = [(date(2026, 5, 4), "max", 8, "completed"), (date(2026, 5, 9), None, 5, "completed")]
    >>> summary = summarise_history(sessions=past, today=date(2026, 5, 10))
    >>> summary.sessions_last_7_days, summary.hard_sessions_last_7_days, summary.mean_quality_last_5
    (2, 1, 6.5)
    """
    done = sorted(
        (s for s in sessions if s[3] == "completed" and s[0] <= today),
        key=lambda session: session[0],
    )
    recent = [intensity for day, intensity, _, _ in done if day > today - timedelta(days=RECENT_DAYS)]
    rated = [float(quality) for _, _, quality, _ in done if quality is not None]
    latest = rated[-RATED_SESSIONS:]
    return TrainingHistory(
        n_sessions=len(done),
        sessions_last_7_days=len(recent),
        hard_sessions_last_7_days=sum(intensity in HARD_INTENSITIES for intensity in recent),
        mean_quality_last_5=sum(latest) / len(latest) if latest else None,
        last_quality=rated[-1] if rated else None,
        days_since_last_session=(today - done[-1][0]).days if done else None,
    )
