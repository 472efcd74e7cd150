"""Combinations of conditions that coaches are asked about first, because rules of thumb fail there."""

from __future__ import annotations

from typing import Any, Final

EDGE_CASE_DIMENSIONS: Final[dict[str, list[dict[str, Any]]]] = {
    "anxiety_stress": [
        {"performance_anxiety": 9, "stress_level": 5},
        {"performance_anxiety": 8, "stress_level": 4, "sleep_hours": 4},
        {"performance_anxiety": 7, "motivation_level": 5, "session_goal": "project"},
    ],
    "injury_combinations": [
        {"current_niggles": [{"location": "finger", "severity": 2}], "days_since_hard_session": 1},
        {"current_niggles": [{"location": "shoulder", "severity": 1}], "session_goal": "steep_project"},
        {"current_niggles": [{"location": "elbow", "severity": 3}], "planned_session_type": "hangboard"},
    ],
    "recovery_extremes": [
        {"days_since_hard_session": 0, "sleep_hours": 9},
        {"days_since_hard_session": 7, "sleep_hours": 5},
        {"days_since_hard_session": 1, "soreness_level": 4},
    ],
    "demographic_edge_cases": [
        {"age": 55, "years_climbing": 2, "days_since_hard_session": 2},
        {"age": 18, "years_climbing": 10, "performance_anxiety": 8},
        {"age": 45, "sessions_per_week": 5, "sleep_hours": 5},
    ],
    "contradictory_signals": [
        {"sleep_hours": 9, "sleep_quality": 1},
        {"stress_level": 5, "motivation_level": 5},
        {"caffeine_mg": 400, "performance_anxiety": 9},
        {"energy_level": 5, "soreness_level": 4},
    ],
    "time_constraints": [
        {"time_available_min": 45, "session_goal": "project"},
        {"time_available_min": 30, "planned_warmup_min": 25},
    ],
}
