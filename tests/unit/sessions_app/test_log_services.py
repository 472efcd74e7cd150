from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from climbiq.domain.values import BadValues
from sessions_app.models import DeletedSession, Gym, PostSessionData, PreSessionData, Session
from sessions_app.selectors import SessionNotFound, session_of
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.logs import (
    AlreadyLogged,
    NotReopenable,
    NotSkippable,
    reopen,
    save_post_session,
    skip_session,
)
from sessions_app.services.undo import UNDO_FOR, CannotUndo, delete_session, restore_session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)
PLANNED = {"caffeine_mg": 200, "session_type": "project", "session_intensity": "high"}


@pytest.fixture
def session(alice):
    return make_session(alice, planned=PLANNED)


def log(by, session, values, **kwargs):
    return save_post_session(by=by, session_id=session.pk, values=values, now=NOW, **kwargs)


def test_as_planned_in_one_answer_and_a_number(alice, session):
    record = log(alice, session, {"deviated_from_plan": False, "session_quality": 7})
    assert (record.status, record.quality, record.deviated, record.changes) == ("completed", 7, False, ())
    assert record.as_treated["caffeine_mg"] == 200


def test_only_what_was_changed_is_stored(alice, session):
    record = log(
        alice,
        session,
        {
            "session_quality": 5,
            "actual_caffeine_mg": 0,
            "actual_session_type": "project",
            "deviation_reason": "felt_worse",
            "deviation_details": {"note": "no coffee left"},
        },
    )
    assert record.deviated
    assert record.changes == (("caffeine_mg", 200, 0),)
    assert record.as_treated["caffeine_mg"] == 0
    row = PostSessionData.objects.get()
    assert (row.actual_caffeine_mg, row.actual_session_type, row.actual_warmup_min) == (0, None, None)
    assert record.notes == {"deviation_reason": "felt_worse", "deviation_details": {"note": "no coffee left"}}


def test_as_planned_clears_what_was_different(alice, session):
    log(
        alice,
        session,
        {"session_quality": 5, "actual_caffeine_mg": 0, "deviation_reason": "time", "notes": "windy"},
    )
    record = log(alice, session, {"deviated_from_plan": False})
    assert (record.deviated, record.changes, record.quality) == (False, (), 5)
    assert record.notes == {"notes": "windy"}


def test_a_change_reported_later_is_added(alice, session):
    log(alice, session, {"session_quality": 5})
    record = log(alice, session, {"actual_intensity": "low"})
    assert (record.deviated, record.changes) == (True, (("session_intensity", "high", "low"),))


@pytest.mark.parametrize("name", ["deviation_reason", "deviation_details"])
def test_a_reason_without_a_deviation_is_refused_rather_than_lost(alice, session, name):
    with pytest.raises(BadValues) as caught:
        log(alice, session, {"session_quality": 5, "deviated_from_plan": False, name: "tired"})
    assert set(caught.value.problems) == {name}
    assert log(alice, session, {"session_quality": 5, name: "tired"}).deviated


def test_not_said_is_not_nought_and_not_no(alice, session):
    log(alice, session, {"session_quality": 5, "attempts_on_projects": None, "new_grades_tried": None})
    row = PostSessionData.objects.get()
    assert (row.attempts_on_projects, row.new_grades_tried, row.energy_post, row.sends) == (
        None,
        None,
        None,
        None,
    )
    log(alice, session, {"attempts_on_projects": 0, "new_niggles": []})
    row.refresh_from_db()
    assert (row.attempts_on_projects, row.new_niggles) == (0, [])


def test_the_columns_names_work_as_do_the_registrys(alice, session):
    assert log(alice, session, {"caffeine_mg": 100}).changes == (("caffeine_mg", 200, 100),)


def test_logged_twice_is_told_and_the_same_form_twice_is_not(alice, session):
    first = log(alice, session, {"session_quality": 5}, only_first=True)
    assert log(alice, session, {"session_quality": 5}, only_first=True).version == first.version
    with pytest.raises(AlreadyLogged):
        log(alice, session, {"session_quality": 9}, only_first=True)
    assert session_of(user_id=alice.pk, session_id=session.pk).quality == 5


def test_two_tabs(alice, session):
    seen = session_of(user_id=alice.pk, session_id=session.pk).version
    log(alice, session, {"session_quality": 5}, version=seen)
    log(alice, session, {"session_quality": 5}, version=seen)
    with pytest.raises(ChangedElsewhere):
        log(alice, session, {"session_quality": 9}, version=seen)


def test_a_session_of_tomorrow_is_not_logged(alice):
    tomorrow = make_session(alice, day=date(2026, 5, 11))
    with pytest.raises(BadValues) as caught:
        log(alice, tomorrow, {"session_quality": 5})
    assert set(caught.value.problems) == {"session_date"}
    assert not PostSessionData.objects.exists()


def test_whoever_came_earlier_than_planned_may_log(alice):
    tonight = make_session(alice, day=NOW.date(), started_at=NOW + timedelta(hours=2))
    assert log(alice, tonight, {"session_quality": 5}).status == "completed"


