"""Priors and population statistics in this process' memory, reread when their counter has moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from experts.selectors import CurrentPriors, current_priors
from modeling import selectors as modeling_selectors
from modeling.domain.population_prior import PopulationPrior, population_prior
from modeling.domain.posterior import GaussianPrior
from modeling.priors import as_population_priors
from recommendations.domain.population_statistics import PopulationStatistic

T = TypeVar("T")


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


PRIORS: Final = Versioned(_read_priors)
STATISTICS: Final = Versioned(_read_statistics)
