"""Reads the experts' shared data: the current priors, kept in memory until their version changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from experts.models import PopulationPrior


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPriors:
    """The version in force and its rows, as plain numbers by variable."""

    version: int
    rows: dict[str, dict[str, Any]]


class NoPriors(RuntimeError):
    """No prior is loaded: `manage.py load_literature_priors` was not run."""


_FIELDS = (
    "variable_name",
    "version",
    "population_mean",
    "population_std",
    "individual_variance",
    "optimal_min",
    "optimal_max",
    "literature_mean",
    "literature_std",
    "literature_sources",
    "expert_mean",
    "expert_std",
    "expert_n_scenarios",
    "blend_weights",
    "created_at",
)


def current_priors() -> CurrentPriors:
    """Read the current priors.

    Raises
    ------
    NoPriors
        There are none.
    """
    rows = {
        row.pop("variable_name"): row
        for row in PopulationPrior.objects.filter(is_current=True).values(*_FIELDS).order_by("variable_name")
    }
    if not rows:
        raise NoPriors("no priors are loaded: run manage.py load_literature_priors")
    return CurrentPriors(version=max(row["version"] for row in rows.values()), rows=rows)
