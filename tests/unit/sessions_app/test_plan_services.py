from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from climbiq.domain.values import BadValues
from sessions_app.domain.circumstances import Circumstances
from sessions_app.models import PreSessionData, Session
from sessions_app.selectors import SessionNotFound, session_of
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.plans import change_circumstances, plan_session, save_pre_session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)
TODAY = Circumstances(session_date=date(2026, 5, 10))


def plan(by, values, circumstances=TODAY, **kwargs):
    return plan_session(by=by, values=values, circumstances=circumstances, now=NOW, **kwargs)


def test_what_is_not_asked_is_derived(alice):
    make_session(alice, day=date(2026, 5, 7), planned={"session_intensity": "high"}, quality=6)
    make_session(alice, day=date(2026, 5, 9), planned={"session_intensity": "low"}, quality=6)
    record = plan(alice, {"sleep_hours": "7,5", "planned_caffeine_mg": None})
    assert record.status == "planned"
    assert record.planned["sleep_hours"] == 7.5
    assert record.planned["days_since_last_session"] == 1
    assert record.planned["days_since_hard_session"] == 3
    assert record.planned["time_of_day"] == "afternoon"
    assert record.planned["caffeine_mg"] is None
    assert record.planned["stress_level"] is None


def test_an_answer_wins_over_what_is_derived(alice):
    make_session(alice, day=date(2026, 5, 7), planned={"session_intensity": "high"}, quality=6)
    record = plan(
        alice, {"days_since_hard_session": 9, "days_since_last_session": None, "time_of_day": "morning"}
    )
    assert record.planned["days_since_hard_session"] == 9
    assert record.planned["days_since_last_session"] is None
    assert record.planned["time_of_day"] == "morning"


def test_caffeine_that_is_not_given_is_the_tables_default_and_none_is_unknown(alice):
    assert plan(alice, {}).planned["caffeine_mg"] == 0
    assert plan(alice, {"caffeine_mg": None}).planned["caffeine_mg"] is None
    assert plan(alice, {"caffeine_mg": ""}).planned["caffeine_mg"] is None
    assert plan(alice, {"caffeine_mg": 0}).planned["caffeine_mg"] == 0


def test_the_time_of_day_is_the_climbers_own(alice):
    alice.time_zone = "Pacific/Auckland"  # 04:00 on the 11th there
    tomorrow = Circumstances(session_date=date(2026, 5, 11))
    assert plan(alice, {}, tomorrow).planned["time_of_day"] == "morning"
    assert plan(alice, {}, TODAY).planned["time_of_day"] is None


def test_every_fault_is_told_at_once_and_nothing_is_written(alice):
    with pytest.raises(BadValues) as caught:
        plan(alice, {"sleep_hours": 99, "stress_level": "high", "mood": 3})
    assert set(caught.value.problems) == {"sleep_hours", "stress_level", "mood"}
    with pytest.raises(BadValues) as caught:
        plan(alice, {}, Circumstances(session_date=date(1890, 1, 1)))
    assert set(caught.value.problems) == {"session_date"}
    with pytest.raises(BadValues) as caught:
        plan(alice, {}, Circumstances(session_date=TODAY.session_date, gym_id=uuid4()))
    assert set(caught.value.problems) == {"gym_id"}
    assert not Session.objects.exists()


def test_the_same_form_twice_is_one_session(alice):
    first = plan(alice, {"stress_level": 2}, request_key="abc")
    assert plan(alice, {"stress_level": 2}, request_key="abc").id == first.id
    corrected = plan(alice, {"stress_level": 4}, request_key="abc")  # the back button, and another answer
    assert (corrected.id, corrected.planned["stress_level"]) == (first.id, 4)
    assert Session.objects.count() == 1


def test_one_persons_form_key_says_nothing_to_another(alice, bob):
    assert plan(alice, {}, request_key="abc").id != plan(bob, {}, request_key="abc").id


