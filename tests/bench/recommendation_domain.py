"""How long the pure part of a recommendation takes: no database, no words.

Run as `python -m tests.bench.recommendation_domain`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import design_row
from modeling.domain.posterior import GaussianPrior
from modeling.domain.session_kind import kind_names
from recommendations.domain.belief_change import belief_change
from recommendations.domain.context import RecommendationContext, believe
from recommendations.domain.counterfactuals import generate_counterfactuals
from recommendations.domain.events import recommend
from recommendations.domain.prediction import predict_quality
from recommendations.domain.statistical_context import coefficient_beliefs, compute_statistical_context
from tests.factories.kinds import trained_on_kinds
from tests.factories.recommendation_context import (
    HOUSE_RULES,
    REFERENCE,
    asks,
    context,
    past_sessions,
    rule,
    suppress,
)

OWN_SESSIONS, REPEATS = 100, 300
FIELDS = ("stress_level", "energy_level", "soreness_level", "motivation_level", "sleep_quality")
CONDITIONS = REFERENCE | {
    "caffeine_mg": 0, "warmup_duration_min": 5, "time_available_min": 90, "current_niggles": []
}  # fmt: skip


def run() -> list[tuple[str, float, str]]:
    """Measure; returns (what, how much, unit): the fastest of many calls, as another process may hold the core."""
    sessions = past_sessions(OWN_SESSIONS)
    made = _context(HOUSE_RULES)
    belief = believe(sessions=sessions, population=made.population)
    before = believe(sessions=sessions[:-1], population=made.population, days_since_last=2.0).posterior
    prediction = predict_quality(posterior=belief.posterior, conditions=CONDITIONS, usual=belief.usual)
    beliefs = coefficient_beliefs(posterior=belief.posterior)
    state = made.state()
    row = design_row(conditions=sessions[-1].conditions, usual=belief.usual)
    contexts = {n: _context(_rules(n)) for n in (5, 50, 1000)}
    with_kinds = replace(
        contexts[5],
        population=_population_with_kinds(),
        conditions=CONDITIONS | {"session_type": "project", "session_intensity": "max", "stress_level": 4},
    )
    return [
        _timed(
            "belief from 100 own sessions", lambda: believe(sessions=sessions, population=made.population)
        ),
        _timed(
            "predict_quality",
            lambda: predict_quality(posterior=belief.posterior, conditions=CONDITIONS, usual=belief.usual),
        ),
        _timed(
            "generate_counterfactuals, flips included",
            lambda: generate_counterfactuals(
                posterior=belief.posterior,
                conditions=CONDITIONS,
                prediction=prediction,
                usual=belief.usual,
                own_sessions=sessions,
                rules=made.rules,
                state=state,
                now=made.now,
            ),
        ),
        _timed(
            "compute_statistical_context",
            lambda: compute_statistical_context(
                current_conditions=CONDITIONS,
                user_history=sessions,
                population_stats={},
                user_coefficients=beliefs,
            ),
        ),
        _timed(
            "belief_change",
            lambda: belief_change(before=before, after=belief.posterior, session=row, quality=7.0),
        ),
        *(
            _timed(f"whole recommendation, 100 own sessions, {n:,} rules", lambda c=c: recommend(context=c))
            for n, c in contexts.items()
        ),
        _timed(
            "the same with all kinds of session trained on, 5 rules", lambda: recommend(context=with_kinds)
        ),
    ]


def _rules(n: int) -> tuple:
    """The house's rules, and others of two conditions each of which an ordinary day meets neither."""
    random = np.random.default_rng(5)
    found = list(HOUSE_RULES)
    while len(found) < n:
        first, second = (str(name) for name in random.choice(FIELDS, 2, replace=False))
        conditions = {"ALL": [asks(f"pre_session.{first}", ">=", 5), asks(f"pre_session.{second}", "<=", 1)]}
        silenced = suppress("caffeine" if len(found) % 2 else "warmup")
        found.append(rule(f"rule {len(found)}", conditions, silenced))
    return tuple(found)


def _context(rules: tuple) -> RecommendationContext:
    sessions = past_sessions(OWN_SESSIONS)
    return context(
        conditions=CONDITIONS,
        own_sessions=sessions,
        rules=RuleSet(rules),
        today=sessions[-1].day + 2,
        baseline={"performance_anxiety": 8},
    )


def _population_with_kinds() -> GaussianPrior:
    """Every kind has its columns; another type and another intensity are worth advising."""
    names = kind_names(
        conditions=[{"session_type": t, "session_intensity": i} for t in SESSION_TYPES for i in INTENSITIES]
    )
    means = {"type:project×stress_level": -0.1, "type:technique": 0.3, "intensity:max": -0.3}
    return trained_on_kinds(means, names=names)


def _timed(what: str, work: Callable[[], object]) -> tuple[str, float, str]:
    work()
    taken = []
    for _ in range(REPEATS):
        started = perf_counter()
        work()
        taken.append(perf_counter() - started)
    return what, min(taken) * 1e6, "µs"


if __name__ == "__main__":
    for what, how_much, unit in run():
        sys.stdout.write(f"{what:<58}{how_much:8.0f} {unit}\n")
