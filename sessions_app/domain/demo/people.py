"""Who climbs in the demo, and how differently they use the diary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

__all__ = ["CLIMBERS", "DemoClimber"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClimber:
    """One invented climber.

    Attributes
    ----------
    weeks : int
        How far back the diary goes.
    per_week : float
        Sessions a week.
    hour : int
        When sessions usually begin, in the climber's own time.
    sleep_hours, stress_level, caffeine_mg, warmup_duration_min : float
        What is usual for them.
    kinds : mapping
        Session type → how often, relative to the others.
    left_blank, changed, skipped : float
        Share of answers left open, of sessions that go differently, of sessions that do not take place.
    sore_spot : str
        Where it hurts when something does; "" where nothing ever does.
    traits : mapping
        The baseline; empty: none was recorded.
    plans_today : bool
        Whether a session is planned for today and not logged yet.
    sure_today : mapping
        What today's form says whatever chance would have it.
    """

    name: str
    login: str
    time_zone: str
    weeks: int = 26
    per_week: float = 3.0
    hour: int = 18
    sleep_hours: float = 7.3
    stress_level: float = 2.6
    caffeine_mg: int = 80
    warmup_duration_min: int = 15
    kinds: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"project": 2.0, "volume": 1.0})
    )
    left_blank: float = 0.05
    changed: float = 0.2
    skipped: float = 0.06
    sore_spot: str = "finger"
    traits: Mapping[str, Any] = field(default_factory=dict)
    plans_today: bool = False
    sure_today: Mapping[str, Any] = field(default_factory=dict)


def _traits(age: int, sex: str, years: float, discipline: str, boulder: str, route: str, **more: Any) -> Any:
    return MappingProxyType(
        {
            "age": age,
            "sex": sex,
            "years_climbing": years,
            "primary_discipline": discipline,
            "current_boulder_grade": boulder,
            "current_route_grade": route,
            **more,
        }
    )


CLIMBERS: Final = (
    DemoClimber(
        name="Mira",
        login="mira",
        time_zone="Europe/Ljubljana",
        weeks=44,
        per_week=3.4,
        caffeine_mg=150,
        kinds={"project": 3, "power": 2, "volume": 1, "hangboard": 1},
        changed=0.25,
        plans_today=True,
        traits=_traits(
            *(29, "female", 8, "boulder", "7B", "7b+"),
            height_cm=166.0,
            weight_kg=57.5,
            arm_span_cm=168.0,
            performance_anxiety=4,
            sessions_per_week=3.5,
            has_hangboard=True,
            max_pullups=14,
            injury_history=[{"location": "finger", "severity": 3, "notes": "A2, left ring, two years ago"}],
            gym_access="several_times_week",
        ),
    ),
    DemoClimber(
        name="Jonas",
        login="jonas",
        time_zone="Europe/Berlin",
        weeks=40,
        per_week=2.6,
        hour=19,
        sleep_hours=6.4,
        stress_level=3.6,
        caffeine_mg=240,
        left_blank=0.1,
        traits=_traits(41, "male", 15, "sport", "6C", "7a", weight_kg=78.0, performance_anxiety=6),
    ),
    DemoClimber(
        name="Aiko",
        login="aiko",
        time_zone="Asia/Tokyo",
        weeks=36,
        per_week=4.4,
        hour=17,
        sleep_hours=7.0,
        caffeine_mg=60,
        kinds={"power": 2, "project": 2, "technique": 1, "competition": 0.4},
        skipped=0.02,
        sore_spot="shoulder",
        traits=_traits(19, "female", 9, "boulder", "V9", "5.13a", performance_anxiety=8, has_coach=True),
    ),
    DemoClimber(
        name="Tom",
        login="tom",
        time_zone="Europe/London",
        weeks=30,
        per_week=2.0,
        hour=20,
        caffeine_mg=0,
        kinds={"volume": 2, "endurance": 2, "recovery": 0.5},
        left_blank=0.2,
        sore_spot="elbow",
        traits=_traits(56, "male", 3, "sport", "6A", "6b", typical_recovery_days=3.0, performance_anxiety=3),
    ),
    DemoClimber(
        name="Lucía",
        login="lucia",
        time_zone="Europe/Madrid",
        weeks=28,
        per_week=3.0,
        sleep_hours=7.8,
        kinds={"project": 2, "endurance": 1, "technique": 1},
        traits=_traits(33, "female", 6, "sport", "6C+", "7c", performance_anxiety=7, has_hangboard=True),
    ),
    DemoClimber(
        name="Priya",
        login="priya",
        time_zone="Asia/Kolkata",
        weeks=24,
        per_week=2.8,
        hour=7,
        stress_level=3.2,
        caffeine_mg=120,
        changed=0.35,
        plans_today=True,
        # A coach's rule has something to say about this.
        sure_today={
            "current_niggles": [
                {"location": "finger", "severity": 3, "notes": "right middle, since Tuesday"}
            ],
            "session_type": "project",
            "session_intensity": "max",
        },
        traits=_traits(26, "female", 2, "boulder", "V4", "5.11a", performance_anxiety=5),
    ),
    DemoClimber(
        name="Sven",
        login="sven",
        time_zone="Europe/Stockholm",
        weeks=22,
        per_week=3.2,
        hour=17,
        warmup_duration_min=8,
        sore_spot="",
        skipped=0.12,
        traits=_traits(37, "male", 11, "trad", "6B+", "7a+", performance_anxiety=2, has_home_wall=True),
    ),
    DemoClimber(
        name="Chloé",
        login="chloe",
        time_zone="Europe/Paris",
        weeks=9,
        per_week=2.6,
        hour=12,
        sleep_hours=7.6,
        traits=_traits(31, "female", 4, "boulder", "6C", "6c", performance_anxiety=6),
    ),
    DemoClimber(
        name="Marek",
        login="marek",
        time_zone="Europe/Prague",
        weeks=8,
        per_week=2.2,
        caffeine_mg=200,
        left_blank=0.15,
        sore_spot="back",
        traits=_traits(45, "male", 20, "sport", "6B", "6c+", sessions_per_week=2.0),
    ),
    DemoClimber(
        name="Zanele",
        login="zanele",
        time_zone="Africa/Johannesburg",
        weeks=6,
        per_week=2.0,
        stress_level=3.0,
        traits=_traits(24, "female", 1.5, "boulder", "V3", "5.10b", performance_anxiety=7),
    ),
    DemoClimber(
        name="Eli",
        login="eli",
        time_zone="America/Denver",
        weeks=3,
        per_week=2.4,
        sleep_hours=6.8,
        traits=_traits(22, "other", 1, "boulder", "V2", "5.9", performance_anxiety=5),
    ),
    # Comes to the site for the first time: no baseline, no session.
    DemoClimber(name="Noor", login="noor", time_zone="Europe/Amsterdam", weeks=0),
)
