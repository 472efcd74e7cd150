"""What the forms need not ask because the diary and the clock say it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.days import days_since, local_day, time_of_day_at
from sessions_app.domain.records import SessionRecord

__all__ = ["DERIVED", "derived_conditions"]

DERIVED: Final = ("days_since_last_session", "days_since_hard_session", "time_of_day")


def derived_conditions(
    *, history: Sequence[SessionRecord], circumstances: Circumstances, now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Days since the last and the last hard session, and the time of day where it is known.

    Parameters
    ----------
    history : sequence of SessionRecord
        The climber's other sessions.
    circumstances : Circumstances
        Of the session that is asked about.
    now : datetime
    zone : tzinfo
        The climber's.
    """
    day = circumstances.session_date
    since = days_since(day=day, sessions=(session.as_past for session in history))
    moment = circumstances.started_at
    if moment is None and day == local_day(now=now, zone=zone):
        moment = now
    return {
        "days_since_last_session": since.last_session,
        "days_since_hard_session": since.hard_session,
        "time_of_day": None if moment is None else time_of_day_at(moment.astimezone(zone)),
    }
