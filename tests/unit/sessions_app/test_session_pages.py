from __future__ import annotations

from datetime import datetime, time, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import BaselineAssessment, PostSessionData, PreSessionData, Session
from sessions_app.selectors import current_baseline, session_of
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

BEFORE = {
    "session_date": timezone.localdate().isoformat(),
    "sleep_hours": "7,5",
    "stress_level": "4",
    "current_niggles-state": "none",
    "session_type": "project",
    "session_intensity": "high",
    "caffeine_mg": "200",
}


@pytest.fixture
def climbing(client, alice):
    client.force_login(alice)
    return client


def text_of(response):
    return unescape(response.content.decode())


def test_a_plan_in_one_form_leads_to_the_recommendation(climbing, alice):
    page = climbing.get("/sessions/new/")
    assert page.status_code == 200
    key = page.context["form"]["request_key"].value()
    response = climbing.post("/sessions/new/", {**BEFORE, "request_key": key})
    session = Session.objects.get()
    assert response.headers["Location"] == reverse("recommend", args=[session.pk])
    record = session_of(user_id=alice.pk, session_id=session.pk)
    assert record.planned["sleep_hours"] == 7.5
    assert record.planned["current_niggles"] == []
    assert (record.planned["energy_level"], record.planned["caffeine_mg"]) == (None, 200)
    climbing.post("/sessions/new/", {**BEFORE, "request_key": key})
    assert Session.objects.count() == 1


def test_an_empty_caffeine_is_unknown_and_nought_is_none(climbing):
    climbing.post("/sessions/new/", {**BEFORE, "caffeine_mg": ""})
    climbing.post("/sessions/new/", {**BEFORE, "caffeine_mg": "0"})
    assert set(PreSessionData.objects.values_list("planned_caffeine_mg", flat=True)) == {None, 0}


def test_the_form_starts_from_the_last_similar_session_and_the_diary(climbing, alice):
    today = timezone.localdate()
    make_session(
        alice,
        day=today - timedelta(days=7),
        planned={
            "session_type": "power",
            "session_intensity": "max",
            "caffeine_mg": 80,
            "current_niggles": [{"location": "elbow", "severity": 1, "notes": ""}],
        },
        quality=7,
    )
    page = climbing.get("/sessions/new/")
    initial = page.context["form"].initial
    assert (initial["session_type"], initial["caffeine_mg"]) == ("power", 80)
    assert (initial["days_since_last_session"], initial["days_since_hard_session"]) == (7, 7)
    assert "sleep_hours" not in initial
    assert "Same as last time: Elbow (noticeable)" in text_of(page)
    climbing.post("/sessions/new/", {**BEFORE, "current_niggles-state": "same"})
    assert PreSessionData.objects.get(session__session_date=today).current_niggles == [
        {"location": "elbow", "severity": 1, "notes": ""}
    ]


