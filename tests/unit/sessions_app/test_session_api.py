from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from climbiq.common.idempotency import HEADER
from sessions_app.models import BaselineAssessment, PostSessionData, PreSessionData, Session
from tests.factories.sessions import make_baseline, make_session

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def call(client, alice):
    client.force_login(alice)

    def send(method, path, body=None, **headers):
        kwargs = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return client.generic(method, API + path, headers=headers, **kwargs)

    return send


def today(days=0):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def problem(response, status):
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json()


def test_plan_read_log_and_list(call):
    made = call(
        "POST",
        "/sessions/",
        {
            "session_date": today(),
            "location_type": "indoor_gym",
            "pre_session": {"sleep_hours": 7.5, "planned_caffeine_mg": 200, "stress_level": None},
        },
    )
    assert made.status_code == 201, made.content
    session = made.json()
    assert made.headers["Location"] == f"{API}/sessions/{session['id']}"
    assert session["pre_session"]["caffeine_mg"] == 200
    assert session["pre_session"]["sleep_hours"] == 7.5
    assert session["pre_session"]["stress_level"] is None
    assert session["post_session"] is None
    logged = call(
        "POST",
        f"/sessions/{session['id']}/post-session",
        {"session_quality": 6, "actual_caffeine_mg": 0, "deviation_reason": "felt_worse"},
    )
    assert logged.status_code == 201, logged.content
    body = logged.json()
    assert body["status"] == "completed"
    assert body["post_session"]["deviated_from_plan"] is True
    assert body["post_session"]["actual_caffeine_mg"] == 0
    assert body["post_session"]["actual_warmup_min"] is None
    assert body["as_treated"]["caffeine_mg"] == 0
    assert call("GET", f"/sessions/{session['id']}").json() == body
    listed = call("GET", "/sessions/").json()
    assert [s["id"] for s in listed["results"]] == [session["id"]]
    assert listed["results"][0] == body


def test_every_field_comes_back_as_it_went_in(call):
    pre = {
        "sleep_hours": 7.3,
        "sleep_quality": 4,
        "energy_level": 3,
        "soreness_level": 2,
        "stress_level": 5,
        "motivation_level": 1,
        "days_since_hard_session": 0,
        "days_since_last_session": None,
        "current_niggles": [{"location": "finger", "severity": 2, "notes": "כאב 💪"}],
        "time_available_min": 90,
        "time_of_day": "evening",
        "session_goal": "steep_project",
        "specific_objectives": ["the 7a; left", "two\u00a0words"],
        "sleep_notes": "woke up twice\nat 3",
        "caffeine_mg": None,
        "warmup_duration_min": 0,
        "session_type": "project",
        "session_intensity": "max",
    }
    session = call("POST", "/sessions/", {"session_date": today(), "pre_session": pre}).json()
    assert session["pre_session"] == pre | {"specific_objectives": ["the 7a; left", "two words"]}
    post = {
        "session_quality": 10,
        "energy_post": 1,
        "skin_condition": 5,
        "psyched_level": 3,
        "sends": ["7a"],
        "attempts_on_projects": 0,
        "new_grades_tried": None,
        "actual_duration_min": 120,
        "new_niggles": [],
        "actual_caffeine_mg": 50,
        "actual_warmup_min": 10,
        "actual_session_type": "volume",
        "actual_intensity": "low",
        "deviated_from_plan": True,
        "deviation_reason": "in my own words",
        "deviation_details": {"partner": {"came": False}},
        "what_went_well": "a",
        "what_could_improve": "b",
        "notes": "c",
    }
    assert call("PUT", f"/sessions/{session['id']}/post-session", post).json()["post_session"] == post
    assert call("GET", f"/sessions/{session['id']}/post-session").json() == post


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        pytest.param("/sessions/", {"session_date": "1890-01-01"}, {"session_date"}, id="1890"),
        pytest.param("/sessions/", {"session_date": "2999-01-01"}, {"session_date"}, id="future"),
        pytest.param("/sessions/", {"session_date": "yesterday"}, {"session_date"}, id="no-date"),
        pytest.param("/sessions/", {}, {"session_date"}, id="no-fields"),
        pytest.param("/sessions/", {"session_date": today(), "mood": 3}, {"mood"}, id="unknown-field"),
        pytest.param(
            "/sessions/", {"session_date": today(), "user_id": str(uuid4())}, {"user_id"}, id="somebody-else"
        ),
        pytest.param(
            "/sessions/", {"session_date": today(), "status": "completed"}, {"status"}, id="status-is-ours"
        ),
        pytest.param(
            "/sessions/", {"session_date": today(), "gym_id": str(uuid4())}, {"gym_id"}, id="no-such-gym"
        ),
        pytest.param(
            "/sessions/",
            {"session_date": today(), "pre_session": {"sleep_hours": 30, "mood": 1, "stress_level": True}},
            {"pre_session.sleep_hours", "pre_session.mood", "pre_session.stress_level"},
            id="nested",
        ),
        pytest.param(
            "/sessions/",
            {"session_date": today(), "started_at": "9999-12-31T23:59:59Z"},
            {"started_at"},
            id="end-of-time",
        ),
        pytest.param(
            "/sessions/", {"session_date": today(), "duration_min": 1e9}, {"duration_min"}, id="long"
        ),
        pytest.param(
            "/sessions/pre-session",
            {"planned_caffeine_mg": 1, "caffeine_mg": 2},
            {"planned_caffeine_mg"},
            id="twice",
        ),
        pytest.param(
            "/sessions/pre-session", {"session_id": str(uuid4())}, {"session_id"}, id="no-such-session"
        ),
        pytest.param("/sessions/pre-session", {"session_id": 7}, {"session_id"}, id="no-id"),
        pytest.param("/sessions/post-session", {"session_quality": 5}, {"session_id"}, id="no-session"),
        pytest.param(
            "/sessions/post-session",
            {"session_id": str(uuid4())},
            {"session_id"},
            id="no-such-session-to-log",
        ),
        pytest.param("/users/me/baseline", {"age": 3, "weight": 70}, {"age", "weight"}, id="baseline"),
        pytest.param(
            "/users/me/baseline", {"current_route_grade": "V5"}, {"current_route_grade"}, id="boulder-grade"
        ),
    ],
)
def test_a_fault_is_named(call, path, body, fields):
    assert set(problem(call("POST", path, body), 400)["errors"]) == fields
    assert not Session.objects.exists()
    assert not BaselineAssessment.objects.exists()


