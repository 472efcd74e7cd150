"""Which rules are in force: expired, superseded and inactive ones never; changed ones at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from climbiq.common.models import DataVersion
from experts.models import ExpertRule
from experts.services.rule_engine import CACHE_SECONDS, RuleEngine
from tests.factories.expert_rules import NOW, REST, TENSE, as_coach, stored_rule

STATE = {"pre_session.stress_level": 5}


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock) -> RuleEngine:
    return RuleEngine(clock=clock)


def says(engine: RuleEngine, *, now=NOW, state=STATE) -> str | None:
    override = engine.check_rules(user_state=state, now=now)
    return override.rule_name if override else None


@pytest.mark.parametrize("lifecycle", ["draft", "shadow", "paused", "retired"])
def test_only_active_rules_speak(db, engine, lifecycle):
    stored_rule(lifecycle=lifecycle)
    assert says(engine) is None


def test_a_rule_ends_at_its_moment_without_being_read_again(db, engine):
    stored_rule(lifecycle="active", expires_at=NOW)
    assert says(engine, now=NOW - timedelta(microseconds=1)) == "Stressed"
    assert says(engine, now=NOW) is None


def test_a_superseded_rule_is_silent(db, engine):
    old = stored_rule(lifecycle="active")
    new = stored_rule(name="Newer", lifecycle="active", priority=1)
    assert says(engine) == "Stressed"
    ExpertRule.objects.filter(pk=old.pk).update(superseded_by=new)
    assert says(engine) == "Newer"


def test_higher_priority_speaks_first_then_the_name(db, engine):
    for name, priority in (("B", 50), ("A", 50), ("Z", 60)):
        stored_rule(name=name, priority=priority, lifecycle="active")
    assert says(engine) == "Z"
    ExpertRule.objects.filter(name="Z").delete()
    assert says(engine) == "A"


def test_rules_are_read_once_until_their_counter_moves(db, engine):
    rule = stored_rule(lifecycle="active")
    assert says(engine) == "Stressed"
    with CaptureQueriesContext(connection) as queries:
        assert says(engine) == "Stressed"
    assert len(queries) == 1  # the counter alone
    version = DataVersion.objects.get(name="rules").version
    with CaptureQueriesContext(connection) as queries:
        engine.decide(state=STATE, now=NOW, version=version)
    assert len(queries) == 0
    ExpertRule.objects.filter(pk=rule.pk).update(name="Renamed")
    assert says(engine) == "Renamed"


def test_without_a_counter_rules_grow_old_after_300_seconds(db, engine, clock):
    rule = stored_rule(lifecycle="active")
    says(engine)
    version = DataVersion.objects.get(name="rules").version
    ExpertRule.objects.filter(pk=rule.pk).update(name="Renamed")

    def named() -> str:
        return engine.decide(state=STATE, now=NOW, version=version).override.rule_name

    clock.seconds = CACHE_SECONDS - 1
    assert named() == "Stressed"
    clock.seconds = CACHE_SECONDS
    assert named() == "Renamed"


def test_a_rule_that_sql_broke_does_not_stop_the_others(db, engine):
    stored_rule(name="Broken", conditions={"field": "gone"}, priority=90, lifecycle="active")
    stored_rule(lifecycle="active")
    decision = engine.decide(state=STATE, now=NOW)
    assert decision.override.rule_name == "Stressed"
    assert [(entry.name, entry.outcome) for entry in decision.trace] == [
        ("Broken", "not_evaluable"),
        ("Stressed", "true"),
    ]


def test_a_climber_reads_the_rules_in_force_and_no_drafts(alice, engine):
    stored_rule(lifecycle="active")
    stored_rule(name="Secret", conditions=TENSE, actions=[REST])
    with as_coach(alice):
        assert says(engine) == "Stressed"
        assert [rule.name for rule in ExpertRule.objects.all()] == ["Stressed"]
