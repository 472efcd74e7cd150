"""The wording of recommendations, for templates."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import template

from climbiq.common.chart_data import one
from recommendations.domain import wording

register = template.Library()

register.filter("signed", wording.signed)
register.filter("one", one)
register.filter("percent", wording.percent)
register.filter("tip_title", wording.tip_title)
register.filter("stat_lines", wording.stat_lines)
register.filter("field_labels", wording.field_labels)
register.filter("choice_label", wording.choice_label)
register.filter("amount", wording.amount)


@register.filter
def phase_words(phase: str) -> str:
    """How personal the numbers are."""
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