def test_what_is_derived_follows_the_day(climbing, alice):
    today = timezone.localdate()
    make_session(alice, day=today - timedelta(days=2), planned={"session_intensity": "high"}, quality=7)
    later = today + timedelta(days=3)
    answers = {
        **BEFORE,
        "session_date": later.isoformat(),
        "days_since_last_session": "2",
        "days_since_hard_session": "2",
        "time_of_day": "",
    }
    climbing.post("/sessions/new/", answers)
    moved = PreSessionData.objects.get(session__session_date=later)
    assert (moved.days_since_last_session, moved.days_since_hard_session) == (5, 5)
    Session.objects.filter(session_date=later).delete()
    climbing.post("/sessions/new/", {**answers, "days_since_hard_session": "1"})
    moved = PreSessionData.objects.get(session__session_date=later)
    assert (moved.days_since_last_session, moved.days_since_hard_session) == (5, 1)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        pytest.param({"sleep_hours": "25"}, "sleep_hours", "between 0 and 16", id="out-of-range"),
        pytest.param({"sleep_hours": "lots"}, "sleep_hours", "must be a number", id="wrong-type"),
        pytest.param({"stress_level": "6"}, "stress_level", "between 1 and 5", id="off-the-scale"),
        pytest.param({"session_type": "yoga"}, "session_type", "must be one of", id="unknown-word"),
        pytest.param({"session_date": "1890-01-01"}, "session_date", "before 1950", id="1890"),
        pytest.param({"session_date": "2999-01-01"}, "session_date", "next 60 days", id="far-future"),
        pytest.param({"session_date": "soon"}, "session_date", "as 2026-05-04", id="no-date"),
        pytest.param({"session_date": ""}, "session_date", "needed", id="date-missing"),
        pytest.param({"start_time": "25:00"}, "start_time", "as 18:30", id="no-time"),
        pytest.param(
            {
                "current_niggles-state": "some",
                "current_niggles-0-location": "soul",
                "current_niggles-0-severity": "1",
            },
            "current_niggles",
            "location out of",
            id="no-such-place",
        ),
        pytest.param({"sleep_notes": "x" * 2001}, "sleep_notes", "2,000 characters", id="too-long"),
        pytest.param({"sleep_notes": "a\x00b"}, "sleep_notes", "NUL", id="nul"),
        pytest.param({"request_key": "1"}, "request_key", "valid UUID", id="broken-key"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_typed_is_lost(climbing, change, field, message):
    response = climbing.post(
        "/sessions/new/", {**BEFORE, "specific_objectives": "the 7a 💪 \u200fמצוין", **change}
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert message in response.context["form"].errors[field][0]
    page = text_of(response)
    assert "the 7a 💪 \u200fמצוין" in page
    if field not in {
        "request_key",
        "session_type",
    }:  # what is no answer of a group of buttons cannot be shown in it
        assert str(next(iter(change.values())))[:100].replace("\x00", "") in page.replace("\x00", "")
    assert not Session.objects.exists()


def test_two_sessions_a_day_at_their_times(climbing, alice):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    for start in ("07:00", "18:30"):
        climbing.post("/sessions/new/", {**BEFORE, "start_time": start})
    moments = sorted(Session.objects.values_list("started_at", flat=True))
    assert len(moments) == 2
    assert "18:30" in text_of(climbing.get("/sessions/"))


def test_as_planned_is_two_answers(climbing, alice):
    session = make_session(
        alice, day=timezone.localdate(), planned={"caffeine_mg": 200, "session_type": "volume"}
    )
    page = climbing.get(f"/sessions/{session.pk}/after/")
    version = page.context["form"].initial["version"]
    response = climbing.post(
        f"/sessions/{session.pk}/after/", {"as_planned": "yes", "session_quality": "8", "version": version}
    )
    assert response.headers["Location"] == f"/sessions/{session.pk}/taught/"
    record = session_of(user_id=alice.pk, session_id=session.pk)
    assert (record.status, record.quality, record.deviated) == ("completed", 8, False)
    page = text_of(climbing.get(f"/sessions/{session.pk}/"))
    assert "8" in page
    assert f'href="/sessions/{session.pk}/taught/"' in page


def test_a_correction_leads_back_to_the_session(climbing, alice):
    session = make_session(alice, day=timezone.localdate(), planned={"session_type": "volume"}, quality=8)
    response = climbing.post(f"/sessions/{session.pk}/after/", {"as_planned": "yes", "session_quality": "6"})
    assert response.headers["Location"] == f"/sessions/{session.pk}/"


def test_only_changed_lines_and_a_thank_you(climbing, alice):
    session = make_session(
        alice, day=timezone.localdate(), planned={"caffeine_mg": 200, "session_type": "volume"}
    )
    response = climbing.post(
        f"/sessions/{session.pk}/after/",
        {
            "as_planned": "no",
            "session_quality": "5",
            "caffeine_mg": "0",
            "session_type": "volume",
            "deviation_reason": "company",
            "explanation": "met Bob",
            "new_niggles-state": "some",
            "new_niggles-0-location": "finger",
            "new_niggles-0-severity": "2",
            "sends": "7a\nThe Crack",
        },
        follow=True,
    )
    assert "Thank you for saying what was different" in text_of(response)
    row = PostSessionData.objects.get()
    assert (row.actual_caffeine_mg, row.actual_session_type, row.sends) == (0, None, ["7a", "The Crack"])
    assert row.new_niggles[0]["location"] == "finger"
    page = text_of(climbing.get(f"/sessions/{session.pk}/"))
    assert "200 mg" in page
    assert "met Bob" in page
    history = text_of(climbing.get("/sessions/"))
    assert "Caffeine: 200 mg → none" in history


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        pytest.param({"session_quality": "7"}, {"as_planned"}, id="not-said-whether-as-planned"),
        pytest.param({"as_planned": "yes"}, {"session_quality"}, id="no-number"),
        pytest.param({"as_planned": "yes", "session_quality": "0"}, {"session_quality"}, id="nought"),
        pytest.param(
            {"as_planned": "no", "session_quality": "7", "caffeine_mg": "5000"},
            {"caffeine_mg"},
            id="overdose",
        ),
    ],
)
def test_after_form_faults(climbing, alice, answers, fields):
    session = make_session(alice, day=timezone.localdate(), planned={"caffeine_mg": 200})
    response = climbing.post(f"/sessions/{session.pk}/after/", {"notes": "what I typed", **answers})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == fields
    assert "what I typed" in text_of(response)
    assert not PostSessionData.objects.exists()