def test_the_shortcuts_of_the_specification(call):
    made = call("POST", "/sessions/pre-session", {"sleep_hours": "7:30", "planned_session_type": "power"})
    assert made.status_code == 201, made.content
    session = made.json()
    assert (session["session_date"], session["pre_session"]["session_type"]) == (today(), "power")
    assert session["pre_session"]["sleep_hours"] == 7.5
    assert session["pre_session"]["caffeine_mg"] == 0
    again = call("POST", "/sessions/pre-session", {"session_id": session["id"], "stress_level": 2})
    assert again.json()["pre_session"]["stress_level"] == 2
    assert again.json()["pre_session"]["session_type"] == "power"
    both = call("POST", "/sessions/pre-session", {"session_id": session["id"], "session_date": today()})
    assert set(problem(both, 400)["errors"]) == {"session_date"}
    logged = call("POST", "/sessions/post-session", {"session_id": session["id"], "session_quality": 7})
    assert logged.status_code == 201
    assert Session.objects.count() == PreSessionData.objects.count() == PostSessionData.objects.count() == 1


def test_a_session_logged_twice(call, alice):
    session = make_session(alice, planned={}, quality=5)
    for path, body in (
        (f"/sessions/{session.pk}/post-session", {"session_quality": 9}),
        ("/sessions/post-session", {"session_id": str(session.pk), "session_quality": 9}),
    ):
        assert "logged already" in problem(call("POST", path, body), 409)["detail"]
    assert PostSessionData.objects.get().session_quality == 5


def test_put_replaces_and_patch_keeps(call, alice):
    session = make_session(alice, planned={"stress_level": 2, "sleep_quality": 4})
    path = f"/sessions/{session.pk}/pre-session"
    assert call("PATCH", path, {"stress_level": 3}).json()["pre_session"]["sleep_quality"] == 4
    assert call("PUT", path, {"stress_level": 3}).json()["pre_session"]["sleep_quality"] is None
    assert "at least one field" in problem(call("PATCH", path, {}), 400)["detail"]


def test_an_edit_of_an_old_version(call, alice):
    session = make_session(alice, planned={"stress_level": 2})
    path = f"/sessions/{session.pk}"
    version = call("GET", path).json()["version"]
    assert call("PATCH", f"{path}/pre-session", {"stress_level": 3, "version": version}).status_code == 200
    for suffix, body in (
        ("/pre-session", {"stress_level": 5}),
        ("", {"location_type": "outdoor"}),
        ("/post-session", {"session_quality": 5}),
    ):
        answer = problem(call("PATCH", path + suffix, {**body, "version": version}), 409)
        assert "changed in the meantime" in answer["detail"]
    assert not PostSessionData.objects.exists()


