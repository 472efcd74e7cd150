"""Rules to start from: an empty page is the hardest one."""

from __future__ import annotations

from typing import Any, Final

from experts.domain.rules.json_text import pretty_json

__all__ = ["EXAMPLES", "example_form"]

_RULES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "rest": (
        "Rest when tense and nervous",
        {
            "conditions": {
                "ALL": [
                    {"field": "baseline.performance_anxiety", "op": ">=", "value": 7},
                    {"field": "pre_session.stress_level", "op": ">=", "value": 4},
                ]
            },
            "actions": [
                {
                    "type": "override",
                    "recommendation": "rest_day",
                    "message": "High stress on top of performance anxiety: a rest day does more for you.",
                }
            ],
            "rule_category": "conservative",
        },
    ),
    "finger": (
        "No hangboard on a sore finger",
        {
            "conditions": {"field": "pre_session.niggle_severity.finger", "op": ">=", "value": 3},
            "actions": [
                {
                    "type": "override",
                    "recommendation": "no_hangboard",
                    "message": "A finger that hurts is not loaded on an edge. Climb easy, open-handed, or rest.",
                }
            ],
            "rule_category": "safety",
        },
    ),
    "caffeine": (
        "Careful with caffeine late in the day",
        {
            "conditions": {"field": "pre_session.time_of_day", "op": "==", "value": "evening"},
            "actions": [
                {"type": "suppress", "target": "caffeine_recommendation"},
                {"type": "message", "message": "Caffeine this late costs sleep, and sleep costs more."},
            ],
            "rule_category": "interaction",
        },
    ),
}

EXAMPLES: Final = tuple((key, label) for key, (label, _) in _RULES.items())


def example_form(key: str) -> dict[str, Any]:
    """What the form starts with; empty for a key that there is not."""
    if key not in _RULES:
        return {}
    _, rule = _RULES[key]
    return {
        **rule,
        "conditions": pretty_json(rule["conditions"]),
        "actions": pretty_json(rule["actions"]),
    }