def test_several_sessions_a_day(alice):
    assert plan(alice, {}).id != plan(alice, {}).id


def test_a_change_keeps_what_is_not_given_unless_it_replaces(alice):
    record = plan(alice, {"stress_level": 2, "sleep_hours": 7, "caffeine_mg": 100})
    changed = save_pre_session(by=alice, session_id=record.id, values={"stress_level": 3}, now=NOW)
    assert (changed.planned["stress_level"], changed.planned["sleep_hours"]) == (3, 7)
    replaced = save_pre_session(
        by=alice, session_id=record.id, values={"stress_level": 4}, now=NOW, replace=True
    )
    assert (replaced.planned["stress_level"], replaced.planned["sleep_hours"]) == (4, None)
    assert replaced.planned["caffeine_mg"] == 0


def test_an_edit_begun_before_another_one_is_refused(alice):
    record = plan(alice, {"sleep_hours": 7.3})
    save = {"by": alice, "session_id": record.id, "now": NOW, "version": record.version}
    save_pre_session(values={"sleep_hours": 6.1}, **save)
    with pytest.raises(ChangedElsewhere):
        save_pre_session(values={"sleep_hours": 8.2}, **save)
    assert session_of(user_id=alice.pk, session_id=record.id).planned["sleep_hours"] == 6.1
    # The same answers again are no conflict: somebody pressed twice.
    assert save_pre_session(values={"sleep_hours": 6.1}, **save).planned["sleep_hours"] == 6.1


def test_a_change_within_one_tick_of_the_clock_is_a_new_version(alice):
    record = plan(alice, {"stress_level": 1})
    again = save_pre_session(by=alice, session_id=record.id, values={"stress_level": 2}, now=NOW)
    assert again.version > record.version


def test_circumstances_change_and_are_checked(alice):
    record = plan(alice, {})
    moves = {
        "session_date": date(2026, 5, 11),
        "started_at": datetime(2026, 5, 11, 17, tzinfo=UTC),
        "location_type": "outdoor",
    }
    changed = change_circumstances(by=alice, session_id=record.id, moves=moves, now=NOW)
    assert (changed.session_date, changed.location_type) == (date(2026, 5, 11), "outdoor")
    with pytest.raises(BadValues) as caught:  # checked together with what stays
        change_circumstances(by=alice, session_id=record.id, moves={"session_date": NOW.date()}, now=NOW)
    assert set(caught.value.problems) == {"started_at"}
    with pytest.raises(ChangedElsewhere):
        change_circumstances(
            by=alice, session_id=record.id, moves={"location_type": None}, now=NOW, version=record.version
        )
    done = make_session(alice, quality=5)
    with pytest.raises(BadValues):
        change_circumstances(
            by=alice,
            session_id=done.pk,
            moves={"session_date": NOW.date() + timedelta(days=3)},
            now=NOW,
        )


def test_a_plan_without_a_form_gets_one_later(alice):
    record = plan(alice, None)
    assert not record.has_pre
    later = save_pre_session(by=alice, session_id=record.id, values={"stress_level": 2}, now=NOW)
    assert later.has_pre
    assert later.planned["time_of_day"] == "afternoon"
    assert PreSessionData.objects.get().user_id == alice.pk


def test_somebody_elses_session_is_not_found(alice, bob):
    record = plan(alice, {})
    with pytest.raises(SessionNotFound):
        save_pre_session(by=bob, session_id=record.id, values={}, now=NOW)
    with pytest.raises(SessionNotFound):
        change_circumstances(by=bob, session_id=record.id, moves={}, now=NOW)


def test_words_of_every_script_are_kept(alice):
    text = "sehr gut 💪🏽 \u200fמצוין"
    record = plan(alice, {"sleep_notes": text + "\u202e", "specific_objectives": ["7a+ 🧗", " "]})
    assert record.planned["sleep_notes"] == text
    assert record.planned["specific_objectives"] == ["7a+ 🧗"]