def test_skip_reopen_delete_restore(call, alice):
    session = make_session(alice, planned={"stress_level": 2})
    path = f"/sessions/{session.pk}"
    assert call("POST", f"{path}/skip").json()["status"] == "skipped"
    assert call("POST", f"{path}/reopen").json()["status"] == "planned"
    before = call("GET", path).json()
    undo = call("DELETE", path).json()
    assert problem(call("GET", path), 404)
    assert call("POST", f"{path}/restore", undo).json() == before
    problem(call("POST", f"{path}/restore", {"undo": "x"}), 422)
    call("POST", f"{path}/post-session", {"session_quality": 5})
    assert "was not skipped" in problem(call("POST", f"{path}/skip"), 409)["detail"]


def test_a_baseline_that_does_not_exist_yet(call):
    assert "no baseline yet" in problem(call("GET", "/users/me/baseline"), 404)["detail"]
    made = call("POST", "/users/me/baseline", {"age": 31, "weight_kg": "154 lb", "has_coach": False})
    assert made.status_code == 201
    body = made.json()
    assert (body["age"], body["weight_kg"], body["has_coach"], body["has_hangboard"]) == (
        31,
        69.9,
        False,
        None,
    )
    assert call("GET", "/users/baseline").json() == body
    assert "errors" in problem(call("POST", "/users/me/baseline", {**body}), 400)  # id is not ours to set


def test_forms_that_do_not_exist_yet(call, alice):
    session = make_session(alice)
    for form in ("pre-session", "post-session"):
        assert "no such form yet" in problem(call("GET", f"/sessions/{session.pk}/{form}"), 404)["detail"]


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"location_type": "outdoor"}),
        ("DELETE", "", None),
        ("GET", "/pre-session", None),
        ("PUT", "/pre-session", {"stress_level": 1}),
        ("PATCH", "/pre-session", {"stress_level": 1}),
        ("GET", "/post-session", None),
        ("POST", "/post-session", {"session_quality": 1}),
        ("PUT", "/post-session", {"session_quality": 1}),
        ("PATCH", "/post-session", {"session_quality": 1}),
        ("POST", "/skip", None),
        ("POST", "/reopen", None),
    ],
)
def test_somebody_elses_session_is_not_there(call, bob, method, suffix, body):
    session = make_session(bob, planned={"stress_level": 4}, quality=9)
    theirs = problem(call(method, f"/sessions/{session.pk}{suffix}", body), 404)
    none = problem(call(method, f"/sessions/{uuid4()}{suffix}", body), 404)
    assert theirs["detail"] == none["detail"]
    session.refresh_from_db()
    assert (session.status, session.pre.stress_level, session.post.session_quality) == ("completed", 4, 9)


def test_a_session_of_somebody_else_cannot_be_named_in_a_body(call, bob):
    session = make_session(bob, planned={"stress_level": 4})
    for path in ("/sessions/pre-session", "/sessions/post-session"):
        answer = problem(call("POST", path, {"session_id": str(session.pk)}), 400)
        assert answer["errors"] == {"session_id": ["You have no such session."]}


def test_the_list_is_ones_own_filtered_and_paged(call, alice, bob):
    make_session(bob, quality=9)
    for days in range(5):
        make_session(alice, day=timezone.localdate() - timedelta(days=days), quality=None if days == 2 else 5)
    assert len(call("GET", "/sessions/").json()["results"]) == 5
    assert len(call("GET", "/sessions/?status=planned").json()["results"]) == 1
    assert len(call("GET", f"/sessions/?since={today(-1)}").json()["results"]) == 2
    assert len(call("GET", f"/sessions/?until={today(-3)}&status=completed").json()["results"]) == 2
    assert set(problem(call("GET", "/sessions/?status=gone&order=asc"), 400)["errors"]) == {"status", "order"}
    first = call("GET", "/sessions/?page_size=3").json()
    second = call("GET", first["next"].partition(API)[2]).json()
    days = [s["session_date"] for s in (*first["results"], *second["results"])]
    assert days == [today(-n) for n in range(5)]
    assert set(problem(call("GET", "/sessions/?cursor=nonsense"), 400)["errors"]) == {"cursor"}


def test_the_same_key_plans_one_session(call):
    body = {"session_date": today(), "pre_session": {"stress_level": 3}}
    first = call("POST", "/sessions/", body, **{HEADER: "k1"})
    again = call("POST", "/sessions/", body, **{HEADER: "k1"})
    assert first.json() == again.json()
    assert Session.objects.count() == 1
    problem(call("POST", "/sessions/", {"session_date": today(1)}, **{HEADER: "k1"}), 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/sessions/"),
        ("POST", "/sessions/6f1c0e9a-5d0f-4b7a-9c58-2f7d3a1b4c5d"),
        ("GET", "/sessions/pre-session"),
    ],
)
def test_wrong_method(call, method, path):
    assert problem(call(method, path, {}), 405)


