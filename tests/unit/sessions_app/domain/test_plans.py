from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from sessions_app.domain.plans import last_niggles, last_similar_plan
from sessions_app.domain.records import SessionRecord

DAY = date(2026, 5, 11)  # a Monday


def past(days_ago, kind, *, at="evening", status="completed", actual=None, **planned):
    return SessionRecord(
        id=uuid4(),
        session_date=DAY - timedelta(days=days_ago),
        status=status,
        version="1",
        planned={"session_type": kind, "time_of_day": at, **planned},
        actual=actual or {},
        deviated=bool(actual),
    )


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param([past(2, "power"), past(7, "volume")], "volume", id="same-weekday-and-time"),
        pytest.param(
            [past(2, "power"), past(7, "volume", at="morning")], "power", id="same-time-beats-weekday"
        ),
        pytest.param(
            [past(2, "power", at="midday"), past(7, "volume", at="morning")],
            "volume",
            id="weekday-beats-latest",
        ),
        pytest.param(
            [past(2, "power", at="midday"), past(3, "volume", at="midday")], "power", id="else-latest"
        ),
        pytest.param([past(3, None), past(4, "volume")], "volume", id="one-without-a-plan-says-nothing"),
        pytest.param([past(1, "power", status="skipped"), past(4, "volume")], "volume", id="skipped"),
        pytest.param([past(70, "power"), past(77, "volume")], "power", id="long-ago-the-latest"),
        pytest.param([past(-1, "power"), past(4, "volume")], "volume", id="not-from-the-future"),
    ],
)
def test_which_session_the_plan_comes_from(history, expected):
    plan = last_similar_plan(history=history, day=DAY, time_of_day="evening")
    assert plan["session_type"] == expected


def test_the_plan_is_what_was_done_and_leaves_out_what_was_not_said():
    session = past(7, "project", caffeine_mg=200, session_intensity=None, actual={"caffeine_mg": 0})
    assert last_similar_plan(history=[session], day=DAY, time_of_day=None) == {
        "session_type": "project",
        "caffeine_mg": 0,
    }


def niggle(location, severity):
    return {"location": location, "severity": severity, "notes": ""}


def test_niggles_of_the_last_session_that_asked_with_what_came_up_since():
    asked = past(4, "power", current_niggles=[niggle("finger", 1), niggle("elbow", 2)])
    asked = SessionRecord(
        id=asked.id,
        session_date=asked.session_date,
        status="completed",
        version="1",
        planned=asked.planned,
        outcomes={"new_niggles": [niggle("finger", 3)]},
    )
    assert last_niggles(history=[past(1, "volume"), asked]) == [niggle("finger", 3), niggle("elbow", 2)]
    assert last_niggles(history=[past(1, "volume")]) is None
    assert last_niggles(history=[past(1, "volume", current_niggles=[])]) == []
