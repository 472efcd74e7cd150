"""Guesses for the demo: what some of its climbers said before each of their latest sessions, and were told then."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

import numpy as np

from climbiq.accounts.models import User
from recommendations.services.recommend import Asked, make_recommendation
from recommendations.services.telling import tell_now
from sessions_app.models import Session

__all__ = ["GUESSERS", "add_demo_guesses"]

GUESSERS: Final = {"mira": 1.1, "jonas": 2.4}  # login → how far off their guesses are, points
SEED: Final = 20260505
SESSIONS: Final = 14
HOPE: Final = 0.4  # points by which people guess too high
BEFORE: Final = timedelta(minutes=40)


def add_demo_guesses(*, by: User, error_sd: float) -> int:
    """Have the climber guess before each of their latest rated sessions, and advise them then; how many guesses.

    Each session is taken back to what it was that morning, a plan with nothing but the sessions before it known, and
    is over again afterwards: the advice is what the climber would have seen.
    """
    chance = np.random.default_rng(SEED)
    latest = (
        Session.objects.filter(user_id=by.pk, status="completed", post__session_quality__isnull=False)
        .order_by("-session_date", "-started_at", "id")
        .values_list("pk", "session_date", "started_at", "post__session_quality")[:SESSIONS]
    )
    for key, day, started_at, quality in reversed(latest):
        guess = float(np.clip(round(float(quality or 0) + chance.normal(HOPE, error_sd)), 1, 10))
        begins = started_at or datetime.combine(day, time(12), tzinfo=UTC)
        mine = Session.objects.filter(pk=key)
        mine.update(status="planned")
        made = make_recommendation(
            by=by,
            asked=Asked(conditions=None, session_id=key, own_forecast=guess),
            now=begins - BEFORE,
            tells=False,
        )
        tell_now(user_id=by.pk, recommendation_id=made.recommendation_id)
        mine.update(status="completed")
    return len(latest)
