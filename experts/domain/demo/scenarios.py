"""Scenarios of the demo: an ordinary climber on an ordinary day, with an edge case laid over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from climbiq.domain.edge_cases import EDGE_CASE_DIMENSIONS
from climbiq.domain.variables import variable

__all__ = ["DemoScenario", "demo_scenarios"]

SEED: Final = 20260504
_DIFFICULTY: Final[Mapping[str, str]] = {
    "anxiety_stress": "medium",
    "injury_combinations": "expert",
    "recovery_extremes": "easy",
    "demographic_edge_cases": "hard",
    "contradictory_signals": "hard",
    "time_constraints": "medium",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoScenario:
    """An invented climber on an invented day, under the registry's names."""

    baseline: Mapping[str, Any]
    pre_session: Mapping[str, Any]
    description: str
    tag: str
    difficulty: str


def demo_scenarios() -> tuple[DemoScenario, ...]:
    """One scenario for every combination of the edge cases, the same ones every time.

    >>> scenarios = demo_scenarios()
    >>> scenarios[0].tag, scenarios[0].baseline["performance_anxiety"], scenarios[0].pre_session["stress_level"]
    ('anxiety_stress', 9, 5)
    """
    chance = np.random.default_rng(SEED)
    return tuple(
        _scenario(tag, edge, chance) for tag, edges in EDGE_CASE_DIMENSIONS.items() for edge in edges
    )


def _scenario(tag: str, edge: Mapping[str, Any], chance: np.random.Generator) -> DemoScenario:
    baseline, day = _climber(chance), _day(chance)
    for given, value in edge.items():
        entry = variable(given)
        target = baseline if entry.room == "baseline" else day
        target[entry.name] = [dict(n) for n in value] if entry.kind == "niggles" else value
    return DemoScenario(
        baseline=baseline,
        pre_session=day,
        description=_described(edge),
        tag=tag,
        difficulty=_DIFFICULTY[tag],
    )


def _climber(chance: np.random.Generator) -> dict[str, Any]:
    years = int(chance.integers(2, 15))
    level = min(years // 3, 4)
    return {
        "age": 20 + years + int(chance.integers(0, 12)),
        "sex": str(chance.choice(["female", "male"])),
        "years_climbing": float(years),
        "primary_discipline": str(chance.choice(["boulder", "sport"])),
        "current_boulder_grade": ("V3", "V4", "V5", "V6", "V8")[level],
        "current_route_grade": ("6b", "6c", "7a", "7b", "7c")[level],
        "sessions_per_week": float(chance.choice([2, 2.5, 3, 3.5])),
        "performance_anxiety": int(chance.integers(3, 7)),
        "typical_recovery_days": float(chance.choice([1, 1.5, 2])),
        "sleep_quality_typical": int(chance.integers(3, 5)),
    }


def _day(chance: np.random.Generator) -> dict[str, Any]:
    return {
        "sleep_hours": float(chance.choice([6.5, 7, 7.5, 8])),
        "sleep_quality": int(chance.integers(3, 5)),
        "energy_level": int(chance.integers(3, 5)),
        "soreness_level": int(chance.integers(1, 4)),
        "stress_level": int(chance.integers(2, 4)),
        "motivation_level": int(chance.integers(3, 5)),
        "days_since_last_session": int(chance.integers(1, 4)),
        "days_since_hard_session": int(chance.integers(2, 5)),
        "current_niggles": [],
        "time_of_day": "evening",
        "time_available_min": 120,
        "session_goal": str(chance.choice(["project", "volume", "technique"])),
        "session_type": str(chance.choice(["project", "volume", "technique"])),
        "session_intensity": str(chance.choice(["high", "moderate"])),
        "caffeine_mg": int(chance.choice([0, 80, 120])),
        "warmup_duration_min": int(chance.choice([10, 15, 20])),
    }


def _counted(value: float, one: str, many: str) -> str:
    return f"{value:g} {one if value == 1 else many}"


# Quantities that nobody names before their number.
_SAID: Final[Mapping[str, Callable[[float], str]]] = {
    "age": lambda years: f"{_counted(years, 'year', 'years')} old",
    "years_climbing": lambda years: f"{_counted(years, 'year', 'years')} of climbing",
    "sessions_per_week": lambda n: f"{_counted(n, 'session', 'sessions')} a week",
    "sleep_hours": lambda hours: f"{_counted(hours, 'hour', 'hours')} of sleep",
    "days_since_hard_session": lambda days: (
        f"last hard session {_counted(days, 'day', 'days')} ago" if days else "a hard session earlier today"
    ),
    "caffeine_mg": lambda dose: f"{dose:g} mg of caffeine",
    "warmup_duration_min": lambda minutes: f"{_counted(minutes, 'minute', 'minutes')} of warm-up",
    "time_available_min": lambda minutes: f"{_counted(minutes, 'minute', 'minutes')} of time",
}


def _described(edge: Mapping[str, Any]) -> str:
    """The edge in a few words: "Performance anxiety 9, stress 5"."""
    words = []
    for given, value in edge.items():
        entry = variable(given)
        match entry.kind:
            case "niggles":
                words += [f"{entry.choices[n['location']].lower()} niggle of {n['severity']}" for n in value]
            case "choice":
                words.append(f"{entry.label.lower()}: {entry.choices[value].lower()}")
            case _ if entry.name in _SAID:
                words.append(_SAID[entry.name](value))
            case _:
                unit = "" if entry.unit in {"", "points"} else f" {entry.unit}"
                words.append(f"{entry.label.lower()} {value:g}{unit}")
    text = ", ".join(words)
    return text[:1].upper() + text[1:]