def test_a_session_without_a_plan_asks_what_was_done(climbing, alice):
    session = make_session(alice, day=timezone.localdate())
    page = climbing.get(f"/sessions/{session.pk}/after/")
    assert "as_planned" not in page.context["form"].fields
    climbing.post(f"/sessions/{session.pk}/after/", {"session_quality": "6", "session_type": "volume"})
    record = session_of(user_id=alice.pk, session_id=session.pk)
    assert record.as_treated["session_type"] == "volume"


def test_editing_in_two_tabs_keeps_what_was_typed(climbing, alice):
    session = make_session(alice, day=timezone.localdate(), planned={"caffeine_mg": 200})
    first = climbing.get(f"/sessions/{session.pk}/before/").context["form"].initial["version"]
    saved = climbing.post(f"/sessions/{session.pk}/before/", {**BEFORE, "sleep_hours": "8", "version": first})
    assert saved.status_code == 302
    stale = climbing.post(f"/sessions/{session.pk}/before/", {**BEFORE, "sleep_hours": "6", "version": first})
    assert stale.status_code == 422
    assert "changed in the meantime" in text_of(stale)
    assert 'value="6"' in text_of(stale)
    assert PreSessionData.objects.get().sleep_hours == 8
    newer = stale.context["form"].data["version"]
    again = climbing.post(f"/sessions/{session.pk}/before/", {**BEFORE, "sleep_hours": "6", "version": newer})
    assert again.status_code == 302
    assert PreSessionData.objects.get().sleep_hours == 6


def test_logging_in_two_tabs(climbing, alice):
    session = make_session(alice, day=timezone.localdate(), planned={"caffeine_mg": 200})
    url = f"/sessions/{session.pk}/after/"
    version = climbing.get(url).context["form"].initial["version"]
    answers = {"as_planned": "yes", "session_quality": "8", "version": version}
    assert climbing.post(url, answers).status_code == 302
    assert climbing.post(url, answers).status_code == 302  # the same form again: pressed twice
    stale = climbing.post(url, {**answers, "session_quality": "3", "notes": "typed here"})
    assert stale.status_code == 422
    assert "typed here" in text_of(stale)
    assert PostSessionData.objects.get().session_quality == 8


def test_skip_and_back(climbing, alice):
    session = make_session(alice, planned={})
    assert climbing.get(f"/sessions/{session.pk}/skip/").status_code == 200
    climbing.post(f"/sessions/{session.pk}/skip/")
    session.refresh_from_db()
    assert session.status == "skipped"
    assert "Rest counts" in text_of(climbing.get(f"/sessions/{session.pk}/"))
    climbing.post(f"/sessions/{session.pk}/unskip/")
    session.refresh_from_db()
    assert session.status == "planned"


def test_delete_asks_first_and_can_be_undone(climbing, alice):
    session = make_session(alice, planned={"stress_level": 2}, quality=7)
    assert "Delete this session?" in text_of(climbing.get(f"/sessions/{session.pk}/delete/"))
    assert Session.objects.exists()
    page = climbing.post(f"/sessions/{session.pk}/delete/")
    assert not Session.objects.exists()
    undo = page.context["undo"]
    response = climbing.post(f"/sessions/{session.pk}/restore/", {"undo": undo})
    assert response.headers["Location"] == f"/sessions/{session.pk}/"
    assert session_of(user_id=alice.pk, session_id=session.pk).planned["stress_level"] == 2
    assert climbing.post(f"/sessions/{session.pk}/restore/", {"undo": "x"}).status_code == 422


def test_the_undo_of_somebody_else(client, alice, bob):
    session = make_session(alice, quality=7)
    client.force_login(alice)
    undo = client.post(f"/sessions/{session.pk}/delete/").context["undo"]
    client.force_login(bob)
    assert client.post(f"/sessions/{session.pk}/restore/", {"undo": undo}).status_code == 422
    assert not Session.objects.exists()


