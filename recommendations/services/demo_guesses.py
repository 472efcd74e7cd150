"""Guesses for the demo: what some of its climbers said before each of their latest sessions, and were told then."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np

from climbiq.accounts.models import User
from recommendations.services.recommend import Asked, make_recommendation
from recommendations.services.telling import tell_now
from sessions_app.services.demo import latest_rated, taken_back_to_its_plan

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
    latest = latest_rated(by=by, limit=SESSIONS)
    for key, begins, quality in latest:
        guess = float(np.clip(round(quality + chance.normal(HOPE, error_sd)), 1, 10))
        with taken_back_to_its_plan(session_id=key):
            made = make_recommendation(
                by=by,
                asked=Asked(conditions=None, session_id=key, own_forecast=guess),
                now=begins - BEFORE,
                tells=False,
            )
            tell_now(user_id=by.pk, recommendation_id=made.recommendation_id)
    return len(latest)
