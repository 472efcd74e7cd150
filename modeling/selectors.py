"""Reads what the model learns from and what it has published."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from modeling.domain.design_matrix import TreatedSession
from modeling.models import PopulationStatistic
from sessions_app.finished import finished_sessions


def sessions_by_climber(*, since: date | None = None) -> list[tuple[TreatedSession, ...]]:
    """Read every climber's finished sessions in order of time (background role)."""
    return [
        tuple(
            TreatedSession(
                day=float(s.session_date.toordinal()), conditions=s.treated, session_quality=float(s.quality)
            )
            for s in own
        )
        for _, own in groupby(finished_sessions(since=since), key=lambda s: s.user_id)
    ]


def population_statistics() -> list[PopulationStatistic]:
    """Read the published statistics; each rests on at least 20 climbers."""
    return list(PopulationStatistic.objects.order_by("name"))