def test_bodies_that_are_none(call, client):
    url = f"{API}/sessions/"
    assert problem(client.post(url, b"", content_type="application/json"), 400)
    assert problem(client.post(url, b"{", content_type="application/json"), 400)
    assert problem(client.post(url, b"[]", content_type="application/json"), 400)
    assert problem(client.post(url, b'"\xff"', content_type="application/json"), 400)
    assert problem(
        client.post(url, b'{"a": "' + b"x" * 10_000_000 + b'"}', content_type="application/json"), 413
    )
    assert problem(client.post(url, b"a=1", content_type="application/x-www-form-urlencoded"), 415)


def test_logged_out(client, db):
    for path in ("/sessions/", f"/sessions/{uuid4()}", "/users/me/baseline"):
        problem(client.get(API + path), 401)


def test_a_retired_baseline_is_not_shown(call, alice):
    make_baseline(alice, age=29, is_current=False)
    assert call("GET", "/users/me/baseline").status_code == 404


def test_details_of_a_deviation_are_an_object_of_reasonable_size(call, alice):
    session = make_session(alice, planned={})
    for details in ("tired", ["a"], {"a": "x" * 10_001}):
        answer = call(
            "POST",
            f"/sessions/{session.pk}/post-session",
            {"session_quality": 5, "deviation_details": details},
        )
        assert set(problem(answer, 400)["errors"]) == {"deviation_details"}


def test_the_schema_describes_all_of_it(client, db):
    schema = client.get("/api/schema/").json()
    paths = {path for path in schema["paths"] if "session" in path or "baseline" in path}
    assert {
        f"{API}/sessions/",
        f"{API}/sessions/{{session_id}}/post-session",
        f"{API}/users/me/baseline",
    } <= paths
    properties = schema["components"]["schemas"]["PreSessionShortcutRequest"]["properties"]
    assert properties["caffeine_mg"]["maximum"] == 1000
    post = schema["components"]["schemas"]["PostSession"]["properties"]
    assert {"actual_caffeine_mg", "session_quality", "deviated_from_plan", "notes"} <= set(post)


def test_the_end_is_told_by_the_log_or_said_with_it(call, alice):
    began = timezone.now() - timedelta(minutes=80)
    kept = {"day": timezone.localdate(began), "planned": {}, "started_at": began}
    first, second, third = (make_session(alice, **kept) for _ in range(3))
    logged = call("POST", f"/sessions/{first.pk}/post-session", {"session_quality": 7}).json()
    if timezone.localdate() == timezone.localdate(began):  # else it is shortly after midnight
        assert logged["ended_at"] is not None
        assert logged["ended_at"] > logged["started_at"]
    end = began + timedelta(minutes=60)
    body = {"session_quality": 7, "actual_duration_min": 30, "ended_at": end.isoformat()}
    said = call("POST", f"/sessions/{second.pk}/post-session", body).json()
    assert parse_datetime(said["ended_at"]) == end
    assert "ended_at" not in said["post_session"]
    again = call("PUT", f"/sessions/{second.pk}/post-session", {"session_quality": 6}).json()
    assert again["ended_at"] == said["ended_at"]  # it belongs to the session, not to its form
    taken = call("PATCH", f"/sessions/{second.pk}/post-session", {"ended_at": None}).json()
    assert (taken["ended_at"], taken["post_session"]["session_quality"]) == (None, 6)
    by_shortcut = call("POST", "/sessions/post-session", {"session_id": str(third.pk), **body}).json()
    assert parse_datetime(by_shortcut["ended_at"]) == end
    late = call("PATCH", f"/sessions/{third.pk}/post-session", {"ended_at": today(2) + "T10:00Z"})
    assert set(problem(late, 400)["errors"]) == {"ended_at"}


def test_a_session_may_be_completed_without_a_rating_and_the_schema_says_so(call, client, alice):
    session = make_session(alice, planned={}, quality=7)
    answer = call("PUT", f"/sessions/{session.pk}/post-session", {"session_quality": None})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    problem(call("GET", f"/sessions/{session.pk}/taught"), 404)
    schema = client.get("/api/schema/?format=json").json()["components"]["schemas"]
    said = next(text["description"] for name, text in schema.items() if name.startswith("PostSession"))
    assert "completed without a `session_quality`" in said