def test_history_is_empty_grouped_filtered_and_paged(climbing, alice, bob):
    assert "Nothing here yet" in text_of(climbing.get("/sessions/"))
    today = timezone.localdate()
    foreign = make_session(bob, day=today, planned={"session_type": "competition"}, quality=9)
    for days in range(45):
        make_session(
            alice,
            day=today - timedelta(days=days),
            planned={"session_type": "power" if days % 2 else "volume", "caffeine_mg": 100},
            actual={"caffeine_mg": 0} if days % 5 == 0 else None,
            quality=None if days == 3 else 1 + days % 10,
            status="skipped" if days == 3 else "completed",
        )
    page = climbing.get("/sessions/")
    assert "This week" in text_of(page)
    assert str(foreign.pk) not in text_of(page)
    seen: list[str] = []
    url = "/sessions/"
    while url:
        page = climbing.get(url)
        seen += [str(row["session"].id) for week in page.context["weeks"] for row in week["rows"]]
        url = f"/sessions/?{page.context['older']}" if page.context["older"] else ""
    assert len(seen) == len(set(seen)) == 45
    for query, count in (("status=skipped", 1), ("changed=on", 9), ("kind=power&status=skipped", 1)):
        rows = [r for w in climbing.get(f"/sessions/?{query}").context["weeks"] for r in w["rows"]]
        assert len(rows) == count
    assert "No session like that" in text_of(climbing.get("/sessions/?status=planned"))
    for nonsense in (
        "status=gone",
        "before=tomorrow",
        "before=a_b_c",
        "before=2026-01-01_2026-01-01T00:00:00_" + "0" * 32,
    ):
        assert climbing.get(f"/sessions/?{nonsense}").status_code == 200


def test_history_costs_few_queries(climbing, alice, django_assert_max_num_queries):
    for _ in range(30):
        make_session(alice, planned={}, quality=5)
    with django_assert_max_num_queries(12):
        climbing.get("/sessions/")


def test_a_baseline_that_does_not_exist_yet_and_its_versions(climbing, alice):
    page = climbing.get("/baseline/")
    assert page.status_code == 200
    response = climbing.post(
        "/baseline/",
        {"age": "31", "has_coach": "no", "injury_history-state": "none", "current_route_grade": "7a"},
    )
    assert response.status_code == 302
    first = current_baseline(user_id=alice.pk)
    assert (first.values["age"], first.values["has_coach"], first.values["has_hangboard"]) == (
        31,
        False,
        None,
    )
    assert first.values["injury_history"] == []
    stale = climbing.post("/baseline/", {"age": "40"})  # opened before the first one was saved
    assert stale.status_code == 422
    assert 'value="40"' in text_of(stale)
    again = climbing.post("/baseline/", {"age": "40", "replaces": stale.context["form"].data["replaces"]})
    assert again.status_code == 302
    assert BaselineAssessment.objects.count() == 2
    bad = climbing.post("/baseline/", {"age": "4", "max_pullups": "many"})
    assert set(bad.context["form"].errors) == {"age", "max_pullups"}


def test_measures_and_grades_as_people_write_them(climbing, alice):
    typed = {
        "weight_kg": "155 lb",
        "height_cm": "5'10\"",
        "current_boulder_grade": "v4",
        "peak_route_grade": "7A",
    }
    assert climbing.post("/baseline/", typed).status_code == 302
    values = current_baseline(user_id=alice.pk).values
    assert (values["weight_kg"], values["height_cm"]) == (70.3, 177.8)
    assert (values["current_boulder_grade"], values["peak_route_grade"]) == ("V4", "7a")
    climbing.post("/sessions/new/", {**BEFORE, "sleep_hours": "7:30", "warmup_duration_min": "1/2 h"})
    assert not Session.objects.exists()
    climbing.post("/sessions/new/", {**BEFORE, "sleep_hours": "7:30", "time_available_min": "1.5 h"})
    row = PreSessionData.objects.get()
    assert (float(row.sleep_hours), row.time_available_min) == (7.5, 90)
    bad = climbing.post("/baseline/", {"weight_kg": "heavy", "current_route_grade": "V5"})
    assert "135 lb" in bad.context["form"].errors["weight_kg"][0]
    assert "boulder grade" in bad.context["form"].errors["current_route_grade"][0]


PAGES = ["", "before/", "after/", "skip/", "delete/"]


