"""Published populations, without the hours of a night: drawn from what a run could have found."""

from __future__ import annotations

import json
from uuid import UUID

import numpy as np
import psycopg
from django.utils import timezone

from modeling.domain.design_matrix import COEFFICIENTS
from modeling.domain.drift import Drift
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.population_prior import population_prior
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.session_kind import kind_names
from modeling.domain.stored_population import as_json
from modeling.models import PopulationPosterior, TrainingRun

KINDS = (
    {"session_type": "project", "session_intensity": "high"},
    {"session_type": "volume", "session_intensity": "moderate"},
)


def trained_population(*, kinds: bool = False, n_draws: int = 32, usual: float = 6.2) -> TrainedPopulation:
    """Climbers in general: near the literature, their usual quality at `usual`, three rhythms."""
    rng = np.random.default_rng(11)
    prior = population_prior(priors={})
    names = (*COEFFICIENTS, *(kind_names(conditions=KINDS) if kinds else ()))
    more = len(names) - len(COEFFICIENTS)
    spread = np.sqrt(prior.covariance.diagonal())
    mean = np.concatenate([prior.mean, np.full(more, -0.2)])
    mean[0] = usual
    width = np.concatenate([0.15 * spread, np.full(more, 0.05)])
    tau = np.concatenate([0.8 * spread, np.zeros(more)])
    draws = PopulationDraws(
        names,
        rng.normal(mean, width, (n_draws, len(names))),
        tau * rng.uniform(0.9, 1.1, (n_draws, len(names))),
        rng.uniform(1.0, 1.2, n_draws),
    )
    rhythms = (Rhythm(Drift(0.0), 1.0), Rhythm(Drift(0.03, 60.0), 0.7), Rhythm(Drift(0.1, 7.0), 1.5))
    return TrainedPopulation(draws, RhythmPrior(rhythms, np.array([0.5, 0.3, 0.2])), rating_step=1.0)


def publish_population(
    trained: TrainedPopulation | None = None, *, version: str = "hierarchical-1"
) -> PopulationPosterior:
    """Put a population in force, as a run does; whatever was in force is replaced."""
    run = TrainingRun.objects.create(
        trigger="command", status="published", model_version=version, finished_at=timezone.now(), progress=1.0
    )
    PopulationPosterior.objects.filter(is_current=True).update(is_current=False)
    return PopulationPosterior.objects.create(
        run=run,
        model_version=version,
        population=as_json(trained=trained or trained_population()),
        is_current=True,
    )


def publish_past_everything(
    database: psycopg.Connection[tuple[object, ...]],
    trained: TrainedPopulation | None = None,
    *,
    version: str = "hierarchical-1",
) -> UUID:
    """The same for a database that real servers use; the run's key."""
    row = database.execute(
        "INSERT INTO training_runs (trigger, status, model_version, finished_at, progress)"
        " VALUES ('command', 'published', %s, now(), 1) RETURNING id",
        [version],
    ).fetchone()
    assert row is not None
    database.execute("UPDATE population_posteriors SET is_current = false WHERE is_current")
    database.execute(
        "INSERT INTO population_posteriors (run_id, model_version, population, is_current) VALUES (%s, %s, %s, true)",
        [row[0], version, json.dumps(as_json(trained=trained or trained_population()))],
    )
    return UUID(str(row[0]))
