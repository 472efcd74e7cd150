"""Keep what is derived from the diary as the diary says it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Case, F, Max, Q, QuerySet, When
from django.db.models.functions import Coalesce

from climbiq.accounts.models import User
from climbiq.domain.training_history import HARD_INTENSITIES, PastSession
from climbiq.domain.variables import variable
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


# Between two hard sessions all count from the first of them: the day it was on, or none.
_COUNT_FROM_HARD: Final = """
UPDATE pre_session_data b
SET days_since_hard_session = since.hard,
    derived_said = coalesce(b.derived_said, array_remove(ARRAY[
        CASE WHEN b.days_since_last_session IS NOT NULL THEN 'days_since_last_session' END,
        CASE WHEN b.time_of_day IS NOT NULL THEN 'time_of_day' END], NULL))
FROM sessions s CROSS JOIN LATERAL (
    SELECT CASE WHEN %(hard)s::date IS NOT NULL THEN least(s.session_date - %(hard)s::date, %(cap)s) END AS hard) since
WHERE s.id = b.session_id AND s.user_id = %(user)s AND b.user_id = %(user)s
  AND s.session_date > %(after)s AND (%(before)s::date IS NULL OR s.session_date < %(before)s)
  AND CASE WHEN b.derived_said IS NULL THEN b.days_since_hard_session IS NULL
           ELSE NOT 'days_since_hard_session' = ANY (b.derived_said) END
  AND b.days_since_hard_session IS DISTINCT FROM since.hard"""
_HARD_CAP: Final = int(variable("days_since_hard_session").high)
_FEW_DAYS: Final = 10  # of more, as a file brings them, everything from the first one on is derived


def derive_anew(*, by: User, days: Iterable[date], now: datetime) -> None:
    """Derive again what a climber did not say, where a change of the sessions on some days can be felt.

    Days since the last session are felt up to the next completed one, days since the last hard session up to the next
    hard one: what comes later counts from there. The hour is each session's own. The caller holds the diary
    (:func:`~sessions_app.services.guards.hold_diary`): of two changes at once the second counts with the first. A
    session's version stays: nothing that its climber said is another.

    Parameters
    ----------
    by : User
        Whose diary changed.
    days : iterable of date
        Where it did: a session that moved, on the day that it left and on the one that it has.
    now : datetime
        Aware.
    """
    changed = sorted(set(days))
    own = Session.objects.filter(user_id=by.pk).annotate(
        treated=Coalesce(
            Case(When(post__deviated_from_plan=True, then=F("post__actual_intensity"))),
            "pre__planned_intensity",
        )
    )
    if len(changed) > _FEW_DAYS:
        _derive_between(own, by, since=changed[0], until=None, now=now)
        return
    for day in changed:
        later = own.filter(session_date__gt=day, status="completed")
        next_one = _first_day(later)
        _derive_between(own, by, since=day, until=next_one, now=now)
        if next_one is None:
            continue
        next_hard = _first_day(later.filter(treated__in=HARD_INTENSITIES))
        if next_hard == next_one:
            continue
        _count_from_hard(own, by, after=next_one, before=next_hard)
        if next_hard is not None:
            _derive_between(own, by, since=next_hard, until=next_hard, now=now)


def _first_day(sessions: QuerySet[Session]) -> date | None:
    return sessions.order_by("session_date").values_list("session_date", flat=True).first()


def _count_from_hard(own: Any, by: User, *, after: date, before: date | None) -> None:
    """Count anew from the last hard session in all sessions after a day, up to the next hard one; only what differs."""
    hard = own.filter(session_date__lte=after, status="completed", treated__in=HARD_INTENSITIES).aggregate(
        day=Max("session_date")
    )["day"]
    values = {"hard": hard, "cap": _HARD_CAP, "user": by.pk, "after": after, "before": before}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_FROM_HARD, values)


def _derive_between(own: Any, by: User, *, since: date, until: date | None, now: datetime) -> None:
    """Derive in all sessions from one day to another, both counted in; None: to the last one."""
    span = Q(session_date__gte=since) if until is None else Q(session_date__range=(since, until))
    rows = list(
        own.filter(span)
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
