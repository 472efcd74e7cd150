"""What the plan line of the form starts from: what this climber did the last time it was like today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from climbiq.domain.values import Niggle
from sessions_app.domain.records import SessionRecord

__all__ = ["PLAN_LINE", "last_niggles", "last_similar_plan"]

PLAN_LINE: Final = (
    "session_type",
    "session_intensity",
    "caffeine_mg",
    "warmup_duration_min",
    "session_goal",
    "time_available_min",
)
_LOOK_BACK_DAYS: Final = 56


def last_similar_plan(
    *, history: Iterable[SessionRecord], day: date, time_of_day: str | None
) -> Mapping[str, Any]:
    """The plan line of the most similar recent session, as it was treated.

    Among the sessions of the last eight weeks that name a type or an intensity: one on the same weekday and at
    the same time of day, else at the same time of day, else on the same weekday, else any; the latest of them.
    Without one in eight weeks, the latest at all.

    Parameters
    ----------
    history : iterable of SessionRecord
        Latest first. Skipped sessions do not count.
    day : date
        The day that is planned.
    time_of_day : str or None
        Its time of day, a word of the registry.

    Returns
    -------
    mapping
        Registry name → value, only what that session says; empty where there is none.

    >>> last_similar_plan(history=[], day=date(2026, 5, 1), time_of_day=None)
    mappingproxy({})
    """
    best: SessionRecord | None = None
    best_score = -1
    for session in history:
        if session.status == "skipped" or session.session_date > day or not _names_a_plan(session):
            continue
        score = _likeness(session, day=day, time_of_day=time_of_day)
        if score > best_score:
            best, best_score = session, score
    if best is None:
        return MappingProxyType({})
    treated = best.as_treated
    return MappingProxyType({name: treated[name] for name in PLAN_LINE if treated.get(name) is not None})


def last_niggles(*, history: Iterable[SessionRecord]) -> list[Niggle] | None:
    """What hurt when the climber last said so; None where nobody ever asked.

    What came up during that session counts too: it is where it hurts now.

    >>> last_niggles(history=[]) is None
    True
    """
    for session in history:
        before = session.planned.get("current_niggles")
        new = session.outcomes.get("new_niggles")
        if before is None and new is None:
            continue
        worst: dict[str, Niggle] = {}
        for niggle in (*(before or ()), *(new or ())):
            known = worst.get(niggle["location"])
            if known is None or known["severity"] < niggle["severity"]:
                worst[niggle["location"]] = niggle
        return list(worst.values())
    return None


def _names_a_plan(session: SessionRecord) -> bool:
    treated = session.as_treated
    return treated.get("session_type") is not None or treated.get("session_intensity") is not None


def _likeness(session: SessionRecord, *, day: date, time_of_day: str | None) -> int:
    if (day - session.session_date).days > _LOOK_BACK_DAYS:
        return 0
    same_time = time_of_day is not None and session.planned.get("time_of_day") == time_of_day
    same_weekday = session.session_date.weekday() == day.weekday()
    return 1 + 2 * same_time + same_weekday
