"""How far a climber's model has come, by the sessions it rests on."""

from __future__ import annotations

from typing import Final, Literal

Phase = Literal["cold_start", "learning", "personalized"]

SESSIONS_TO_LEARN: Final = 10
SESSIONS_TO_PERSONALIZE: Final = 30


def phase(n_sessions: int) -> Phase:
    """cold_start < 10 ≤ learning < 30 ≤ personalized.

    >>> [phase(n) for n in (0, 9, 10, 29, 30)]
    ['cold_start', 'cold_start', 'learning', 'learning', 'personalized']
    """
    if n_sessions < SESSIONS_TO_LEARN:
        return "cold_start"
    return "learning" if n_sessions < SESSIONS_TO_PERSONALIZE else "personalized"
