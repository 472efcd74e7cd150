"""Priors, population statistics and the published population in this process' memory, reread when their counter
has moved."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import numpy as np
from django.db import Error as DatabaseError

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from experts.selectors import CurrentPriors, current_priors
from modeling import selectors as modeling_selectors
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.drift import PRIOR_DRIFT, Drift
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population_prior import PopulationPrior, population_prior
from modeling.domain.posterior import GaussianPrior
from modeling.priors import as_population_priors
from modeling.selectors import PublishedPopulation
from recommendations.domain.context import believe
from recommendations.domain.own_model import own_model
from recommendations.domain.population_statistics import PopulationStatistic
from recommendations.domain.taught import what_a_session_taught

log = logging.getLogger(__name__)

T = TypeVar("T")


TRIED_SESSIONS: Final = 30


class UnusablePopulation(ValueError):
    """What was published gives no finite belief."""


class Versioned(Generic[T]):
    """One value that is as new as the counter it was read with."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._held: tuple[int, T] | None = None

    def at(self, version: int) -> T:
        """The value for this counter, read only if the one in memory is another's."""
        held = self._held
        if held is not None and held[0] == version:
            return held[1]
        with self._lock:
            if self._held is None or self._held[0] != version:
                self._held = (version, self._read())
            return self._held[1]

    def forget(self) -> None:
        """Drop what is held."""
        self._held = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """The priors in force, as rows for the record and as the model's starting point."""

    version: int
    rows: Mapping[str, Mapping[str, Any]]
    by_variable: Mapping[str, PopulationPrior]
    gaussian: GaussianPrior


def _read_priors() -> Priors:
    current: CurrentPriors = current_priors()
    by_variable = as_population_priors(rows=current.rows, version=current.version)
    return Priors(
        version=current.version,
        rows=current.rows,
        by_variable=by_variable,
        gaussian=population_prior(priors=by_variable),
    )


def _read_statistics() -> dict[str, PopulationStatistic]:
    return {
        row.name: PopulationStatistic(
            n=row.n_climbers,
            mean=row.mean,
            std=row.std,
            quantiles=tuple(zip(row.quantiles["probability"], row.quantiles["value"], strict=True)),
            counts={float(value): count for value, count in (row.counts or {}).items()},
        )
        for row in modeling_selectors.population_statistics()
    }


def _read_published() -> PublishedPopulation | None:
    """The published population, tried out once; one that is broken is as good as none."""
    try:
        found = modeling_selectors.published_population()
        if found is not None:
            _try_out(found.trained)
    except DatabaseError:
        raise
    except Exception:  # whatever it is, everybody's next request would meet it
        log.exception("the published population cannot be used: the priors serve until there is another")
        return None
    return found


def _try_out(trained: TrainedPopulation) -> None:
    """Ask of it what pages will: for a first session of which nothing is said, and for a diary of every condition."""
    diary = [_varied_session(n) for n in range(TRIED_SESSIONS)]
    first = TreatedSession(day=0.0, conditions={}, session_quality=5.0)
    with np.errstate(all="raise", under="ignore"):
        for sessions in ([first], diary):
            posterior = believe(sessions=sessions, population=trained).posterior
            if not (np.isfinite(posterior.mean).all() and np.isfinite(posterior.covariance).all()):
                raise UnusablePopulation(f"the posterior of {len(sessions)} sessions is not finite")
            own_model(sessions=sessions, population=trained)
            what_a_session_taught(earlier=sessions[:-1], session=sessions[-1], population=trained)


def _varied_session(n: int) -> TreatedSession:
    """Every condition up to two of its typical spreads away, each at a pace of its own; every kind in turn."""
    conditions: dict[str, Any] = {
        name: min(max(v.reference + v.spread * (n // pace % 5 - 2), v.low), v.high)
        for pace, (name, v) in enumerate(((name, VARIABLES[name]) for name in MODEL_VARIABLES), start=1)
    }
    kinds = {
        "session_type": list(SESSION_TYPES)[n % len(SESSION_TYPES)],
        "session_intensity": list(INTENSITIES)[n // 2 % len(INTENSITIES)],
    }
    return TreatedSession(day=2.5 * n, conditions=conditions | kinds, session_quality=1.0 + 7 * n % 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPopulation:
    """What holds for climbers, before their own sessions: a trained run's, or the priors before there is one.

    Attributes
    ----------
    version
        Names it for the record.
    run_id, published_at
        Of the run that trained it; None for the priors.
    priors
        The table of priors in force, whichever serves.
    """

    population: TrainedPopulation | GaussianPrior
    version: str
    priors: Priors
    run_id: UUID | None = None
    published_at: datetime | None = None

    @property
    def drift(self) -> Drift | None:
        """Of everybody's level while the priors serve; a trained run has rhythms of its own."""
        return PRIOR_DRIFT if self.run_id is None else None


def population_in_force(*, versions: Mapping[str, int]) -> ServedPopulation:
    """What to condition a climber's sessions on, by the counters that were read with them.

    Raises
    ------
    NoPriors
        No priors are loaded.
    """
    priors = PRIORS.at(versions["priors"])
    published = PUBLISHED.at(versions["model"])
    if published is None:
        return ServedPopulation(
            population=priors.gaussian, version=f"population-prior-{priors.version}", priors=priors
        )
    return ServedPopulation(
        population=published.trained,
        version=published.model_version,
        priors=priors,
        run_id=published.run_id,
        published_at=published.published_at,
    )


PRIORS: Final = Versioned(_read_priors)
STATISTICS: Final = Versioned(_read_statistics)
PUBLISHED: Final = Versioned(_read_published)
