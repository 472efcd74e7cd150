"""Contexts of recommendations: rules, sessions and whole climbers, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from experts.domain.rules.decision import RuleDefinition
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.population_prior import population_prior
from recommendations.domain.context import RecommendationContext

MORNING = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
REFERENCE = {name: VARIABLES[name].reference for name in MODEL_VARIABLES}


def asks(field, op, value):
    """One comparison of a rule."""
    return {"field": field, "op": op, "value": value}


def rule(name, conditions, *actions, **others):
    """A stored rule; its name is its id."""
    return RuleDefinition(
        id=name, name=name, version=1, conditions=conditions, actions=list(actions), **others
    )


def override(recommendation="rest_day", message="Not today."):
    return {"type": "override", "recommendation": recommendation, "message": message}


def suppress(target):
    return {"type": "suppress", "target": f"{target}_recommendation"}


def multiply(target, multiplier):
    return {"type": "modify_coefficient", "target": target, "multiplier": multiplier}


HOUSE_RULES = (
    rule(
        "Tense and anxious",
        {"ALL": [asks("baseline.performance_anxiety", ">=", 7), asks("pre_session.stress_level", ">=", 4)]},
        override(message="Rest: anxiety and stress together."),
        category="safety",
        priority=90,
    ),
    rule(
        "Sore finger",
        asks("pre_session.niggle_severity.finger", ">=", 3),
        override("no_hangboard", "Spare the finger."),
        category="safety",
        priority=95,
    ),
    rule("Little sleep", asks("pre_session.sleep_hours", "<", 5), suppress("caffeine")),
    rule(
        "Nervous",
        {"ALL": [asks("baseline.performance_anxiety", ">=", 8), asks("pre_session.energy_level", ">=", 5)]},
        multiply("caffeine_mg", 0.2),
    ),
    rule("In a hurry", asks("pre_session.time_available_min", "between", [10, 25]), suppress("warmup")),
)


def past_sessions(n, *, seed=1, caffeine_effect=0.004, noise=1.0, start=0.0):
    """Sessions of a climber whose caffeine truly helps by so much per mg."""
    random = np.random.default_rng(seed)
    sessions = []
    for i in range(n):
        caffeine = float(random.choice([0, 50, 100, 200, 300]))
        stress = float(random.integers(1, 6))
        quality = 5.5 + caffeine_effect * (caffeine - 100) - 0.35 * (stress - 3) + random.normal(0, noise)
        sessions.append(
            TreatedSession(
                day=start + 2.0 * i,
                conditions={
                    "sleep_hours": float(random.integers(11, 18)) / 2,
                    "sleep_quality": float(random.integers(1, 6)),
                    "energy_level": float(random.integers(1, 6)),
                    "soreness_level": float(random.integers(1, 6)),
                    "stress_level": stress,
                    "motivation_level": None if i % 7 == 0 else float(random.integers(1, 6)),
                    "days_since_hard_session": float(random.integers(0, 6)),
                    "caffeine_mg": caffeine,
                    "warmup_duration_min": float(random.choice([5, 10, 15, 20, 30])),
                    "session_type": str(random.choice(["project", "volume"])),
                },
                session_quality=float(np.clip(round(quality), 1, 10)),
            )
        )
    return tuple(sessions)


def context(**changes):
    """A climber on an ordinary day: no sessions yet, no rules, literature priors."""
    return RecommendationContext(
        **{
            "conditions": dict(REFERENCE),
            "now": MORNING,
            "today": 400.0,
            "rules": RuleSet(()),
            "population": population_prior(priors={}),
        }
        | changes
    )
