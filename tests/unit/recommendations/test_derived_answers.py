"""What is derived follows the diary until the climber says otherwise: in the tables, in advice, and in training."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from climbiq.accounts import rls
from experts.models import ExpertRule
from recommendations.models import Recommendation
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.diary import read_diary
from sessions_app.domain.records import DERIVED
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.services.diary import load_rows
from sessions_app.services.logs import NotReopenable, reopen, save_post_session, skip_session
from sessions_app.services.plans import change_circumstances, plan_session, save_pre_session
from sessions_app.services.starts import start_session
from sessions_app.services.undo import delete_session, restore_session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
SORE = {
    "ALL": [
        {"field": "pre_session.soreness_level", "op": ">=", "value": 4},
        {"field": "pre_session.days_since_hard_session", "op": "<=", "value": 1},
    ]
}


@pytest.fixture
def five_days_rest(alice):
    """The last session, a hard one, was five days ago."""
    return make_session(alice, day=TODAY - timedelta(days=5), planned={"session_intensity": "max"}, quality=7)


def plan(by, values=None, day=TODAY, **where):
    given = {"soreness_level": 5} if values is None else values
    where = Circumstances(session_date=day, **where)
    with rls.as_user(by.pk):
        return plan_session(by=by, values=given, circumstances=where, now=NOW)


def log(by, day, intensity="max", **values):
    """A session of that day, planned and logged."""
    record = plan(by, {"session_intensity": intensity}, day)
    with rls.as_user(by.pk):
        return save_post_session(
            by=by, session_id=record.id, values={"session_quality": 7, **values}, now=NOW
        )


def stored(session_id):
    row = PreSessionData.objects.get(session_id=session_id)
    return (row.days_since_last_session, row.days_since_hard_session, row.time_of_day)


def advised(by, session_id, **conditions):
    asked = Asked(conditions=conditions or None, session_id=session_id)
    with rls.as_user(by.pk):
        made = make_recommendation(by=by, asked=asked, now=NOW, tells=False)
    return Recommendation.objects.get(pk=made.recommendation_id)


def test_a_safety_rule_sees_what_was_logged_after_the_plan(alice, five_days_rest):
    ExpertRule.objects.create(
        name="Still sore",
        conditions=SORE,
        actions=[{"type": "override", "recommendation": "rest_day", "message": "Rest."}],
        lifecycle="active",
    )
    today = plan(alice)
    assert stored(today.id)[:2] == (5, 5)
    log(alice, YESTERDAY)
    assert stored(today.id)[:2] == (1, 1)
    assert advised(alice, today.id).is_overridden


def test_advice_counts_anew_whatever_is_stored(alice, five_days_rest):
    today = plan(alice)
    make_session(alice, day=YESTERDAY, planned={"session_intensity": "max"}, quality=7)  # by nobody's service
    assert stored(today.id)[:2] == (5, 5)
    assert advised(alice, today.id).conditions["days_since_hard_session"] == 1


def test_what_the_climber_said_stays(alice, five_days_rest):
    today = plan(alice, {"days_since_hard_session": 3, "time_of_day": "morning"})
    log(alice, YESTERDAY)
    assert stored(today.id) == (1, 3, "morning")
    assert advised(alice, today.id).conditions["days_since_hard_session"] == 3
    with rls.as_user(alice.pk):
        save_pre_session(by=alice, session_id=today.id, values={"days_since_last_session": 4}, now=NOW)
    log(alice, TODAY, "low")
    assert stored(today.id) == (4, 3, "morning")


def test_a_null_that_was_said_is_unknown_in_advice_and_in_the_table(alice, five_days_rest):
    today = plan(alice, {"days_since_hard_session": None})
    assert stored(today.id)[:2] == (5, None)
    log(alice, YESTERDAY)
    assert stored(today.id)[:2] == (1, None)
    advice = advised(alice, today.id)
    assert "days_since_hard_session" not in advice.conditions
    assert advice.conditions["days_since_last_session"] == 1


def test_a_form_written_anew_says_only_what_is_in_it(alice, five_days_rest):
    today = plan(alice, {"days_since_hard_session": 3})
    with rls.as_user(alice.pk):
        save_pre_session(by=alice, session_id=today.id, values={"stress_level": 2}, now=NOW, replace=True)
    assert stored(today.id) == (5, 5, "afternoon")


def test_deleting_and_undoing_count(alice, five_days_rest):
    today, yesterday = plan(alice), log(alice, YESTERDAY)
    with rls.as_user(alice.pk):
        undo = delete_session(by=alice, session_id=yesterday.id, now=NOW)
    assert stored(today.id)[:2] == (5, 5)
    late = make_session(alice, day=YESTERDAY - timedelta(days=1), quality=4)  # meanwhile
    with rls.as_user(alice.pk):
        restore_session(by=alice, session_id=yesterday.id, undo=undo, now=NOW)
    assert stored(today.id)[:2] == (1, 1)
    assert stored(yesterday.id)[0] == 1
    late.delete()


def test_moving_a_session_counts_for_it_and_for_those_behind_and_ahead(alice, five_days_rest):
    today = plan(alice)
    yesterday = log(alice, YESTERDAY)
    with rls.as_user(alice.pk):
        change_circumstances(
            by=alice, session_id=yesterday.id, moves={"session_date": TODAY - timedelta(days=3)}, now=NOW
        )
        assert stored(yesterday.id)[:2] == (2, 2)
        assert stored(today.id)[:2] == (3, 3)
        change_circumstances(
            by=alice, session_id=today.id, moves={"session_date": TODAY + timedelta(days=4)}, now=NOW
        )
    assert stored(today.id) == (7, 7, None)
    with rls.as_user(alice.pk):
        morning = datetime(2026, 5, 11, 8, tzinfo=UTC)
        moves = {"session_date": date(2026, 5, 11), "started_at": morning}
        save_pre_session(by=alice, session_id=today.id, values={"stress_level": 1}, moves=moves, now=NOW)
    assert stored(today.id) == (4, 4, "morning")


def test_a_plan_that_moved_into_the_past_has_no_hour(alice):
    today = plan(alice)
    with rls.as_user(alice.pk):
        change_circumstances(by=alice, session_id=today.id, moves={"session_date": YESTERDAY}, now=NOW)
    assert stored(today.id)[2] is None


def test_how_hard_it_was_counts_as_soon_as_it_is_said(alice, five_days_rest):
    today = plan(alice)
    yesterday = log(alice, YESTERDAY, "max")
    with rls.as_user(alice.pk):
        save_post_session(by=alice, session_id=yesterday.id, values={"actual_intensity": "low"}, now=NOW)
    assert stored(today.id)[:2] == (1, 5)
    with rls.as_user(alice.pk):
        save_post_session(by=alice, session_id=yesterday.id, values={"deviated_from_plan": False}, now=NOW)
        save_pre_session(by=alice, session_id=yesterday.id, values={"session_intensity": "moderate"}, now=NOW)
    assert stored(today.id)[:2] == (1, 5)


def test_a_start_and_its_taking_back_count_for_the_hour(alice):
    tonight = plan(alice, {}, started_at=NOW + timedelta(hours=3))
    assert stored(tonight.id)[2] == "evening"
    with rls.as_user(alice.pk):
        start_session(by=alice, session_id=tonight.id, now=NOW)
        assert stored(tonight.id)[2] == "afternoon"
        reopen(by=alice, session_id=tonight.id, now=NOW)
        assert stored(tonight.id)[2] == "evening"
        skip_session(by=alice, session_id=tonight.id, now=NOW)
    assert stored(tonight.id)[2] == "evening"


def test_completed_sessions_count_again_when_an_older_one_is_logged(alice, five_days_rest):
    today = log(alice, TODAY)
    assert stored(today.id) == (5, 5, "afternoon")
    log(alice, YESTERDAY)
    assert stored(today.id) == (1, 1, "afternoon")


def test_of_two_on_a_day_the_first_does_not_look_ahead(alice, five_days_rest):
    first = log(alice, TODAY)
    earlier = NOW - timedelta(hours=1)  # than this transaction
    PostSessionData.objects.filter(session_id=first.id).update(created_at=earlier)
    second = log(alice, TODAY)
    assert stored(first.id)[:2] == (5, 5)
    assert stored(second.id)[:2] == (0, 0)


def test_a_version_is_of_what_was_said(alice, five_days_rest):
    today = plan(alice)
    before = Session.objects.get(pk=today.id).updated_at
    log(alice, YESTERDAY)
    assert Session.objects.get(pk=today.id).updated_at == before


def test_plain_sql_counts_as_said_where_it_has_a_value(alice, five_days_rest):
    by_sql = make_session(alice, day=TODAY, planned={"days_since_last_session": 9})
    log(alice, YESTERDAY)
    assert stored(by_sql.pk)[:2] == (9, 1)


def test_only_ones_own_diary_counts(alice, bob, five_days_rest):
    hers, his = plan(alice), plan(bob)
    log(bob, YESTERDAY)
    assert stored(hers.id)[:2] == (5, 5)
    assert stored(his.id)[:2] == (1, 1)


def test_what_is_logged_is_not_planned_again(alice):
    done = log(alice, TODAY)
    with pytest.raises(NotReopenable, match="logged"), rls.as_user(alice.pk):
        reopen(by=alice, session_id=done.id, now=NOW)


# --- Diary files --------------------------------------------------------------------------------------------------

FILE = """session_date,started_at,session_quality,planned_intensity
2026-05-04,18:30,7,max
2026-05-06,08:00,6,low
2026-05-06,18:30,6,high
2026-05-07,18:30,8,low
"""


def load(user, text):
    found = read_diary(raw=text.encode(), today=TODAY, zone=UTC, needs_climber=False)
    assert not found.problems
    return load_rows(rows=found.rows, owners={"": user.pk}, now=NOW)


def in_order(user):
    rows = PreSessionData.objects.filter(user=user).order_by("session__session_date", "session__started_at")
    return list(rows.values_list(*DERIVED))


def test_a_diary_is_derived_from(alice):
    load(alice, FILE)
    assert in_order(alice) == [
        (None, None, "evening"),
        (2, 2, "morning"),
        (0, 2, "evening"),
        (1, 1, "evening"),
    ]
    again = load(alice, FILE)
    assert (again.added, again.already_there) == (0, 4)


def test_a_diary_without_intensities_does_not_know_how_long_ago_a_hard_one_was(alice):
    load(alice, "session_date,session_quality,stress_level\n2026-05-04,7,2\n2026-05-06,6,2\n")
    assert in_order(alice) == [(None, None, None), (2, None, None)]


def test_a_column_says_what_it_says_blanks_included(alice):
    text = (
        "session_date,session_quality,planned_intensity,days_since_hard_session\n"
        "2026-05-04,7,max,3\n2026-05-06,6,max,\n"
    )
    load(alice, text)
    assert in_order(alice) == [(None, 3, None), (2, None, None)]


def test_a_loaded_diary_counts_for_the_plans_beside_it(alice):
    today = plan(alice)
    assert stored(today.id)[:2] == (None, None)
    load(alice, FILE)
    assert stored(today.id)[:2] == (3, 4)
    load(alice, "session_date,session_quality,planned_intensity\n2026-05-09,5,max\n")
    assert stored(today.id)[:2] == (1, 1)
