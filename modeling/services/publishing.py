"""Puts a trained population in force, with every climber's row, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from climbiq.live.services import notify_all
from modeling.domain.climber_outputs import NORMAL_95, ClimberOutput
from modeling.domain.personal import TrainedPopulation
from modeling.domain.stored_population import as_json
from modeling.models import ModelOutput, PopulationPosterior

BATCH: Final = 500

# Arrays travel as text: a list of arrays cannot be sent as one parameter. Who has been erased meanwhile is left out:
# the lock waits for an erasure that is under way, and makes a later one wait for this.
_UPSERT: Final = """
INSERT INTO model_outputs AS m (
    user_id, coefficients, confidence_intervals, sessions_included, phase, shrinkage_factor, posterior_mean,
    posterior_covariance, level_mean, level_sd, noise_sd, reliability, population_fallback,
    posterior_names, last_trained_at, model_version, training_duration_sec, run_id, updated_at)
SELECT t.user_id, t.coefficients::jsonb, t.intervals::jsonb, t.sessions, t.phase, t.shrinkage, t.mean::float8[],
    t.covariance::float8[], t.level_mean, t.level_sd, t.noise_sd, t.reliability::jsonb, t.fallback::text[],
    %s::text[], now(), %s, %s, %s, now()
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::text[], %s::numeric[], %s::text[], %s::text[],
            %s::float8[], %s::float8[], %s::float8[], %s::text[], %s::text[])
    AS t (user_id, coefficients, intervals, sessions, phase, shrinkage, mean, covariance, level_mean, level_sd,
          noise_sd, reliability, fallback)
JOIN users u ON u.id = t.user_id AND u.erased_at IS NULL
FOR KEY SHARE OF u
ON CONFLICT (user_id) DO UPDATE SET
    coefficients = EXCLUDED.coefficients, confidence_intervals = EXCLUDED.confidence_intervals,
    sessions_included = EXCLUDED.sessions_included, phase = EXCLUDED.phase,
    shrinkage_factor = EXCLUDED.shrinkage_factor, posterior_mean = EXCLUDED.posterior_mean,
    posterior_covariance = EXCLUDED.posterior_covariance, level_mean = EXCLUDED.level_mean,
    level_sd = EXCLUDED.level_sd, noise_sd = EXCLUDED.noise_sd, reliability = EXCLUDED.reliability,
    population_fallback = EXCLUDED.population_fallback, posterior_names = EXCLUDED.posterior_names,
    last_trained_at = EXCLUDED.last_trained_at, model_version = EXCLUDED.model_version,
    training_duration_sec = EXCLUDED.training_duration_sec, run_id = EXCLUDED.run_id, updated_at = EXCLUDED.updated_at
"""


def publish(
    *,
    run_id: UUID,
    model_version: str,
    trained: TrainedPopulation,
    outputs: Sequence[ClimberOutput],
    seconds: float,
    on_climbers: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the population as the current one and everybody's row, inside a transaction that the caller holds.

    Climbers hear `training_finished` once it is committed. Rows of climbers who have no sessions any more go.

    Parameters
    ----------
    seconds
        How long the run took up to here, for `training_duration_sec`.
    on_climbers
        Told how many more climbers are written.
    """
    PopulationPosterior.objects.filter(is_current=True).update(is_current=False)
    PopulationPosterior.objects.create(
        run_id=run_id, model_version=model_version, population=as_json(trained=trained), is_current=True
    )
    shared: list[Any] = [list(trained.names), model_version, round(seconds, 2), run_id]
    with connection.cursor() as cursor:
        for start in range(0, len(outputs), BATCH):
            batch = outputs[start : start + BATCH]
            columns = zip(*(_row(output, trained.names) for output in batch), strict=True)
            cursor.execute(_UPSERT, [*shared, *map(list, columns)])
            on_climbers(len(batch))
    ModelOutput.objects.exclude(run_id=run_id).delete()
    notify_all(user_ids=[output.climber for output in outputs], kind="training_finished", object_id=run_id)


def _row(output: ClimberOutput, names: Sequence[str]) -> tuple[Any, ...]:
    """One climber's values, in the order of the statement."""
    mean, half = output.mean.tolist(), (NORMAL_95 * output.sd).tolist()
    intervals = {
        name: [middle - width, middle + width] for name, middle, width in zip(names, mean, half, strict=True)
    }
    return (
        output.climber,
        json.dumps(dict(zip(names, mean, strict=True))),
        json.dumps(intervals),
        output.n_sessions,
        output.phase,
        round(output.shrinkage_factor, 3),
        _array(mean),
        _array(output.covariance.tolist()),
        output.level_mean,
        output.level_sd,
        output.noise_sd,
        json.dumps(dict(zip(names, output.reliability.tolist(), strict=True))),
        "{" + ",".join(output.population_fallback) + "}",
    )


def _array(numbers: list[float]) -> str:
    """PostgreSQL's text form: repr keeps every bit."""
    return "{" + ",".join(map(repr, numbers)) + "}"
