"""What the literature says one unit of each variable is worth, in points of session quality.

`individual_variance` keeps the specification's name; it is a standard deviation between climbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, TypedDict


class LiteraturePrior(TypedDict, total=False):
    """One coefficient: points of quality per natural unit of the dose function."""

    population_mean: float
    population_std: float
    individual_variance: float
    optimal_range: list[float]
    sources: list[str]


ESTIMATED: Final = "Estimated"
NO_PUBLISHED_EFFECT: Final = "Weak prior: no published effect"

LITERATURE_PRIORS: Final[dict[str, LiteraturePrior]] = {
    "sleep_hours": {
        "population_mean": 0.15,
        "population_std": 0.08,
        "individual_variance": 0.10,
        "optimal_range": [7, 9],
        "sources": ["Walker 2017", "Simpson 2017"],
    },
    "sleep_quality": {
        "population_mean": 0.40,
        "population_std": 0.15,
        "individual_variance": 0.15,
        "sources": ["Vitale 2019"],
    },
    "days_since_hard_session": {
        "population_mean": 0.30,
        "population_std": 0.12,
        "individual_variance": 0.20,
        "optimal_range": [2, 4],
        "sources": ["Levernier 2020"],
    },
    "caffeine_mg": {
        "population_mean": 0.003,
        "population_std": 0.002,
        "individual_variance": 0.004,
        "optimal_range": [100, 300],
        "sources": ["Grgic 2020"],
    },
    "stress_level": {
        "population_mean": -0.35,
        "population_std": 0.15,
        "individual_variance": 0.20,
        "sources": ["Nieuwenhuys 2012"],
    },
    "energy_level": {
        "population_mean": 0.45,
        "population_std": 0.20,
        "individual_variance": 0.25,
        "sources": [ESTIMATED],
    },
    "warmup_duration_min": {
        "population_mean": 0.025,
        "population_std": 0.015,
        "individual_variance": 0.02,
        "optimal_range": [15, 30],
        "sources": ["España-Romero 2009"],
    },
    "soreness_level": {
        "population_mean": -0.20,
        "population_std": 0.10,
        "individual_variance": 0.15,
        "sources": [ESTIMATED],
    },
}

WEAK_PRIORS: Final[dict[str, LiteraturePrior]] = {
    # Asked for in the design matrix, without a published effect: centred on none, wide enough to learn.
    "motivation_level": {
        "population_mean": 0.0,
        "population_std": 0.30,
        "individual_variance": 0.15,
        "sources": [NO_PUBLISHED_EFFECT],
    },
}


def rests_on_studies(sources: Iterable[str] | None) -> bool:
    """Whether any of the sources is a study: an estimate of ours is none.

    >>> rests_on_studies(["Grgic 2020"]), rests_on_studies(["Estimated"]), rests_on_studies(None)
    (True, False, False)
    """
    return any(source not in {ESTIMATED, NO_PUBLISHED_EFFECT} for source in sources or ())


CONFIDENCE_WEIGHTS: Final[dict[str, float]] = {"high": 1.0, "medium": 0.7, "low": 0.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPriors:
    """Priors of quality itself, points on the scale of 1–10; those of coefficients stand in the table of priors.

        mu0 ~ N(intercept_mean, intercept_sd²)       a_u ~ N(0, tau_0²),  tau_0 ~ HalfNormal(intercept_individual_sd)
        sigma² = noise_floor² + s²,  s ~ HalfNormal(noise_sd)

    Before a population is trained, `intercept_individual_sd` and `noise_sd` stand for tau_0 and sigma themselves.

    Attributes
    ----------
    sources
        Why each of them: what a run's page and the record of a recommendation say.
    """

    intercept_mean: float
    intercept_sd: float
    intercept_individual_sd: float
    noise_sd: float
    noise_floor: float
    sources: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the numbers by name, and why."""
        numbers = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "sources"}
        return {**numbers, "sources": dict(self.sources)}


# The one place where they are stated; docs/methods/hierarchical-model.md says the same at length.
QUALITY_PRIORS: Final = QualityPriors(
    intercept_mean=5.0,
    intercept_sd=1.0,
    intercept_individual_sd=1.0,
    noise_sd=1.3,
    noise_floor=0.05,
    sources=MappingProxyType(
        {
            "intercept_mean": "Specification: N(5, 1), near the scale's middle, at reference values",
            "intercept_sd": "Specification: N(5, 1)",
            "intercept_individual_sd": "Judgment: climbers' usual quality lies about a point apart",
            "noise_sd": "Judgment: sessions that look alike differ by a point or so; wider than the specification's 1",
            "noise_floor": "Judgment: no rating is surer than a twentieth of a point",
        }
    ),
)
