from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from climbiq.accounts import rls
from sessions_app import selectors
from tests.factories.sessions import DAY, make_baseline, make_session

pytestmark = pytest.mark.django_db


def test_one_query_reads_sessions_with_both_forms(alice, django_assert_num_queries):
    make_session(
        alice,
        planned={"sleep_hours": Decimal("7.5"), "caffeine_mg": 200, "stress_level": 4, "current_niggles": []},
        actual={"caffeine_mg": 0},
        quality=8,
        outcomes={"notes": "pumped", "energy_post": 2},
    )
    make_session(alice, day=DAY + timedelta(days=1))
    with django_assert_num_queries(1):
        planned_only, session = selectors.history_of(user_id=alice.pk)
    assert (planned_only.has_pre, planned_only.has_post, planned_only.quality) == (False, False, None)
    assert session.planned["sleep_hours"] == 7.5
    assert isinstance(session.planned["sleep_hours"], float)
    assert session.planned["current_niggles"] == []
    assert session.planned["warmup_duration_min"] is None
    assert session.as_treated["caffeine_mg"] == 0
    assert session.planned["caffeine_mg"] == 200
    assert session.changes == (("caffeine_mg", 200, 0),)
    assert session.outcomes["energy_post"] == 2
    assert session.notes == {"notes": "pumped"}
    assert (session.status, session.quality, session.as_past) == ("completed", 8, (DAY, None, 8, "completed"))


def test_order_of_several_sessions_a_day(alice):
    evening = make_session(alice, started_at=datetime(2026, 5, 4, 18, tzinfo=UTC))
    morning = make_session(alice, started_at=datetime(2026, 5, 4, 7, tzinfo=UTC))
    next_day = make_session(alice, day=DAY + timedelta(days=1))
    found = [record.id for record in selectors.history_of(user_id=alice.pk)]
    assert found == [next_day.pk, evening.pk, morning.pk]
    assert [r.id for r in selectors.history_of(user_id=alice.pk, before=DAY, exclude=evening.pk)] == [
        morning.pk
    ]
    assert len(selectors.history_of(user_id=alice.pk, limit=2)) == 2


def test_everything_a_recommendation_needs_in_two_queries(alice, django_assert_num_queries):
    make_session(alice, planned={"stress_level": 2}, quality=6)
    make_baseline(
        alice, age=30, weight_kg=Decimal("70.5"), injury_history=[{"location": "elbow", "severity": 2}]
    )
    make_baseline(alice, age=29, is_current=False)
    with django_assert_num_queries(2):
        context = selectors.context_for(user_id=alice.pk)
    assert len(context.history) == 1
    assert context.baseline is not None
    assert (context.baseline.values["age"], context.baseline.values["weight_kg"]) == (30, 70.5)
    assert context.baseline.values["injury_history"] == [{"location": "elbow", "severity": 2}]
    assert context.baseline.values["height_cm"] is None
    assert set(context.versions) >= {"rules", "priors", "statistics", "model"}
    assert all(isinstance(version, int) for version in context.versions.values())


def test_nobody_else_is_read(alice, bob):
    session = make_session(alice, planned={}, quality=6)
    make_baseline(alice, age=30)
    with pytest.raises(selectors.SessionNotFound):
        selectors.session_of(user_id=bob.pk, session_id=session.pk)
    with rls.as_user(bob.pk):  # even when the caller asks for the wrong climber
        context = selectors.context_for(user_id=alice.pk)
        assert (context.history, context.baseline) == ((), None)
    with rls.as_user(alice.pk):
        assert selectors.session_of(user_id=alice.pk, session_id=session.pk).quality == 6
        assert selectors.current_baseline(user_id=alice.pk) is not None