@pytest.mark.parametrize("page", PAGES)
def test_somebody_elses_session_is_not_there(client, alice, bob, page):
    session = make_session(alice, planned={}, quality=7)
    client.force_login(bob)
    for url in (f"/sessions/{session.pk}/{page}", f"/sessions/{uuid4()}/{page}"):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == (405 if page == "" else 404)
    assert session_of(user_id=alice.pk, session_id=session.pk).quality == 7


@pytest.mark.parametrize("page", ["/baseline/", "/sessions/", "/sessions/new/", "/diary/"])
def test_pages_ask_for_a_login(client, db, page):
    response = client.get(page)
    assert response.status_code == 302
    assert "/accounts/login/" in response.headers["Location"]


@pytest.mark.parametrize("page", ["unskip/", "restore/"])
def test_changes_are_posted(climbing, alice, page):
    session = make_session(alice)
    assert climbing.get(f"/sessions/{session.pk}/{page}").status_code == 405


# --- When it ended ------------------------------------------------------------------------------------------------

YESTERDAY = timezone.localdate() - timedelta(days=1)


def began(hour=18):
    return timezone.make_aware(datetime.combine(YESTERDAY, time(hour)))


def ended(session):
    return session_of(user_id=session.user_id, session_id=session.pk).ended_at


def test_the_end_is_asked_of_what_had_a_start(climbing, alice):
    session = make_session(alice, day=YESTERDAY, planned={}, started_at=began())
    url = f"/sessions/{session.pk}/after/"
    page = climbing.get(url)
    assert 'name="end_time"' in page.text
    assert "just finished" not in page.text  # its day is over
    climbing.post(url, {"session_quality": "6", "end_time": "19:40"})
    assert ended(session) == began() + timedelta(minutes=100)
    assert "18:00–19:40" in text_of(climbing.get(f"/sessions/{session.pk}/"))
    untimed = make_session(alice, day=YESTERDAY, planned={})
    assert 'name="end_time"' not in climbing.get(f"/sessions/{untimed.pk}/after/").text


def test_an_end_past_midnight_is_on_the_next_day(climbing, alice):
    day = YESTERDAY - timedelta(days=1)
    late = timezone.make_aware(datetime.combine(day, time(22)))
    session = make_session(alice, day=day, planned={}, started_at=late)
    climbing.post(f"/sessions/{session.pk}/after/", {"session_quality": "6", "end_time": "00:30"})
    assert ended(session) == late + timedelta(minutes=150)


def test_the_same_form_sent_twice_keeps_the_end_that_the_first_one_told(climbing, alice):
    start = timezone.now() - timedelta(seconds=1)
    day = timezone.localdate()
    session = make_session(alice, day=day, planned={}, started_at=start, status="in_progress")
    url = f"/sessions/{session.pk}/after/"
    page = climbing.get(url)
    assert "just finished" in page.text
    version = page.context["form"]["version"].value()
    form = {"session_quality": "6", "version": version, "end_time": "", "initial-end_time": ""}
    climbing.post(url, form)
    told = ended(session)
    assert told is not None
    assert climbing.post(url, form).status_code == 302
    assert ended(session) == told


def test_an_untouched_end_keeps_its_seconds_and_a_cleared_one_is_not_said(climbing, alice):
    end = began() + timedelta(minutes=95, seconds=17)
    session = make_session(alice, day=YESTERDAY, planned={}, quality=6, started_at=began(), ended_at=end)
    url = f"/sessions/{session.pk}/after/"
    assert 'name="initial-end_time" value="19:35' in climbing.get(url).text
    untouched = {"session_quality": "7", "end_time": "19:35", "initial-end_time": "19:35:00"}
    climbing.post(url, untouched)
    assert ended(session) == end
    climbing.post(url, {**untouched, "end_time": ""})
    assert ended(session) is None


@pytest.mark.parametrize("typed", ["25:00", "noon"])
def test_an_end_that_is_no_time_is_told_at_its_field(climbing, alice, typed):
    session = make_session(alice, day=YESTERDAY, planned={}, started_at=began())
    page = climbing.post(f"/sessions/{session.pk}/after/", {"session_quality": "6", "end_time": typed})
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"end_time"}
    assert ended(session) is None


def test_an_end_in_the_future_is_told_at_its_field(climbing, alice):
    start = timezone.now() - timedelta(minutes=1)
    session = make_session(alice, day=timezone.localdate(start), planned={}, started_at=start)
    typed = f"{timezone.localtime(start) - timedelta(minutes=30):%H:%M}"  # so on the next day
    page = climbing.post(f"/sessions/{session.pk}/after/", {"session_quality": "6", "end_time": typed})
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"end_time"})
