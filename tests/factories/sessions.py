"""Makes sessions and baselines directly in the tables, by registry names."""

from __future__ import annotations

from datetime import date
from typing import Any

from climbiq.accounts.models import User
from climbiq.domain.variables import VARIABLES
from sessions_app.models import BaselineAssessment, PostSessionData, PreSessionData, Session

DAY = date(2026, 5, 4)  # a Monday


def make_session(
    user: User,
    *,
    day: date = DAY,
    planned: dict[str, Any] | None = None,
    actual: dict[str, Any] | None = None,
    quality: int | None = None,
    outcomes: dict[str, Any] | None = None,
    deviated: bool | None = None,
    **fields: Any,
) -> Session:
    """A session with a pre-session form unless `planned` is None, completed when it has a quality."""
    fields.setdefault("status", "planned" if quality is None else "completed")
    session = Session.objects.create(user=user, session_date=day, **fields)
    if planned is not None:
        columns = {VARIABLES[name].column: value for name, value in planned.items()}
        columns.setdefault("planned_caffeine_mg", None)
        PreSessionData.objects.create(session=session, user=user, **columns)
    if quality is not None or outcomes:
        columns = {VARIABLES[name].actual_column: value for name, value in (actual or {}).items()}
        PostSessionData.objects.create(
            session=session,
            user=user,
            session_quality=quality,
            deviated_from_plan=bool(actual) if deviated is None else deviated,
            **columns,
            **(outcomes or {}),
        )
    return session


def make_baseline(user: User, **values: Any) -> BaselineAssessment:
    """A current baseline."""
    return BaselineAssessment.objects.create(user=user, **values)