def test_bad_values_are_named_and_nothing_is_written(alice, session):
    with pytest.raises(BadValues) as caught:
        log(alice, session, {"session_quality": 11, "actual_caffeine_mg": -1, "rating": 4})
    assert set(caught.value.problems) == {"session_quality", "actual_caffeine_mg", "rating"}
    assert not PostSessionData.objects.exists()
    assert session_of(user_id=alice.pk, session_id=session.pk).status == "planned"


def test_replacing_forgets_what_is_not_given(alice, session):
    log(alice, session, {"session_quality": 5, "energy_post": 3, "actual_caffeine_mg": 0})
    record = log(alice, session, {"session_quality": 6}, replace=True)
    assert (record.quality, record.outcomes["energy_post"], record.deviated) == (6, None, False)


def test_how_long_it_took(alice, session):
    assert log(alice, session, {"session_quality": 5, "actual_duration_min": 95}).duration_min == 95
    assert log(alice, session, {"session_quality": 6}).duration_min == 95


def test_skip_and_take_it_back(alice, session):
    assert skip_session(by=alice, session_id=session.pk, now=NOW).status == "skipped"
    assert skip_session(by=alice, session_id=session.pk, now=NOW).status == "skipped"
    assert reopen(by=alice, session_id=session.pk, now=NOW).status == "planned"
    log(alice, session, {"session_quality": 5})
    with pytest.raises(NotSkippable):
        skip_session(by=alice, session_id=session.pk, now=NOW)
    with pytest.raises(NotReopenable):
        reopen(by=alice, session_id=session.pk, now=NOW)
    assert session_of(user_id=alice.pk, session_id=session.pk).status == "completed"


def test_a_skipped_session_that_took_place_after_all(alice, session):
    skip_session(by=alice, session_id=session.pk, now=NOW)
    assert log(alice, session, {"session_quality": 5}).status == "completed"


def test_delete_and_undo_bring_back_every_column(alice, session):
    PreSessionData.objects.update(
        sleep_hours="7.5",
        current_niggles=[{"location": "finger", "severity": 2, "notes": "ü 💪"}],
        specific_objectives=["a", "b;c"],
        recommendations_shown={"id": "1"},
    )
    log(
        alice,
        session,
        {"session_quality": 5, "actual_caffeine_mg": 0, "sends": ["7a", 'the "crack"'], "notes": "x"},
    )
    before = [list(model.objects.values()) for model in (Session, PreSessionData, PostSessionData)]
    undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    assert not any(model.objects.exists() for model in (Session, PreSessionData, PostSessionData))
    restored = restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW + UNDO_FOR)
    assert [list(model.objects.values()) for model in (Session, PreSessionData, PostSessionData)] == before
    assert restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW) == restored  # pressed twice


def test_an_undo_is_ones_own_and_of_the_moment(alice, bob, session):
    undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    for by, copy, now in (
        (bob, undo, NOW),
        (alice, undo, NOW + UNDO_FOR + timedelta(seconds=1)),
        (alice, undo[:-3] + "abc", NOW),
        (alice, "", NOW),
    ):
        with pytest.raises(CannotUndo):
            restore_session(by=by, session_id=session.pk, undo=copy, now=now)
    assert not Session.objects.exists()


def test_a_copy_undoes_its_own_deletion_alone(alice, session):
    """Else a session could be logged, deleted and planned again, and its outcome guessed."""
    first = delete_session(by=alice, session_id=session.pk, now=NOW)
    restore_session(by=alice, session_id=session.pk, undo=first, now=NOW)
    log(alice, session, {"session_quality": 5})
    second = delete_session(by=alice, session_id=session.pk, now=NOW)
    with pytest.raises(CannotUndo, match="earlier deletion"):
        restore_session(by=alice, session_id=session.pk, undo=first, now=NOW)
    assert restore_session(by=alice, session_id=session.pk, undo=second, now=NOW).status == "completed"
    assert not DeletedSession.objects.exists()


def test_a_gym_that_is_gone_meanwhile_is_forgotten(alice, session):
    gym = Gym.objects.create(name="Slip")
    Session.objects.update(gym=gym)
    undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    gym.delete()
    assert restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW).gym_id is None


def test_a_copy_is_of_one_session(alice, session):
    undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    with pytest.raises(CannotUndo, match="another session"):
        restore_session(by=alice, session_id=alice.pk, undo=undo, now=NOW)


def test_an_imported_session_that_was_imported_again_is_not_restored_beside_it(alice):
    session = make_session(alice, import_key="diary:1", quality=5)
    undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    make_session(alice, import_key="diary:1", quality=5)
    with pytest.raises(CannotUndo):
        restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW)


def test_nobody_elses(bob, session):
    for call in (skip_session, reopen, delete_session):
        with pytest.raises(SessionNotFound):
            call(by=bob, session_id=session.pk, now=timezone.now())
    with pytest.raises(SessionNotFound):
        log(bob, session, {"session_quality": 5})
