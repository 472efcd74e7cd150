"""Keep what is derived from the diary as the diary says it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Case, F, Max, Q, When
from django.db.models.functions import Coalesce

from climbiq.accounts.models import User
from climbiq.domain.training_history import HARD_INTENSITIES, PastSession
from climbiq.domain.zones import zone_of
from sessions_app.domain.derived import Visit, derive_each
from sessions_app.domain.records import DERIVED, derived_answers_said
from sessions_app.models import Session

__all__ = ["derive_anew"]

_READ: Final = (
    "pk",
    "session_date",
    "status",
    "treated",
    "started_at",
    "logged_at",
    "pre__id",
    "pre__derived_said",
    *(f"pre__{name}" for name in DERIVED),
)
_WRITE: Final = """
UPDATE pre_session_data b
SET days_since_last_session = d.days_since_last_session, days_since_hard_session = d.days_since_hard_session,
    time_of_day = d.time_of_day, derived_said = d.derived_said
FROM jsonb_to_recordset(%s::jsonb) AS d (
    session_id uuid, days_since_last_session int, days_since_hard_session int, time_of_day text, derived_said text[])
WHERE b.session_id = d.session_id AND b.user_id = %s"""


def derive_anew(*, by: User, days: Iterable[date], now: datetime) -> None:
    """Derive again what a climber did not say, in all sessions on the first of some days or later.

    The caller holds the diary (:func:`~sessions_app.services.guards.hold_diary`): of two changes at once the second
    counts with the first. A session's version stays: nothing that its climber said is another.

    Parameters
    ----------
    by : User
        Whose diary changed.
    days : iterable of date
        Where it did: a session that moved, on the day that it left and on the one that it has.
    now : datetime
        Aware.
    """
    since = min(days)
    own = Session.objects.filter(user_id=by.pk).annotate(
        treated=Coalesce(
            Case(When(post__deviated_from_plan=True, then=F("post__actual_intensity"))),
            "pre__planned_intensity",
        )
    )
    rows = list(
        own.filter(session_date__gte=since)
        .annotate(logged_at=Case(When(status="completed", then=Coalesce("post__created_at", "created_at"))))
        .values_list(*_READ)
    )
    if all(pre is None for *_, pre, _, _, _, _ in rows):
        return
    visits = [
        Visit(
            id=key,
            day=day,
            status=status or "planned",
            intensity=intensity,
            started_at=start,
            logged_at=logged,
            time_of_day=stands,
        )
        for key, day, status, intensity, start, logged, _, _, _, _, stands in rows
    ]
    derived = derive_each(
        visits=visits, earlier=_latest_before(own, since), now=now, zone=zone_of(by.time_zone)
    )
    changes: list[dict[str, Any]] = []
    for key, *_, pre, recorded, last, hard, time_of_day in rows:
        stored = dict(zip(DERIVED, (last, hard, time_of_day), strict=True))
        said = derived_answers_said(recorded=recorded, planned=stored)
        wanted = {name: stored[name] if name in said else derived[key][name] for name in DERIVED}
        if pre is not None and wanted != stored:
            # From now on it is recorded which of them we wrote.
            changes.append(
                {"session_id": str(key), "derived_said": [n for n in DERIVED if n in said], **wanted}
            )
    if changes:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [json.dumps(changes), by.pk])


def _latest_before(own: Any, day: date) -> list[PastSession]:
    found = own.filter(session_date__lt=day, status="completed").aggregate(
        any=Max("session_date"), hard=Max("session_date", filter=Q(treated__in=HARD_INTENSITIES))
    )
    past: list[PastSession] = []
    if found["any"] is not None:
        past.append((found["any"], None, None, "completed"))
    if found["hard"] is not None:
        past.append((found["hard"], "max", None, "completed"))
    return past
