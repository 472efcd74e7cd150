from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.zones import zone_of
from sessions_app.domain.days import (
    DaysSince,
    days_since,
    local_day,
    problem_with_day,
    time_of_day_at,
)

DAY = date(2026, 5, 10)


def done(days_ago, intensity=None, status="completed"):
    return (DAY - timedelta(days=days_ago), intensity, 7, status)


@pytest.mark.parametrize(
    ("sessions", "last", "hard"),
    [
        pytest.param([], None, None, id="no-session-yet"),
        pytest.param([done(3)], 3, None, id="never-a-hard-one"),
        pytest.param([done(3, "high"), done(1, "low")], 1, 3, id="hard-longer-ago"),
        pytest.param([done(2, "max")], 2, 2, id="max-is-hard"),
        pytest.param([done(2, "moderate")], 2, None, id="moderate-is-not"),
        pytest.param([done(0, "high"), done(4, "high")], 0, 0, id="earlier-the-same-day"),
        pytest.param([done(1, "max", "skipped"), done(5, "max")], 5, 5, id="skipped-does-not-count"),
        pytest.param([done(1, "max", "planned")], None, None, id="planned-does-not-count"),
        pytest.param([done(-2, "max"), done(6)], 6, None, id="later-sessions-do-not-count"),
        pytest.param([done(4000, "max")], 365, 365, id="capped-at-a-year"),
        pytest.param([done(9, "high"), done(2, "high"), done(5, "high")], 2, 2, id="any-order"),
    ],
)
def test_days_since(sessions, last, hard):
    assert days_since(day=DAY, sessions=sessions) == DaysSince(last_session=last, hard_session=hard)


@given(
    st.lists(
        st.tuples(
            st.integers(-30, 800),
            st.sampled_from([None, "low", "high"]),
            st.sampled_from(["completed", "planned"]),
        )
    )
)
def test_a_hard_session_is_never_more_recent_than_the_last(rows):
    found = days_since(day=DAY, sessions=[done(*row) for row in rows])
    assert found.hard_session is None or 0 <= found.last_session <= found.hard_session <= 365


@pytest.mark.parametrize(
    ("day", "is_done", "problem"),
    [
        pytest.param(date(1890, 1, 1), True, "before 1950", id="1890"),
        pytest.param(date(1950, 1, 1), True, None, id="first-day"),
        pytest.param(DAY, True, None, id="today"),
        pytest.param(DAY + timedelta(days=1), True, "not happened yet", id="done-tomorrow"),
        pytest.param(DAY + timedelta(days=1), False, None, id="planned-tomorrow"),
        pytest.param(DAY + timedelta(days=60), False, None, id="horizon"),
        pytest.param(DAY + timedelta(days=61), False, "next 60 days", id="beyond-the-horizon"),
        pytest.param(date(9999, 12, 31), False, "next 60 days", id="end-of-the-calendar"),
    ],
)
def test_dates_that_are_refused(day, is_done, problem):
    said = problem_with_day(day=day, today=DAY, is_done=is_done)
    assert said is None if problem is None else problem in said


@pytest.mark.parametrize(
    ("hour", "word"),
    [
        (0, "morning"),
        (10, "morning"),
        (11, "midday"),
        (13, "midday"),
        (14, "afternoon"),
        (17, "evening"),
        (23, "evening"),
    ],
)
def test_time_of_day(hour, word):
    assert time_of_day_at(datetime(2026, 5, 10, hour)) == word


def test_the_day_is_the_climbers_own():
    now = datetime(2026, 5, 10, 1, tzinfo=UTC)
    assert local_day(now=now, zone=zone_of("Pacific/Auckland")) == date(2026, 5, 10)
    assert local_day(now=now, zone=zone_of("America/Los_Angeles")) == date(2026, 5, 9)
    assert local_day(now=now, zone=zone_of("../../etc/passwd")) == date(2026, 5, 10)
