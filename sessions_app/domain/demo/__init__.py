"""Invented climbers with believable diaries, for the demo: deterministic, relative to a day."""

from __future__ import annotations

from sessions_app.domain.demo.people import CLIMBERS, DemoClimber
from sessions_app.domain.demo.simulation import DemoDiary, true_effects, write_demo_diary

__all__ = ["CLIMBERS", "DemoClimber", "DemoDiary", "true_effects", "write_demo_diary"]
