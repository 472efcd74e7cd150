"""Rules and scenarios of the demo."""

from __future__ import annotations

from experts.domain.demo.rules import DEMO_RULES, DemoRule
from experts.domain.demo.scenarios import DemoScenario, demo_scenarios

__all__ = ["DEMO_RULES", "DemoRule", "DemoScenario", "demo_scenarios"]
