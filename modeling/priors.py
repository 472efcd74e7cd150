"""From the experts' table of priors to the model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeling.domain.population_prior import PopulationPrior


def as_population_priors(
    *, rows: Mapping[str, Mapping[str, Any]], version: int
) -> dict[str, PopulationPrior]:
    """Turn rows of `population_priors` into the values that the model starts from."""
    return {
        name: PopulationPrior(
            mean=float(row["population_mean"]),
            sd=float(row["population_std"]),
            individual_sd=float(row["individual_variance"] or 0.0),
            optimal_min=_number(row["optimal_min"]),
            optimal_max=_number(row["optimal_max"]),
            version=version,
        )
        for name, row in rows.items()
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
