"""Reads what the model learns from and what it has published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from modeling.domain.design_matrix import TreatedSession
from modeling.domain.personal import TrainedPopulation
from modeling.domain.stored_population import from_json
from modeling.models import PopulationPosterior, PopulationStatistic
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPopulation:
    """The population in force, and which run it came from."""

    run_id: UUID
    model_version: str
    trained: TrainedPopulation
    published_at: datetime


def published_population() -> PublishedPopulation | None:
    """Read the population that serving conditions on; None before the first was published.

    It changes when the counter `model` of `data_versions` rises.

    Raises
    ------
    DamagedPopulation
        What is stored cannot be read by this program; the priors can serve meanwhile.
    """
    row = (
        PopulationPosterior.objects.filter(is_current=True)
        .values_list("run_id", "model_version", "population", "published_at")
        .first()
    )
    if row is None:
        return None
    run_id, model_version, population, published_at = row
    return PublishedPopulation(
        run_id=run_id,
        model_version=model_version,
        trained=from_json(stored=population),
        published_at=published_at,
    )
