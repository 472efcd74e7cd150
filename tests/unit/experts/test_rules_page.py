"""What docs/methods/rules.md says of the grammar and of its worked example is what the code does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from experts.domain.rules.decision import RuleDefinition
from experts.domain.rules.grammar import MAX_CONDITIONS, MAX_DEPTH, MAX_PARTS, parse_rule
from experts.domain.rules.operators import OPERATORS
from experts.domain.rules.reference import ACTION_REFERENCE
from experts.domain.rules.rule_set import RuleSet
from experts.domain.rules.sentences import rule_sentence

PAGE = (Path(__file__).parents[3] / "docs/methods/rules.md").read_text(encoding="utf-8")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def override(word: str, message: str) -> dict[str, str]:
    return {"type": "override", "recommendation": word, "message": message}


SORE_FINGER = RuleDefinition(
    id="1",
    name="Sore finger",
    version=1,
    category="safety",
    priority=90,
    conditions={"field": "pre_session.niggle_severity.finger", "op": ">=", "value": 3},
    actions=[override("no_hangboard", "A finger that hurts is not loaded on an edge.")],
)
TENSE = RuleDefinition(
    id="2",
    name="Tense and nervous",
    version=1,
    category="conservative",
    priority=60,
    conditions={
        "ALL": [
            {"field": "baseline.performance_anxiety", "op": ">=", "value": 7},
            {"field": "pre_session.stress_level", "op": ">=", "value": 4},
        ]
    },
    actions=[override("rest_day", "Rest does more for you today.")],
)
LATE_COFFEE = RuleDefinition(
    id="3",
    name="Late coffee",
    version=1,
    category="interaction",
    priority=20,
    conditions={"field": "pre_session.time_of_day", "op": "==", "value": "evening"},
    actions=[
        {"type": "suppress", "target": "caffeine_recommendation"},
        {"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5},
    ],
)
RULES = (SORE_FINGER, TENSE, LATE_COFFEE)
NIGGLE, STRESS, ANXIETY = (
    "pre_session.niggle_severity.finger",
    "pre_session.stress_level",
    "baseline.performance_anxiety",
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rules_of_the_example_are_on_the_page(rule):
    sentence = rule_sentence(parse_rule(conditions=rule.conditions, actions=rule.actions))
    assert f"| {rule.name} | {rule.priority}, {rule.category} | {sentence} |" in PAGE


@pytest.mark.parametrize(
    ("known", "outcomes", "override", "asks"),
    [
        ({STRESS: 5}, ["not_evaluable", "not_evaluable", "true"], None, (NIGGLE,)),
        ({STRESS: 2, NIGGLE: 0}, ["false", "false", "true"], None, ()),
        ({STRESS: 5, ANXIETY: 8, NIGGLE: 0}, ["false", "true", "true"], "rest_day", ()),
    ],
    ids=["little said", "not stressed", "tense"],
)
def test_the_three_climbers_of_the_example(known, outcomes, override, asks):
    decision = RuleSet(RULES).decide(known | {"pre_session.time_of_day": "evening"}, now=NOW)
    assert [entry.outcome for entry in decision.trace] == outcomes
    assert (decision.override and decision.override.recommendation) == override
    assert decision.fields_to_ask_for == asks
    assert decision.adjustments.suppressed == ("caffeine_mg",)


def test_every_operator_action_and_limit_is_on_the_page():
    assert all(f"`{symbol}`" in PAGE for symbol in OPERATORS)
    assert all(f"| `{action.kind}` |" in PAGE for action in ACTION_REFERENCE)
    limits = f"nested more than {MAX_DEPTH} deep, more than {MAX_PARTS} parts in a group, {MAX_CONDITIONS} conditions"
    assert limits in " ".join(PAGE.split())
