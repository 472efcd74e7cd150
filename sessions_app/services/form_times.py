"""How long filling a form in takes: from the page that was opened to its submission. The aim is half a minute.

The page carries the moment it was opened, signed for one person. A page left open over lunch says little, so times
are capped; whoever sends an older signature again makes only a number about themselves wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.db import connection

__all__ = ["LONGEST_SECONDS", "measure_form_times", "seconds_since_opened", "sign_opening"]

LONGEST_SECONDS: Final = 3600
FEWEST_CLIMBERS: Final = 5
_SALT: Final = "sessions_app.form_opened"

_MEASURE: Final = """
SELECT count(form_seconds), count(DISTINCT user_id), percentile_cont(0.5) WITHIN GROUP (ORDER BY form_seconds),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY form_seconds), avg((form_seconds <= 30)::int)
FROM {table} WHERE form_seconds IS NOT NULL AND created_at > %s - interval '28 days'
"""
_TABLES: Final = {"before": "pre_session_data", "after": "post_session_data"}


def sign_opening(*, user_id: UUID, now: datetime) -> str:
    """What a page keeps of the moment it was opened."""
    return signing.dumps({"user": str(user_id), "at": now.timestamp()}, salt=_SALT)


def seconds_since_opened(*, opened: str, user_id: UUID, now: datetime) -> int | None:
    """Seconds from opening to now, at most an hour; None where that cannot be told."""
    try:
        said: dict[str, Any] = signing.loads(opened, salt=_SALT)
    except signing.BadSignature:
        return None
    seconds: float = now.timestamp() - said["at"]
    if said["user"] != str(user_id) or seconds < 0:
        return None
    return min(round(seconds), LONGEST_SECONDS)


def measure_form_times(*, now: datetime) -> Mapping[str, Mapping[str, Any]]:
    """Describe the last four weeks' times of each form; only of at least five climbers.

    For the background role: row-level security shows anybody else their own only.
    """
    return {form: _measure(table, now=now) for form, table in _TABLES.items()}


def _measure(table: str, *, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE.format(table=table), [now])
        count, climbers, median, slow, quick = cursor.fetchone()
    if climbers < FEWEST_CLIMBERS:
        return {"outcome": f"fewer than {FEWEST_CLIMBERS} climbers"}
    return {
        "forms": count,
        "climbers": climbers,
        "median_seconds": round(median),
        "nine_of_ten_within_seconds": round(slow),
        "share_within_30_seconds": round(float(quick), 2),
    }
