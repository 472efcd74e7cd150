"""Puts a trained population in force, with every climber's row, inside the caller's transaction."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format

from climbiq.domain.normal import Z_95
from climbiq.live.services import notify_all
from modeling.domain.climber_outputs import ClimberOutput
from modeling.domain.personal import TrainedPopulation
from modeling.domain.stored_population import as_json
from modeling.models import ModelOutput, PopulationPosterior
from modeling.services.population_statistics import publish_responses

BATCH: Final = 500

# A batch travels as one JSON text and one array of numbers, every climber's triangle after the other. Who has been
# erased meanwhile is left out: the lock waits for an erasure that is under way, and makes a later one wait for this.
_UPSERT: Final = """
INSERT INTO model_outputs AS m (
    user_id, coefficients, confidence_intervals, sessions_included, phase, shrinkage_factor, posterior_mean,
    posterior_covariance, level_mean, level_sd, noise_sd, reliability, population_fallback,
    posterior_names, last_trained_at, model_version, training_duration_sec, run_id, updated_at)
SELECT t.user_id, t.coefficients, t.intervals, t.sessions, t.phase, t.shrinkage, t.mean,
    (%(triangles)s::float8[])[(t.place - 1) * %(size)s + 1:t.place * %(size)s], t.level_mean, t.level_sd, t.noise_sd,
    t.reliability, t.fallback, %(names)s::text[], now(), %(version)s, %(seconds)s, %(run)s, now()
FROM ROWS FROM (json_to_recordset(%(climbers)s) AS (
    user_id uuid, coefficients jsonb, intervals jsonb, sessions int, phase text, shrinkage numeric, mean float8[],
    level_mean float8, level_sd float8, noise_sd float8, reliability jsonb, fallback text[]
)) WITH ORDINALITY AS t (user_id, coefficients, intervals, sessions, phase, shrinkage, mean, level_mean, level_sd,
    noise_sd, reliability, fallback, place)
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
    """Write the population as the current one, how climbers differ, and everybody's row, in the caller's transaction.

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
    publish_responses(trained=trained, n_climbers=len(outputs))
    for start in range(0, len(outputs), BATCH):
        batch = outputs[start : start + BATCH]
        write_climbers(
            run_id=run_id, model_version=model_version, names=trained.names, outputs=batch, seconds=seconds
        )
        on_climbers(len(batch))
    ModelOutput.objects.exclude(run_id=run_id).delete()
    notify_all(user_ids=[output.climber for output in outputs], kind="training_finished", object_id=run_id)


def write_climbers(
    *,
    run_id: UUID,
    model_version: str,
    names: Sequence[str],
    outputs: Sequence[ClimberOutput],
    seconds: float,
) -> None:
    """Write rows of some climbers, at least one, over the ones they have; nothing of those who have been erased."""
    triangles = np.concatenate([output.covariance for output in outputs])
    values: dict[str, Any] = {
        "climbers": json.dumps([_row(output, names) for output in outputs]),
        "triangles": triangles,
        "size": triangles.size // len(outputs),
        "names": list(names),
        "version": model_version,
        "seconds": round(seconds, 2),
        "run": run_id,
    }
    with connection.cursor() as cursor:
        cursor.adapters.register_dumper(np.ndarray, FloatsDumper)
        cursor.execute(_UPSERT, values)


class FloatsDumper(Dumper):
    """A NumPy array of floats as PostgreSQL's binary `float8[]`: six million numbers a night need no text."""

    format = Format.BINARY
    oid = 1022

    def dump(self, obj: NDArray[np.float64]) -> bytes:
        """Dimensions, nulls, type of an element; length and lower bound; then each number behind its length."""
        numbers = np.empty(obj.size, dtype=[("length", ">i4"), ("value", ">f8")])
        numbers["length"], numbers["value"] = 8, obj.ravel()
        return struct.pack(">iiIii", 1, 0, 701, obj.size, 1) + numbers.tobytes()


def _row(output: ClimberOutput, names: Sequence[str]) -> dict[str, Any]:
    """One climber's values, by the names the statement gives them."""
    mean, half = output.mean.tolist(), (Z_95 * output.sd).tolist()
    return {
        "user_id": output.climber,
        "coefficients": dict(zip(names, mean, strict=True)),
        "intervals": {
            name: [middle - width, middle + width]
            for name, middle, width in zip(names, mean, half, strict=True)
        },
        "sessions": output.n_sessions,
        "phase": output.phase,
        "shrinkage": round(output.shrinkage_factor, 3),
        "mean": mean,
        "level_mean": output.level_mean,
        "level_sd": output.level_sd,
        "noise_sd": output.noise_sd,
        "reliability": dict(zip(names, output.reliability.tolist(), strict=True)),
        "fallback": output.population_fallback,
    }
