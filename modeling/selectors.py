"""Reads what the model learns from and what it has published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

import numpy as np

from climbiq.domain.variables import MODEL_VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.personal import TrainedPopulation
from modeling.domain.recordable import ignored_notes
from modeling.domain.stored_population import from_json
from modeling.domain.treated_columns import SESSIONS_KEPT, TreatedColumns
from modeling.models import PopulationPosterior, PopulationStatistic
from sessions_app.finished import UNKNOWN, finished_columns, finished_sessions, sessions_on_no_day

_VOCABULARIES: Final = {"session_type": tuple(SESSION_TYPES), "session_intensity": tuple(INTENSITIES)}


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


def treated_columns() -> tuple[TreatedColumns, tuple[str, ...]]:
    """Read every climber's finished sessions as columns (background role), and what was odd about them."""
    found = finished_columns(numbers=MODEL_VARIABLES, words=_VOCABULARIES)
    notes = []
    kinds = {}
    for variable, words in _VOCABULARIES.items():
        codes = found.words[variable]
        unknown = int((codes == UNKNOWN).sum())
        if unknown:
            notes.append(f"{unknown} sessions with a {variable} that is no known word: taken as not said")
        # Codes below 0 count from the end: both mean that no known word was said.
        kinds[variable] = np.array([*words, None, None], dtype=object)[codes].tolist()
    values = np.empty((found.quality.size, len(MODEL_VARIABLES)))
    for column, name in enumerate(MODEL_VARIABLES):
        values[:, column] = found.numbers[name]
    notes += ignored_notes(values=values)
    everything = TreatedColumns(
        climbers=tuple(map(str, found.climbers)),
        start=found.start,
        day=found.day,
        quality=found.quality,
        values=values,
        kinds=kinds,
    )
    kept = everything.latest()
    if undated := sessions_on_no_day():
        notes.append(f"{undated:,} sessions left out: their date lies beyond every calendar")
    if older := everything.n_sessions - kept.n_sessions:
        notes.append(f"{older:,} sessions left out: only a climber's last {SESSIONS_KEPT} are learnt from")
    return kept, tuple(notes)


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
