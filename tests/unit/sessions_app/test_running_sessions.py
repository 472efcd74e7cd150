from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from climbiq.domain.values import BadValues
from sessions_app.models import Session
from sessions_app.selectors import SessionNotFound, session_of
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.logs import NotReopenable, reopen, save_post_session, skip_session
from sessions_app.services.plans import change_circumstances
from sessions_app.services.starts import NotStartable, start_session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, 12, tzinfo=UTC)
PLANNED_START = datetime(2026, 5, 10, 18, tzinfo=UTC)


@pytest.fixture
def session(alice):
    return make_session(alice, day=NOW.date(), planned={"stress_level": 2}, started_at=PLANNED_START)


def start(by, session, now=NOW):
    return start_session(by=by, session_id=session.pk, now=now)


def test_a_session_begins_now_and_pressing_again_changes_nothing(alice, session):
    running = start(alice, session)
    assert (running.status, running.started_at) == ("in_progress", NOW)
    again = start(alice, session, now=NOW + timedelta(minutes=4))
    assert (again.started_at, again.version) == (NOW, running.version)


def test_a_start_is_a_new_version(alice, session):
    before = session_of(user_id=alice.pk, session_id=session.pk).version
    start(alice, session)
    with pytest.raises(ChangedElsewhere):
        change_circumstances(
            by=alice, session_id=session.pk, moves={"location_type": "outdoor"}, now=NOW, version=before
        )


@pytest.mark.parametrize("planned_start", [PLANNED_START, None])
def test_a_start_is_taken_back_to_what_was_planned(alice, planned_start):
    session = make_session(alice, day=NOW.date(), planned={}, started_at=planned_start)
    start(alice, session)
    planned = reopen(by=alice, session_id=session.pk, now=NOW)
    assert (planned.status, planned.started_at) == ("planned", planned_start)


@pytest.mark.parametrize("leave", [reopen, skip_session], ids=["taken back", "skipped"])
@pytest.mark.parametrize("moves", [{"started_at": None}, {}], ids=["start cleared", "start moved along"])
def test_a_start_planned_for_another_day_is_not_planned_any_more(alice, session, leave, moves):
    start(alice, session)
    moves = {"started_at": NOW - timedelta(days=3)} | moves | {"session_date": NOW.date() - timedelta(days=3)}
    change_circumstances(by=alice, session_id=session.pk, moves=moves, now=NOW)
    leave(by=alice, session_id=session.pk, now=NOW)
    row = Session.objects.get()
    assert (row.session_date, row.started_at, row.ended_at) == (date(2026, 5, 7), None, None)
    # It can be changed in what has nothing to do with it.
    changed = change_circumstances(by=alice, session_id=session.pk, moves={"duration_min": 30}, now=NOW)
    assert changed.duration_min == 30


def test_the_day_of_a_planned_start_is_the_climbers(alice):
    alice.time_zone = "Pacific/Auckland"
    alice.save(update_fields=["time_zone"])
    planned = datetime(2026, 5, 10, 19, tzinfo=UTC)  # the 11th, 7 o'clock
    session = make_session(alice, day=date(2026, 5, 11), planned={}, started_at=planned)
    start(alice, session)
    assert reopen(by=alice, session_id=session.pk, now=NOW).started_at == planned


def test_what_has_an_end_does_not_begin_and_keeps_it(alice):
    times = {"started_at": NOW - timedelta(minutes=50), "ended_at": NOW - timedelta(minutes=5)}
    session = make_session(alice, day=NOW.date(), planned={}, **times)
    with pytest.raises(BadValues, match="has an end already"):
        start(alice, session)
    reopen(by=alice, session_id=session.pk, now=NOW)
    row = Session.objects.get()
    assert {name: getattr(row, name) for name in times} == times
    assert row.status == "planned"


def test_a_session_started_by_mistake_is_skipped_and_planned_again_as_it_was(alice, session):
    start(alice, session)
    skipped = skip_session(by=alice, session_id=session.pk, now=NOW)
    assert (skipped.status, skipped.started_at) == ("skipped", PLANNED_START)
    assert reopen(by=alice, session_id=session.pk, now=NOW).started_at == PLANNED_START


