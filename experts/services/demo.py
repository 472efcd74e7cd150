"""Write the demo's rules and scenarios, in the names of its coaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from climbiq.accounts import rls
from climbiq.accounts.models import User
from experts.domain.demo import DEMO_RULES, demo_scenarios
from experts.models import SyntheticScenario
from experts.services.rules import change_lifecycle, create_rule

__all__ = ["add_demo_rules", "add_demo_scenarios"]

BATCH: Final = "demo"


def add_demo_rules(*, author: User, reviewer: User, now: datetime) -> int:
    """Write the rules as one coach and take them to where their life stands as another; how many there are."""
    for rule in DEMO_RULES:
        with rls.acting_as(rls.Identity.of(author)):
            written = create_rule(by=author, content=rule.content, now=now, reason=rule.reason)
        if rule.lifecycle != "draft":
            with rls.acting_as(rls.Identity.of(reviewer)):
                change_lifecycle(by=reviewer, rule_id=written.pk, to=rule.lifecycle, reason=rule.reason)
    return len(DEMO_RULES)


def add_demo_scenarios(*, reviewers: Sequence[User]) -> int:
    """Write the scenarios, waiting for these coaches; how many there are."""
    rows = [
        SyntheticScenario(
            baseline_snapshot=dict(scenario.baseline),
            pre_session_snapshot=dict(scenario.pre_session),
            scenario_description=scenario.description,
            edge_case_tags=[scenario.tag],
            difficulty_level=scenario.difficulty,
            assigned_reviewers=[coach.pk for coach in reviewers],
            generation_batch=BATCH,
        )
        for scenario in demo_scenarios()
    ]
    SyntheticScenario.objects.bulk_create(rows)
    return len(rows)
