"""What the literature says one unit of each variable is worth, in points of session quality.

`individual_variance` keeps the specification's name; it is a standard deviation between climbers.
"""

from __future__ import annotations

from typing import Final, TypedDict


class LiteraturePrior(TypedDict, total=False):
    """One coefficient: points of quality per natural unit of the dose function."""

    population_mean: float
    population_std: float
    individual_variance: float
    optimal_range: list[float]
    sources: list[str]


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
        "sources": ["Estimated"],
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
        "sources": ["Estimated"],
    },
}

WEAK_PRIORS: Final[dict[str, LiteraturePrior]] = {
    # Asked for in the design matrix, without a published effect: centred on none, wide enough to learn.
    "motivation_level": {
        "population_mean": 0.0,
        "population_std": 0.30,
        "individual_variance": 0.15,
        "sources": ["Weak prior: no published effect"],
    },
}

CONFIDENCE_WEIGHTS: Final[dict[str, float]] = {"high": 1.0, "medium": 0.7, "low": 0.4}

INTERCEPT_PRIOR_MEAN: Final = 5.0  # quality of a session with everything at its reference value
INTERCEPT_PRIOR_SD: Final = 1.0
INTERCEPT_INDIVIDUAL_SD: Final = 1.0  # how far climbers' usual quality lies apart
OBSERVATION_NOISE_SD: Final = 1.3  # sessions that look alike still differ by about this much
