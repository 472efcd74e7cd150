"""A rule in plain English: what the editor shows while it is written, and the climber when it has spoken."""

from __future__ import annotations

from typing import Any, Final

from climbiq.domain.rule_fields import RuleField, rule_field
from climbiq.domain.variables import variable
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS
from experts.domain.rules.actions import SUPPRESSIBLE
from experts.domain.rules.operators import OPERATORS
from experts.domain.rules.tree import (
    Action,
    Comparison,
    Condition,
    Group,
    Message,
    ModifyCoefficient,
    Override,
    ParsedRule,
    Suppress,
)

__all__ = ["action_sentence", "condition_sentence", "field_words", "rule_sentence"]

_ENDS: Final = (".”", "!”", "?”", "…”")  # a message has ended the sentence already
_LINKS: Final = {"ALL": " and ", "ANY": " or "}
_LIST_LINKS: Final = {"between": " and ", "not_in": ", "}


def rule_sentence(rule: ParsedRule) -> str:
    """The whole rule.

    >>> from experts.domain.rules.grammar import parse_rule
    >>> ask = {"field": "pre_session.current_niggles", "op": "contains", "value": "finger"}
    >>> do = [{"type": "suppress", "target": "session_intensity_recommendation"}]
    >>> rule_sentence(parse_rule(conditions=ask, actions=do))
    'If niggles include finger: give no advice on intensity.'
    """
    actions = "; ".join(action_sentence(action) for action in rule.actions)
    end = "" if actions.endswith(_ENDS) else "."
    return f"If {condition_sentence(rule.conditions)}: {actions}{end}"


def condition_sentence(condition: Condition) -> str:
    """Conditions, with the word of each scale point and brackets around what belongs together.

    >>> from experts.domain.rules.grammar import parse_conditions
    >>> nervous = {"field": "baseline.performance_anxiety", "op": ">=", "value": 7}
    >>> tense = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
    >>> condition_sentence(parse_conditions({"ALL": [nervous, tense]}))
    'performance anxiety is at least 7 and stress is at least 4 (high)'
    """
    if isinstance(condition, Comparison):
        return _comparison_sentence(condition)
    return _LINKS[condition.kind].join(_part(part, within=condition) for part in condition.parts)


def action_sentence(action: Action) -> str:
    """One action, without a full stop.

    >>> action_sentence(ModifyCoefficient("caffeine_mg", 0.5))
    'count the effect of caffeine × 0.5'
    """
    match action:
        case Override(recommendation, message):
            return f"leave the model out and say “{OVERRIDE_RECOMMENDATIONS[recommendation]}”: “{message}”"
        case Suppress(target):
            return f"give no advice on {_lower(variable(SUPPRESSIBLE[target]).label)}"
        case ModifyCoefficient(target, multiplier):
            return f"count the effect of {_lower(variable(target).label)} × {multiplier:g}"
        case Message(message):
            return f"say “{message}”"


def field_words(path: str) -> str:
    """A field inside a sentence.

    >>> field_words("pre_session.niggle_severity.finger")
    'finger niggle'
    """
    return _lower(rule_field(path).label)


def _part(part: Condition, *, within: Group) -> str:
    sentence = condition_sentence(part)
    return f"({sentence})" if _joins_several(part) and len(within.parts) > 1 else sentence


def _joins_several(condition: Condition) -> bool:
    if isinstance(condition, Comparison):
        return False
    return len(condition.parts) > 1 or _joins_several(condition.parts[0])


def _comparison_sentence(comparison: Comparison) -> str:
    field = rule_field(comparison.field)
    operator = OPERATORS[comparison.op]
    if field.kind == "flag":
        return _flag_sentence(field, comparison.value is (comparison.op == "=="))
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    words = [_value_words(value, field) for value in values]
    link = _LIST_LINKS.get(comparison.op, " or ")
    listed = link.join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"{_lower(field.label)} {operator.words} {listed}{_unit(field)}"


def _flag_sentence(field: RuleField, wanted: bool) -> str:
    thing = _lower(field.label).removeprefix("has ")
    return f"the climber has {thing}" if wanted else f"the climber does not have {thing}"


def _value_words(value: Any, field: RuleField) -> str:
    if isinstance(value, str):
        return _lower(field.choices[value]) if field.choices else f"“{value}”"
    anchor = field.anchors.get(float(value))
    return f"{value:g} ({anchor})" if anchor else f"{value:g}"


def _unit(field: RuleField) -> str:
    """The unit, unless the label has said it: “days since a hard session is at least 2”."""
    said = field.unit in ("", "points") or field.unit in field.label.lower().split()
    return "" if said else f" {field.unit}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
