"""The rules that the demo's coaches have written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from experts.domain.rules.content import RuleContent

__all__ = ["DEMO_RULES", "DemoRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRule:
    """A rule, where its life stands, and why."""

    content: RuleContent
    lifecycle: str
    reason: str


def _when(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _override(recommendation: str, message: str) -> dict[str, Any]:
    return {"type": "override", "recommendation": recommendation, "message": message}


def _message(text: str) -> dict[str, Any]:
    return {"type": "message", "message": text}


DEMO_RULES: Final = (
    DemoRule(
        lifecycle="active",
        reason="Agreed at the spring meeting.",
        content=RuleContent(
            name="Painful finger before a hard session",
            description="A finger that hurts and a hard plan: the likeliest way to a torn pulley.",
            conditions={
                "ALL": [
                    _when("pre_session.niggle_severity.finger", ">=", 3),
                    _when("pre_session.session_intensity", "in", ["high", "max"]),
                ]
            },
            actions=[
                _override(
                    "seek_advice",
                    "Your finger is painful and the plan is hard. Leave crimps alone today and have it looked at.",
                )
            ],
            rule_category="safety",
            priority=95,
            confidence="high",
            source="safety_protocol",
            evidence="Finger pulley injuries are preceded by pain in most reports.",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="Agreed at the spring meeting.",
        content=RuleContent(
            name="Still sore from yesterday’s hard session",
            conditions={
                "ALL": [
                    _when("pre_session.days_since_hard_session", "<=", 1),
                    _when("pre_session.soreness_level", ">=", 5),
                ]
            },
            actions=[
                _override(
                    "recovery_session", "You climbed hard yesterday and are very sore: move easily today."
                )
            ],
            rule_category="safety",
            priority=85,
            confidence="high",
            source="coach_consensus",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="Agreed at the spring meeting.",
        content=RuleContent(
            name="Overwhelmed and drained",
            conditions={
                "ALL": [
                    _when("pre_session.stress_level", ">=", 5),
                    _when("pre_session.energy_level", "<=", 2),
                    _when("pre_session.session_intensity", "in", ["high", "max"]),
                ]
            },
            actions=[
                _override(
                    "technique_session",
                    "A lot is on your mind and little is in the tank. Keep the session, make it quiet.",
                )
            ],
            rule_category="safety",
            priority=80,
            confidence="medium",
            source="coach_consensus",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="Seen too often.",
        content=RuleContent(
            name="Hangboard with a sore elbow",
            conditions={
                "ALL": [
                    _when("pre_session.session_type", "==", "hangboard"),
                    {
                        "ANY": [
                            _when("pre_session.niggle_severity.elbow", ">=", 2),
                            _when("pre_session.niggle_severity.shoulder", ">=", 3),
                        ]
                    },
                ]
            },
            actions=[_override("no_hangboard", "Let the elbow settle before it holds your weight again.")],
            rule_category="edge_case",
            priority=75,
            confidence="high",
            source="coach_consensus",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="Two of three coaches see it the same way.",
        content=RuleContent(
            name="No more coffee for nervous climbers",
            conditions={
                "ALL": [
                    _when("baseline.performance_anxiety", ">=", 7),
                    _when("pre_session.stress_level", ">=", 4),
                ]
            },
            actions=[
                {"type": "suppress", "target": "caffeine_recommendation"},
                _message("On a tense day more caffeine mostly adds to the nerves."),
            ],
            rule_category="interaction",
            priority=60,
            confidence="medium",
            source="coach_consensus",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="Literature says so, and so do we.",
        content=RuleContent(
            name="A short night weakens caffeine",
            conditions=_when("pre_session.sleep_hours", "<", 5),
            actions=[
                {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
                _message("After a night this short caffeine hides tiredness more than it helps."),
            ],
            rule_category="conservative",
            priority=50,
            confidence="medium",
            source="literature",
        ),
    ),
    DemoRule(
        lifecycle="active",
        reason="A friendly word costs nothing.",
        content=RuleContent(
            name="Four hard days in a week",
            conditions=_when("history.hard_sessions_last_7_days", ">=", 4),
            actions=[
                _message("That was a lot of hard climbing this week. A quiet day now is training, too.")
            ],
            rule_category="conservative",
            priority=40,
            confidence="medium",
            source="manual",
        ),
    ),
    DemoRule(
        lifecycle="shadow",
        reason="Watch it for a month first.",
        content=RuleContent(
            name="Short on time",
            conditions=_when("pre_session.time_available_min", "<=", 45),
            actions=[_override("shorten_session", "Little time: warm up well, do one thing, go home happy.")],
            rule_category="performance",
            priority=30,
            confidence="low",
            source="manual",
        ),
    ),
    DemoRule(
        lifecycle="draft",
        reason="",
        content=RuleContent(
            name="Keen but sore",
            conditions={
                "ALL": [
                    _when("pre_session.motivation_level", ">=", 5),
                    _when("pre_session.soreness_level", ">=", 4),
                ]
            },
            actions=[
                _override(
                    "volume_session", "The head wants more than the arms: climb easy things, lots of them."
                )
            ],
            rule_category="performance",
            priority=35,
            confidence="low",
            source="manual",
        ),
    ),
)
