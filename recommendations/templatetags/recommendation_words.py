"""The wording of recommendations, for templates."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django import template

from climbiq.accounts.models import User
from climbiq.common.chart_data import one
from climbiq.domain.vocabularies import SESSION_STATUSES
from climbiq.domain.written_numbers import signed, signed_fixed
from recommendations.domain import wording
from recommendations.selectors import recommendations_of
from sessions_app.domain.records import SessionRecord

MOST_EARLIER: Final = 20

register = template.Library()

register.filter("signed", signed)
register.filter("points", signed_fixed)
register.filter("one", one)
register.filter("percent", wording.percent)
register.filter("tip_title", wording.tip_title)
register.filter("stat_lines", wording.stat_lines)
register.filter("field_labels", wording.field_labels)
register.filter("choice_label", wording.choice_label)
register.filter("amount", wording.amount)


@register.inclusion_tag("recommendations/earlier.html")
def earlier_advice(session: SessionRecord, user: User) -> dict[str, Any]:
    """What was advised for the session before its latest advice; nothing to read where nothing was advised."""
    if not session.recommendations_shown:
        return {"earlier": []}
    return {"earlier": list(recommendations_of(user_id=user.pk, session_id=session.id)[1 : MOST_EARLIER + 1])}


@register.filter
def phase_words(phase: str) -> str:
    """How many sessions of the climber the numbers know."""
    return wording.PHASES.get(phase, phase)


@register.filter
def assumed_words(how: str) -> str:
    """What stands in for what was not said."""
    return wording.ASSUMED.get(how, how)


@register.filter
def outcome_words(outcome: str) -> str:
    """How a rule came out."""
    return wording.OUTCOMES.get(outcome, outcome)


@register.filter
def status_words(status: str) -> str:
    """Where a session stands."""
    return SESSION_STATUSES.get(status, status)


@register.filter
def item(mapping: dict[Any, Any], key: Any) -> Any:
    """A mapping's entry."""
    return mapping.get(key)


@register.filter
def amount_of(value: Any, variable: str) -> str:
    """A value with its variable's unit, a choice by its label."""
    return wording.amount_of(value, variable)


@register.filter
def shared_caveats(tips: list[dict[str, Any]]) -> list[str]:
    """What holds for several of the tips: said once, below them."""
    counts = Counter(caveat for tip in tips for caveat in tip["caveats"])
    return [caveat for caveat, count in counts.items() if count > 1]


@register.filter
def own_caveats(tip: dict[str, Any], tips: list[dict[str, Any]]) -> list[str]:
    """What holds for this tip alone."""
    shared = shared_caveats(tips)
    return [caveat for caveat in tip["caveats"] if caveat not in shared]