def test_it_ends_by_its_form_and_keeps_its_start(alice, session):
    start(alice, session)
    done = save_post_session(by=alice, session_id=session.pk, values={"session_quality": 7}, now=NOW)
    assert (done.status, done.started_at) == ("completed", NOW)
    with pytest.raises(NotReopenable):
        reopen(by=alice, session_id=session.pk, now=NOW)
    assert Session.objects.get().planned_start_at == PLANNED_START


@pytest.mark.parametrize(("status", "word"), [("completed", "logged already"), ("skipped", "was skipped")])
def test_what_is_over_does_not_begin(alice, status, word):
    session = make_session(alice, day=NOW.date(), status=status)
    with pytest.raises(NotStartable, match=word):
        start(alice, session)


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        (date(2026, 5, 10), "UTC", True),
        (date(2026, 5, 11), "UTC", False),
        (date(2026, 5, 9), "UTC", False),
        (date(2026, 5, 11), "Pacific/Auckland", True),  # 04:12 on the 11th there
    ],
)
def test_only_todays_session_begins_in_the_climbers_own_day(alice, day, zone, begins):
    alice.time_zone = zone
    session = make_session(alice, day=day)
    if begins:
        assert start(alice, session).status == "in_progress"
        return
    with pytest.raises(BadValues, match="another day"):
        start(alice, session)
    session.refresh_from_db()
    assert (session.status, session.started_at) == ("planned", None)


def test_what_runs_is_not_moved_into_the_future(alice, session):
    start(alice, session)
    for moves in ({"session_date": NOW.date() + timedelta(days=1), "started_at": None},
                  {"started_at": NOW + timedelta(hours=3)}):  # fmt: skip
        with pytest.raises(BadValues):
            change_circumstances(by=alice, session_id=session.pk, moves=moves, now=NOW)


def test_nobody_starts_anothers_session(alice, bob, session):
    with pytest.raises(SessionNotFound):
        start(bob, session)


# --- Pages and API ------------------------------------------------------------------------------------------------


def test_the_button_the_running_session_and_the_way_back(client, alice):
    session = make_session(alice, day=timezone.localdate(), planned={"stress_level": 2})
    later = make_session(alice, day=timezone.localdate() + timedelta(days=1), planned={})
    client.force_login(alice)
    detail = f"/sessions/{session.pk}/"
    assert f"{detail}start/" in client.get(detail).content.decode()
    assert f"{detail}start/" in client.get("/").content.decode()
    assert "start/" not in client.get(f"/sessions/{later.pk}/").content.decode()

    running = client.post(f"{detail}start/", follow=True).content.decode()
    assert "Have fun" in running
    assert f"{detail}start/" not in running
    started = timezone.localtime(Session.objects.get(pk=session.pk).started_at)
    assert f"Started at {started:%H:%M}." in running
    assert f"Started at {started:%H:%M}." in client.get(f"{detail}after/").content.decode()
    today = client.get("/").content.decode()
    assert f"Running since {started:%H:%M}" in today
    assert today.index("Running since") < today.index(f"{later.pk}")
    assert f'href="{detail}after/">Log it</a>' in today
    assert f"{detail}start/" not in today

    assert "Back on the plan." in client.post(f"{detail}unskip/", follow=True).content.decode()
    assert Session.objects.get(pk=session.pk).started_at is None
    client.post(f"{detail}start/")
    client.post(f"{detail}after/", {"session_quality": "7"})
    assert Session.objects.get(pk=session.pk).status == "completed"
    refused = client.post(f"{detail}start/", follow=True).content.decode()
    assert "logged already" in refused
    another_day = client.post(f"/sessions/{later.pk}/start/", follow=True).content.decode()
    assert "planned for another day" in another_day
    assert Session.objects.get(pk=later.pk).status == "planned"


def test_the_recommendation_leads_into_the_session(client, alice):
    session = make_session(alice, day=timezone.localdate(), planned={"stress_level": 2})
    client.force_login(alice)
    page = client.post(f"/sessions/{session.pk}/recommendation/", {"skip": "1"}, follow=True)
    assert f'id="start" action="/sessions/{session.pk}/start/"' in page.content.decode()
    client.post(f"/sessions/{session.pk}/start/")
    again = client.get(page.redirect_chain[-1][0]).content.decode()
    assert 'id="start"' not in again


def test_the_history_finds_what_runs(client, alice):
    running = make_session(alice, day=timezone.localdate(), planned={}, status="in_progress")
    planned = make_session(alice, day=timezone.localdate(), planned={})
    client.force_login(alice)
    page = client.get("/sessions/?status=in_progress").content.decode()
    assert str(running.pk) in page
    assert str(planned.pk) not in page


