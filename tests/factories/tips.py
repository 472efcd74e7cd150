"""Tips, predictions and statistics as climbers receive them."""

from __future__ import annotations

from typing import Any

from recommendations.domain.provenance import Provenance
from recommendations.domain.tips import Basis, Flip, Tip

PREDICTION: dict[str, Any] = {
    "expected_quality": 6.4,
    "predictive_interval_95": [3.7, 9.1],
    "mean_interval_95": [5.9, 6.9],
    "sigma": 1.3,
    "phase": "learning",
    "n_sessions": 17,
    "population": {"trained": False, "literature": True, "coach_scenarios": 0},
}
STATS: dict[str, Any] = {
    "stress_level_population": {"user_value": 4.0, "pop_mean": 2.8, "z_score": 1.33, "percentile": 90.0},
    "caffeine_mg_response": {"user_coefficient": 0.0031, "probability_stronger": 0.55},
    "personal_caffeine": {"high_caffeine_avg": 7.1, "low_caffeine_avg": 6.2, "n_high": 5, "n_low": 8},
    "personal_high_stress": {
        "avg_quality_project": 4.8,
        "avg_quality_volume": 5.9,
        "n_project": 3,
        "n_volume": 4,
    },
}


def make_basis(*, own_sessions: int, reliability: float, **population: Any) -> Basis:
    """What a tip rests on; beside own sessions on studies, unless said otherwise."""
    return Basis(
        own_sessions=own_sessions,
        reliability=reliability,
        population_share=1 - reliability,
        population=Provenance(**population),
    )


def make_tip(**changes: Any) -> Tip:
    """A tip to drink some coffee, partly learned from own sessions."""
    values: dict[str, Any] = {
        "index": 0,
        "variable": "caffeine_mg",
        "label": "Caffeine",
        "action": "increase",
        "current_value": 0,
        "compared_with": 0,
        "recommended_value": 100,
        "unit": "mg",
        "gain": 0.31,
        "gain_interval_95": (-0.58, 1.18),
        "probability_of_gain": 0.76,
        "expected_quality_before": 6.4,
        "expected_quality_after": 6.7,
        "flips": (
            Flip(
                kind="dose_limit",
                variable="caffeine_mg",
                threshold=300,
                direction="at_least",
                sentence="From 300 mg on, more of it adds nothing.",
            ),
        ),
        "basis": make_basis(own_sessions=13, reliability=0.42),
        "caveats": (),
    }
    return Tip(**{**values, **changes})
