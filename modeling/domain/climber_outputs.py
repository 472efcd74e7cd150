"""What a run says of each climber: their coefficients as of the night they were trained."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.personal import TrainedPopulation, personal_posterior
from modeling.domain.phases import Phase, phase
from modeling.domain.training_data import TrainingData

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimberOutput:
    """One climber's posterior, the mixture over rhythms as one normal, p coefficients.

    Attributes
    ----------
    mean, sd, reliability
        (p,) of the coefficients, in the order of the population's names.
    covariance
        (p (p + 1) / 2,) lower triangle, row by row.
    level_mean, level_sd
        Departure of today's level from the climber's intercept, quality points.
    noise_sd
        SD of one session around what is expected of it.
    shrinkage_factor
        0: the population's coefficients, 1: entirely the climber's own.
    population_fallback
        Model variables that the climber never said: the population's coefficient stands.
    """

    climber: str
    n_sessions: int
    mean: Floats
    sd: Floats
    covariance: Floats
    reliability: Floats
    level_mean: float
    level_sd: float
    noise_sd: float
    shrinkage_factor: float
    population_fallback: tuple[str, ...]

    @property
    def phase(self) -> Phase:
        return phase(self.n_sessions)


def climber_outputs(*, trained: TrainedPopulation, data: TrainingData) -> Iterator[ClimberOutput]:
    """Each climber's posterior: the function, and the rows, that serving uses.

    Parameters
    ----------
    trained
        What is going to be published.
    data
        The sessions it was trained on, with the same columns.
    """
    grouped = data.grouped
    spread = column_spreads(names=trained.names)
    lower = np.tril_indices(len(trained.names))
    for u, climber in enumerate(grouped.labels.tolist()):
        rows = grouped.rows(group=u)
        found = personal_posterior(
            trained=trained,
            design=grouped.design[rows],
            outcome=grouped.outcome[rows],
            day=grouped.day[rows],
        ).summary()
        own = found.posterior
        yield ClimberOutput(
            climber=climber,
            n_sessions=own.n_sessions,
            mean=own.mean,
            sd=np.sqrt(own.covariance.diagonal()),
            covariance=own.covariance[lower],
            reliability=found.reliability,
            level_mean=own.level_mean,
            level_sd=float(np.sqrt(max(own.level_variance, 0.0))),
            noise_sd=own.sigma,
            shrinkage_factor=found.shrinkage_factor(spread=spread),
            population_fallback=tuple(
                name for name, never in zip(MODEL_VARIABLES, data.never_said[u], strict=True) if never
            ),
        )


def column_spreads(*, names: Sequence[str]) -> Floats:
    """(p,) typical spread of each column: the registry's, 1 for the intercept and for kinds of sessions.

    >>> column_spreads(names=("intercept", "caffeine_mg", "type:power")).tolist()
    [1.0, 100.0, 1.0]
    """
    return np.array([VARIABLES[name].spread if name in VARIABLES else 1.0 for name in names])


def covariance_of(*, lower: Sequence[float]) -> Floats:
    """The (p, p) matrix of a stored lower triangle.

    >>> covariance_of(lower=[4.0, 1.0, 9.0]).tolist()
    [[4.0, 1.0], [1.0, 9.0]]
    """
    p = (math.isqrt(8 * len(lower) + 1) - 1) // 2
    matrix = np.zeros((p, p))
    matrix[np.tril_indices(p)] = lower
    return np.asarray(matrix + np.tril(matrix, -1).T)


def summary_of(*, outputs: Sequence[ClimberOutput]) -> dict[str, object]:
    """What the run's record keeps of all of them: numbers of nobody."""
    shares = np.array([output.shrinkage_factor for output in outputs])
    phases = Counter(output.phase for output in outputs)
    return {
        "n": len(outputs),
        "phases": {phase: phases[phase] for phase in ("cold_start", "learning", "personalized")},
        "shrinkage_quartiles": np.quantile(shares, [0.25, 0.5, 0.75]).round(3).tolist() if outputs else [],
    }