def test_start_and_take_back_over_the_api(client, alice, bob):
    client.force_login(alice)
    day = timezone.localdate()
    session = make_session(alice, day=day)
    path = f"/api/v1/sessions/{session.pk}"
    running = client.post(f"{path}/start")
    assert (running.status_code, running.json()["status"]) == (200, "in_progress")
    assert running.json()["started_at"] is not None
    assert client.post(f"{path}/start").json() == running.json()
    assert client.get("/api/v1/sessions/?status=in_progress").json()["results"] == [running.json()]
    assert client.post(f"{path}/reopen").json()["started_at"] is None
    client.post(f"{path}/start")
    assert (
        client.post(
            f"{path}/post-session", '{"session_quality": 5}', content_type="application/json"
        ).status_code
        == 201
    )
    over = client.post(f"{path}/start")
    assert (over.status_code, over.headers["Content-Type"]) == (409, "application/problem+json")
    tomorrow = make_session(alice, day=day + timedelta(days=1))
    early = client.post(f"/api/v1/sessions/{tomorrow.pk}/start")
    assert (early.status_code, set(early.json()["errors"])) == (400, {"session_date"})
    theirs = make_session(bob, day=day)
    assert client.post(f"/api/v1/sessions/{theirs.pk}/start").status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == "planned"


def log(by, session, *, now=NOW, **kwargs):
    values = {"session_quality": 7, **kwargs.pop("values", {})}
    return save_post_session(by=by, session_id=session.pk, values=values, now=now, **kwargs)


def test_what_runs_ends_when_it_is_logged_on_its_day(alice, session):
    start(alice, session)
    later = NOW + timedelta(minutes=95)
    assert log(alice, session, now=later).ended_at == later
    # A correction in the evening does not prolong it.
    assert (
        log(alice, session, now=later + timedelta(hours=2), values={"session_quality": 6}).ended_at == later
    )


def test_the_same_log_once_more_changes_nothing(alice, session):
    start(alice, session)
    first = log(alice, session, now=NOW + timedelta(minutes=95), only_first=True)
    again = log(alice, session, now=NOW + timedelta(minutes=97), only_first=True)
    assert (again.version, again.ended_at) == (first.version, first.ended_at)


def test_how_long_it_took_says_when_it_ended(alice, session):
    start(alice, session)
    done = log(alice, session, now=NOW + timedelta(hours=5), values={"actual_duration_min": 90})
    assert done.ended_at == NOW + timedelta(minutes=90)


def test_without_a_start_nobody_knows_when_it_ended(alice):
    assert log(alice, make_session(alice, day=NOW.date(), planned={})).ended_at is None


def test_an_end_that_is_said_is_kept_and_can_be_changed_and_taken_back(alice, session):
    start(alice, session)
    now, end = NOW + timedelta(hours=3), NOW + timedelta(hours=2)
    assert log(alice, session, now=now, moves={"ended_at": end}).ended_at == end
    earlier = log(alice, session, now=now, moves={"ended_at": end - timedelta(minutes=30)})
    assert earlier.ended_at == end - timedelta(minutes=30)
    assert log(alice, session, now=now, moves={"ended_at": None}).ended_at is None


@pytest.mark.parametrize(
    ("minutes", "says"), [(-5, "after the start"), (600, "in the future"), (None, "needs a start")]
)
def test_an_end_that_cannot_be_is_refused_and_nothing_is_written(alice, session, minutes, says):
    if minutes is None:
        Session.objects.update(started_at=None)
    else:
        start(alice, session)
    with pytest.raises(BadValues, match=says) as caught:
        log(alice, session, moves={"ended_at": NOW + timedelta(minutes=minutes or 0)})
    assert set(caught.value.problems) == {"ended_at"}
    assert session_of(user_id=alice.pk, session_id=session.pk).quality is None


def test_an_end_changed_in_another_tab_is_not_overwritten(alice, session):
    start(alice, session)
    now = NOW + timedelta(hours=3)
    seen = log(alice, session, now=now).version
    log(alice, session, now=now, moves={"ended_at": NOW + timedelta(hours=1)}, version=seen)
    with pytest.raises(ChangedElsewhere):
        log(alice, session, now=now, moves={"ended_at": NOW + timedelta(hours=2)}, version=seen)
