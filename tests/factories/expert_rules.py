"""Rules as coaches write them, and rules already in the database."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from climbiq.accounts import rls
from climbiq.accounts.models import User
from experts.domain.rules.content import RuleContent
from experts.models import ExpertRule

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TENSE = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
REST = {"type": "override", "recommendation": "rest_day", "message": "Rest today."}
NO_CAFFEINE_ADVICE = {"type": "suppress", "target": "caffeine_recommendation"}
HALF_CAFFEINE = {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5}


def content(**fields: Any) -> RuleContent:
    """A sound rule as its author hands it in."""
    return RuleContent(**{"name": "Stressed", "conditions": {"ALL": [TENSE]}, "actions": [REST], **fields})


def stored_rule(**fields: Any) -> ExpertRule:
    """A rule written past the services, by nobody; a draft unless said otherwise."""
    rule = ExpertRule.objects.create(
        **{"name": "Stressed", "conditions": {"ALL": [TENSE]}, "actions": [REST], **fields}
    )
    rule.refresh_from_db()
    return rule


@contextmanager
def as_coach(user: User):
    """A transaction as the app role with this person's claims."""
    with rls.as_user(user.pk, role=user.access_role):
        yield
