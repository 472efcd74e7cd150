from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from climbiq.domain.values import BadValues
from sessions_app.domain.circumstances import Circumstances, check_circumstances, end_of_logged

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)  # 18:00 in Berlin
DAY = date(2026, 5, 10)


def at(hour, minute=0, day=DAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("given", "is_done", "fields"),
    [
        pytest.param({}, True, set(), id="only-a-day"),
        pytest.param({"started_at": at(17)}, True, set(), id="started"),
        pytest.param({"started_at": at(20)}, False, set(), id="planned-for-tonight"),
        pytest.param({"started_at": at(20)}, True, {"started_at"}, id="done-and-not-begun"),
        pytest.param({"started_at": at(18, 5)}, True, set(), id="a-phone-that-runs-fast"),
        pytest.param({"started_at": at(0, 30)}, True, set(), id="past-midnight-is-yesterday-in-utc"),
        pytest.param(
            {"started_at": datetime(2026, 5, 9, 21, tzinfo=UTC)}, True, {"started_at"}, id="other-day"
        ),
        pytest.param(
            {"started_at": datetime.max.replace(tzinfo=UTC)}, False, {"started_at"}, id="end-of-calendar"
        ),
        pytest.param(
            {"started_at": datetime.min.replace(tzinfo=UTC)}, False, {"started_at"}, id="begin-of-calendar"
        ),
        pytest.param({"started_at": at(15), "ended_at": at(17)}, True, set(), id="two-hours"),
        pytest.param({"started_at": at(15), "ended_at": at(14)}, True, {"ended_at"}, id="end-before-start"),
        pytest.param({"ended_at": at(17)}, True, {"ended_at"}, id="end-without-start"),
        pytest.param({"started_at": at(17), "ended_at": at(23)}, True, {"ended_at"}, id="end-in-the-future"),
        pytest.param({"duration_min": 1441}, True, {"duration_min"}, id="more-than-a-day"),
        pytest.param({"duration_min": -1}, True, {"duration_min"}, id="negative"),
        pytest.param({"location_type": "moon"}, True, {"location_type"}, id="unknown-place"),
        pytest.param(
            {"session_date": date(1890, 1, 1), "duration_min": -1},
            True,
            {"session_date", "duration_min"},
            id="two-faults",
        ),
        pytest.param({"session_date": DAY + timedelta(days=1)}, True, {"session_date"}, id="tomorrow"),
    ],
)
def test_check_circumstances(given, is_done, fields):
    circumstances = Circumstances(**{"session_date": DAY, **given})
    if not fields:
        check_circumstances(given=circumstances, now=NOW, zone=BERLIN, is_done=is_done)
        return
    with pytest.raises(BadValues) as caught:
        check_circumstances(given=circumstances, now=NOW, zone=BERLIN, is_done=is_done)
    assert set(caught.value.problems) == fields


@pytest.mark.parametrize(
    ("given", "took_min", "end"),
    [
        pytest.param({"started_at": at(15)}, None, NOW, id="logged on the day"),
        pytest.param({"started_at": at(15)}, 90, at(16, 30), id="start and duration"),
        pytest.param({"started_at": at(15)}, 1000, NOW, id="too long to be over by now"),
        pytest.param({"started_at": at(15)}, 0, NOW, id="no duration to speak of"),
        pytest.param({"started_at": at(15), "ended_at": at(16)}, 90, at(16), id="known already"),
        pytest.param({}, 90, None, id="no start"),
        pytest.param({"started_at": at(19)}, 90, None, id="earlier than planned"),
        pytest.param(
            {"session_date": DAY - timedelta(days=1), "started_at": at(15) - timedelta(days=1)},
            None,
            None,
            id="logged a day later",
        ),
        pytest.param(
            {"session_date": DAY - timedelta(days=1), "started_at": at(15) - timedelta(days=1)},
            60,
            at(16) - timedelta(days=1),
            id="a day later, with its duration",
        ),
    ],
)
def test_when_a_session_that_is_logged_ended(given, took_min, end):
    circumstances = Circumstances(**{"session_date": DAY, **given})
    assert end_of_logged(given=circumstances, took_min=took_min, now=NOW, zone=BERLIN) == end
