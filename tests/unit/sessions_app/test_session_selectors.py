from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from climbiq.accounts import rls
from sessions_app import selectors
from sessions_app.models import PreSessionData
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


def test_a_context_says_of_each_session_what_the_session_says(alice):
    """What the quick reading gives is what the whole reading gives, but for what no model and no rule reads."""
    day = date(2026, 5, 4)
    for number in range(6):
        make_session(
            alice,
            day=day - timedelta(days=number // 2),
            started_at=None
            if number % 3
            else datetime(2026, 5, 4, 8, tzinfo=UTC) - timedelta(days=number // 2),
            status=("completed", "planned", "in_progress", "skipped")[number % 4],
            planned={
                "sleep_hours": "7.3",
                "caffeine_mg": 0,
                "session_intensity": "max",
                "current_niggles": [{"location": "finger", "severity": 2, "notes": ""}] if number % 2 else [],
                "specific_objectives": ["a", "b"] if number else None,
            },
            actual={"caffeine_mg": 80} if number == 4 else None,
            quality=5 if number % 4 == 0 else None,
            outcomes={"notes": "words"} if number % 4 == 0 else None,
        )
    make_session(alice, day=day - timedelta(days=9))
    PreSessionData.objects.update(
        recommendations_shown={"recommendation_id": str(uuid4()), "items": ["long"]}
    )
    whole = selectors.history_of(user_id=alice.pk)
    lean = selectors.context_for(user_id=alice.pk).history
    assert [record.id for record in lean] == [record.id for record in whole]
    for quick, full in zip(lean, whole, strict=True):
        is_open = full.status in {"planned", "in_progress"}
        expected = replace(
            full,
            version="",
            outcomes={},
            notes={},
            recommendations_shown=full.recommendations_shown if is_open else None,
        )
        assert quick == expected
        assert list(map(type, quick.planned.values())) == list(map(type, full.planned.values()))
        assert quick.as_past == (
            full.session_date,
            full.as_treated["session_intensity"],
            full.quality,
            full.status,
        )


def test_a_context_is_cut_where_it_is_told_to(alice):
    days = [date(2026, 5, 4) - timedelta(days=n) for n in range(4)]
    sessions = [make_session(alice, day=day) for day in days]

    def read(**which):
        return [record.id for record in selectors.context_for(user_id=alice.pk, **which).history]

    assert read(limit=2) == [s.pk for s in sessions[:2]]
    assert read(before=days[1]) == [s.pk for s in sessions[1:]]
    assert read(exclude=sessions[2].pk) == [sessions[n].pk for n in (0, 1, 3)]


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
