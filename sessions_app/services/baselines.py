"""Who the climber is: every assessment is a new version, and the ones before it are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from climbiq.accounts.models import User
from climbiq.domain.values import parse_values
from climbiq.domain.variables import in_room
from sessions_app.domain.columns import TRAIT_COLUMNS
from sessions_app.domain.reading import normalise_grades
from sessions_app.domain.records import BaselineRecord
from sessions_app.models import BaselineAssessment
from sessions_app.selectors import current_baseline
from sessions_app.services.guards import ChangedElsewhere

__all__ = ["record_baseline"]


def record_baseline(
    *,
    by: User,
    values: Mapping[str, object],
    now: datetime,
    replaces: UUID | None = None,
    check_replaced: bool = False,
) -> BaselineRecord:
    """Write a new baseline and retire the current one; the same answers again write nothing.

    Parameters
    ----------
    values : mapping
        Registry name → as typed or as stored. What is not given is "not said": an assessment is whole, never
        patched.
    replaces : UUID or None
        The baseline that the climber saw when they began, None where there was none.
    check_replaced : bool
        Refuse where that one is not the current one any more.

    Raises
    ------
    BadValues
        With a sentence for every field that cannot be stored.
    ChangedElsewhere
    """
    answers = normalise_grades(parse_values(in_room("baseline"), values))
    columns = {column: answers.get(name) for name, column in TRAIT_COLUMNS.items()}
    with transaction.atomic():
        _one_at_a_time(by)
        current = current_baseline(user_id=by.pk)
        if current is not None:
            if _same(current, answers):
                return current
            if check_replaced and current.id != replaces:
                raise ChangedElsewhere
            BaselineAssessment.objects.filter(user_id=by.pk, is_current=True).update(
                is_current=False, updated_at=now
            )
        BaselineAssessment.objects.create(user=by, assessed_at=now, **columns)
        written = current_baseline(user_id=by.pk)
    assert written is not None  # noqa: S101  just written
    return written


def _same(current: BaselineRecord, answers: Mapping[str, Any]) -> bool:
    return all(current.values[name] == answers.get(name) for name in TRAIT_COLUMNS)


def _one_at_a_time(by: User) -> None:
    """Two submissions at once would both retire the old one and both want to be current."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"baseline|{by.pk}"])
