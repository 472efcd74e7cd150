"""A believable diary: states that hang together, plans that change, answers that are missing.

Quality follows the hierarchical model's own equation with effects drawn from the literature's priors,

    quality = clip(round(5 + a_u + level_u(t) + Σ_k (beta_k + b_uk) x_uk + eps), 1, 10),

so that there is something to find, and somebody to tell apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

import numpy as np

from climbiq.domain.literature import LITERATURE_PRIORS, QUALITY_PRIORS
from climbiq.domain.variables import VARIABLES
from sessions_app.domain.demo.niggles import Niggling
from sessions_app.domain.demo.people import DemoClimber
from sessions_app.domain.demo.words import NOTES, REASONS, SENDS
from sessions_app.domain.diary import DiaryRow

__all__ = ["DemoDiary", "true_effects", "write_demo_diary"]

SEED: Final = 20260504
NOISE_SD: Final = 1.0
LEVEL_SD: Final = 0.5  # how far a personal level wanders
LEVEL_HALF_LIFE_DAYS: Final = 45.0

_HARD: Final = ("project", "power", "competition", "hangboard")
_CHANGEABLE: Final = ("caffeine_mg", "warmup_duration_min", "session_intensity", "session_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDiary:
    """One climber's sessions, the first one first, and the truth that they were drawn from."""

    rows: tuple[DiaryRow, ...]
    effects: Mapping[str, float]
    usual_quality: float


def true_effects(*, number: int) -> dict[str, float]:
    """The effects of one climber: the population's, drawn once for all, and their own around them.

    >>> abs(true_effects(number=0)["sleep_quality"] - true_effects(number=1)["sleep_quality"]) > 0
    True
    """
    # Not [SEED, 0]: numpy takes that for SEED itself, and the climber would repeat the population's draws.
    shared, own = np.random.default_rng(SEED), np.random.default_rng([SEED, number + 1])
    effects: dict[str, float] = {}
    for name, prior in LITERATURE_PRIORS.items():
        beta = shared.normal(prior["population_mean"], prior["population_std"])
        effects[name] = float(beta + own.normal(0.0, prior["individual_variance"]))
    return effects


def write_demo_diary(*, climber: DemoClimber, number: int, today: date, zone: tzinfo) -> DemoDiary:
    """Write one climber's diary up to yesterday, and today's plan where they have one.

    Parameters
    ----------
    climber : DemoClimber
    number : int
        Seeds the chance; the same number on the same day gives the same diary.
    today : date
        The climber's own.
    zone : tzinfo
        The climber's own.
    """
    return _Writer(climber, number, today, zone).write()


