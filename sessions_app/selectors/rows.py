"""One row of a session joined with its two forms, and the record it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from sessions_app.domain.columns import ACTUAL_COLUMNS, OUTCOME_COLUMNS, PLANNED_COLUMNS, TEXT_COLUMNS
from sessions_app.domain.records import SessionRecord, derived_answers_said
from sessions_app.models import Session

__all__ = ["COLUMNS", "LATEST_FIRST", "record_of", "rows_of", "version_of"]

_SESSION: Final = (
    "id",
    "session_date",
    "status",
    "updated_at",
    "started_at",
    "ended_at",
    "duration_min",
    "gym_id",
    "location_type",
    "pre__id",
    "post__id",
    "post__deviated_from_plan",
    "advice",
    "pre__derived_said",
)
COLUMNS: Final = (
    *_SESSION,
    *(f"pre__{column}" for column in PLANNED_COLUMNS.values()),
    *(f"post__{column}" for column in ACTUAL_COLUMNS.values()),
    *(f"post__{column}" for column in OUTCOME_COLUMNS.values()),
    *(f"post__{column}" for column in TEXT_COLUMNS),
)
_END: Final = len(_SESSION)
_PRE: Final = slice(_END, _END + len(PLANNED_COLUMNS))
_ACTUAL: Final = slice(_PRE.stop, _PRE.stop + len(ACTUAL_COLUMNS))
_OUTCOMES: Final = slice(_ACTUAL.stop, _ACTUAL.stop + len(OUTCOME_COLUMNS))
_TEXTS: Final = slice(_OUTCOMES.stop, _OUTCOMES.stop + len(TEXT_COLUMNS))
_PLANNED, _ACTUALS, _SAID_AFTER = tuple(PLANNED_COLUMNS), tuple(ACTUAL_COLUMNS), tuple(OUTCOME_COLUMNS)

# Of two on one day the one that started, or was entered, later comes first.
LATEST_FIRST: Final = ("-session_date", "-moment", "-id")


def rows_of() -> QuerySet[Session, tuple[Any, ...]]:
    """Every session, latest first, as the tuple that :func:`record_of` takes: filter it, cut it, read it.

    Of the advice only its key is read: what was advised is as long as all the rest together.
    """
    return _ROWS.all()


def record_of(row: Sequence[Any]) -> SessionRecord:
    """One row as a record."""
    key, day, status, updated, start, end, duration, gym, place, pre, post, deviated, advice, said = row[
        :_END
    ]
    planned = dict(zip(_PLANNED, row[_PRE]))  # noqa: B905  cut to length above, and read 200 at a time
    for name, value in planned.items():
        if isinstance(value, Decimal):
            planned[name] = float(value)
    outcomes = dict(zip(_SAID_AFTER, row[_OUTCOMES]))  # noqa: B905
    return SessionRecord(
        id=key,
        session_date=day,
        status=status or "planned",
        version=version_of(updated),
        started_at=start,
        ended_at=end,
        duration_min=duration,
        gym_id=gym,
        location_type=place,
        has_pre=pre is not None,
        has_post=post is not None,
        planned=planned,
        derived_said=derived_answers_said(recorded=said, planned=planned),
        actual=dict(zip(_ACTUALS, row[_ACTUAL])),  # noqa: B905
        deviated=bool(deviated),
        quality=outcomes["session_quality"],
        outcomes=outcomes,
        notes={name: text for name, text in zip(TEXT_COLUMNS, row[_TEXTS]) if text},  # noqa: B905
        recommendations_shown=None if advice is None else {"recommendation_id": advice},
    )


def version_of(updated_at: datetime | None) -> str:
    """The token that an edit must bring back: the moment of the last change."""
    return "" if updated_at is None else f"{updated_at.timestamp():.6f}"


_ROWS: Final = (
    Session.objects.annotate(
        moment=Coalesce("started_at", "created_at"),
        advice=KeyTextTransform("recommendation_id", "pre__recommendations_shown"),
    )
    .order_by(*LATEST_FIRST)
    .values_list(*COLUMNS)
)