class _Writer:
    """Goes through the days of one climber and remembers what the next day needs of them."""

    def __init__(self, climber: DemoClimber, number: int, today: date, zone: tzinfo) -> None:
        self.climber, self.today, self.zone = climber, today, zone
        self.chance = np.random.default_rng([SEED, 1000 + number])
        self.effects = true_effects(number=number)
        self.usual = QUALITY_PRIORS.intercept_mean + self.chance.normal(
            0.6, 0.6 * QUALITY_PRIORS.intercept_individual_sd
        )
        self.level = 0.0
        self.stress = climber.stress_level
        self.last: date | None = None
        self.last_hard: date | None = None
        self.niggling = Niggling(climber.sore_spot)
        self.rows: list[DiaryRow] = []

    def write(self) -> DemoDiary:
        start = self.today - timedelta(weeks=self.climber.weeks)
        for days in range((self.today - start).days):
            self._drift()
            day = start + timedelta(days=days)
            if self.chance.random() < self.climber.per_week / 7 and day != self.last:
                self._session(day)
        if self.climber.plans_today:
            self._drift()
            plan = {**self._plan(self.today), **self.climber.sure_today}
            self.rows.append(self._row(self.today, status="planned", planned=plan))
        return DemoDiary(rows=tuple(self.rows), effects=self.effects, usual_quality=float(self.usual))

    def _drift(self) -> None:
        keep = math.exp(-math.log(2) / LEVEL_HALF_LIFE_DAYS)
        self.level = keep * self.level + self.chance.normal(0, LEVEL_SD * math.sqrt(1 - keep**2))
        self.stress += 0.3 * (self.climber.stress_level - self.stress) + self.chance.normal(0, 0.5)
        self.niggling.pass_day(self.chance)

    def _session(self, day: date) -> None:
        planned = self._plan(day)
        if self.chance.random() < self.climber.skipped * (2 if planned["stress_level"] >= 4 else 1):
            self.rows.append(self._row(day, status="skipped", planned=self._said(planned)))
            return
        actual = self._changes(planned) if self.chance.random() < self.climber.changed else {}
        treated = planned | actual
        quality = self._quality(treated)
        hard = treated["session_intensity"] in {"max", "high"}
        self.niggling.load(self.chance, is_hard=hard)
        self.last, self.last_hard = day, day if hard else self.last_hard
        words: dict[str, Any] = {}
        if actual:
            words["deviation_reason"] = self._one_of(REASONS)
        if self.chance.random() < 0.25:
            words["notes"] = self._one_of(NOTES["good" if quality >= 6 else "bad"])
        self.rows.append(
            self._row(
                day,
                status="completed",
                planned=self._said(planned),
                actual=actual,
                deviated=bool(actual),
                outcomes=self._outcomes(quality),
                words=words,
                circumstances={"location_type": "outdoor" if self.chance.random() < 0.12 else "indoor_gym"},
            )
        )

    def _plan(self, day: date) -> dict[str, Any]:
        """How they arrive, all of it, and what they mean to do."""
        climber, since_hard = self.climber, self._days_since(self.last_hard, day)
        slept = climber.sleep_hours + self.chance.normal(0, 0.9) - 0.3 * (self.stress - climber.stress_level)
        sleep_hours = float(np.clip(round(slept * 2) / 2, 3, 11))
        sleep_quality = self._points(3.3 + 0.7 * (sleep_hours - 7) - 0.3 * (self.stress - 3))
        soreness = self._points(3.2 - 0.55 * (since_hard if since_hard is not None else 4))
        energy = self._points(3.2 + 0.35 * (sleep_hours - 7) - 0.4 * (soreness - 2))
        kind = self._one_of(list(climber.kinds), weights=list(climber.kinds.values()))
        kind = "recovery" if soreness >= 5 else kind
        caffeine = (
            max(0, climber.caffeine_mg + 40 * int(self.chance.integers(-1, 2))) if climber.caffeine_mg else 0
        )
        return {
            "sleep_hours": sleep_hours,
            "sleep_quality": sleep_quality,
            "energy_level": energy,
            "soreness_level": soreness,
            "stress_level": self._points(self.stress, noise=0.0),
            "motivation_level": self._points(3.4 + 0.3 * (energy - 3)),
            "days_since_last_session": self._days_since(self.last, day),
            "days_since_hard_session": since_hard,
            "current_niggles": self.niggling.now(),
            "time_of_day": "morning" if climber.hour < 11 else "midday" if climber.hour < 14 else "evening",
            "time_available_min": int(self.chance.choice([60, 90, 120, 120, 150, 180])),
            "session_type": kind,
            "session_intensity": self._intensity(kind),
            "caffeine_mg": int(caffeine),
            "warmup_duration_min": max(0, climber.warmup_duration_min + 5 * int(self.chance.integers(-1, 2))),
        }

    def _intensity(self, kind: str) -> str:
        if kind == "recovery":
            return "low"
        return self._one_of(
            ["max", "high", "moderate"] if kind in _HARD else ["high", "moderate", "moderate", "low"]
        )

    def _changes(self, planned: Mapping[str, Any]) -> dict[str, Any]:
        """One or two of the treatments as they really were."""
        names = self.chance.choice(_CHANGEABLE, size=int(self.chance.integers(1, 3)), replace=False)
        drawn = {
            "caffeine_mg": 0 if planned["caffeine_mg"] else 80,
            "warmup_duration_min": int(planned["warmup_duration_min"]) // 2,
            "session_intensity": self._one_of(
                ["moderate", "low"] if planned["energy_level"] <= 3 else ["high", "max"]
            ),
            "session_type": self._one_of(["volume", "technique", "recovery"]),
        }
        return {str(name): drawn[name] for name in names if drawn[name] != planned[name]}

    def _quality(self, treated: Mapping[str, Any]) -> int:
        mean = self.usual + self.level
        for name, effect in self.effects.items():
            value = treated[name]
            mean += effect * (VARIABLES[name].centred_dose(value) if value is not None else 0.0)
        return int(np.clip(round(mean + self.chance.normal(0, NOISE_SD)), 1, 10))

    def _outcomes(self, quality: int) -> dict[str, Any]:
        outcomes: dict[str, Any] = {"session_quality": quality if self.chance.random() > 0.02 else None}
        if self.chance.random() < 0.5:
            outcomes |= {
                "energy_post": self._points(2.4),
                "skin_condition": self._points(3.0),
                "psyched_level": self._points(2 + quality / 4),
                "actual_duration_min": int(self.chance.choice([60, 75, 90, 105, 120, 150])),
            }
        if quality >= 7 and self.chance.random() < 0.6:
            outcomes["sends"] = [self._one_of(SENDS)]
        return outcomes

    def _said(self, planned: Mapping[str, Any]) -> dict[str, Any]:
        """What of it they wrote down."""
        kept = {"session_type", "session_intensity", "time_of_day"}
        return {
            n: v for n, v in planned.items() if n in kept or self.chance.random() >= self.climber.left_blank
        }

    def _row(self, day: date, *, status: str, **parts: Any) -> DiaryRow:
        minute = int(self.chance.choice([0, 15, 30, 45]))
        start = datetime(day.year, day.month, day.day, self.climber.hour, minute, tzinfo=self.zone)
        took_min = parts.get("outcomes", {}).get("actual_duration_min")
        end = None if took_min is None else start + timedelta(minutes=took_min)
        return DiaryRow(line=0, session_date=day, started_at=start, ended_at=end, status=status, **parts)

    def _points(self, mean: float, *, noise: float = 0.6) -> int:
        return int(np.clip(round(mean + self.chance.normal(0, noise)), 1, 5))

    def _one_of(self, words: Any, *, weights: list[float] | None = None) -> str:
        shares = None if weights is None else np.array(weights) / sum(weights)
        return str(words[int(self.chance.choice(len(words), p=shares))])

    @staticmethod
    def _days_since(earlier: date | None, day: date) -> int | None:
        return None if earlier is None else min((day - earlier).days, 365)
