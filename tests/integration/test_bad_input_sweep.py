"""Everything bad at every door of the diary and at the recommendations', over HTTP: refused by name, nothing written,
nothing typed is lost.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.cache import cache

from climbiq.domain.quantities import Variable
from climbiq.domain.variables import in_room
from sessions_app.domain.columns import TREATED
from tests.fixtures.diary_site import TODAY, Diary, problem


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """More is asked here in a minute than one person may."""
    cache.clear()


# --- API: every door that takes a body -----------------------------------------------------------------------------

BODY = {"stress_level": 3}
DOORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "plan": ("POST", "/sessions/", {"session_date": TODAY.isoformat()}),
    "move": ("PATCH", "/sessions/{planned}", {"location_type": "outdoor"}),
    "before-put": ("PUT", "/sessions/{planned}/pre-session", BODY),
    "before-patch": ("PATCH", "/sessions/{planned}/pre-session", BODY),
    "before-alone": ("POST", "/sessions/pre-session", BODY),
    "after-log": ("POST", "/sessions/{planned}/post-session", {"session_quality": 5}),
    "after-put": ("PUT", "/sessions/{done}/post-session", {"session_quality": 6}),
    "after-patch": ("PATCH", "/sessions/{done}/post-session", {"session_quality": 6}),
    "after-alone": ("POST", "/sessions/post-session", {"session_id": "{planned}", "session_quality": 5}),
    "baseline": ("POST", "/users/me/baseline", {"age": 30}),
    "gym": ("POST", "/gyms", {"name": "Boulder Bar"}),
    "restore": ("POST", "/sessions/{planned}/restore", {"undo": "x"}),
    "recommend": (
        "POST",
        "/recommendations/pre-session",
        {"session_id": "{planned}", "current_conditions": BODY},
    ),
}
NO_BODY = ("start", "skip", "reopen")


def at(diary: Diary, door: str, **ids: str) -> tuple[str, str, dict[str, Any]]:
    method, path, body = DOORS[door]
    ids = {"planned": diary.planned, "done": diary.done, **ids}
    filled = {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
    return method, path.format(**ids), filled


RAW = {
    "no-body": (b"", 400),
    "half-of-one": (b'{"a": ', 400),
    "a-list": (b"[]", 400),
    "a-word": (b'"x"', 400),
    "no-utf8": (b'{"a": "\xff"}', 400),
    "nan": (b'{"a": NaN}', 400),
    "a-name-twice": (b'{"a": 1, "a": 2}', 400),
    "very-deep": (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    "ten-megabytes": (b'{"a": "' + b"x" * 10_000_000 + b'"}', 413),
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("raw", RAW)
@pytest.mark.parametrize("door", DOORS)
def test_a_body_that_is_none(diary, door, raw):
    method, path, _ = at(diary, door)
    content, status = RAW[raw]
    headers = {"Content-Type": "application/json"}
    problem(diary.app.request(method, path, content=content, headers=headers), status)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("door", DOORS)
def test_a_field_that_does_not_exist_is_named(diary, door):
    method, path, body = at(diary, door)
    for name in ("mood", "user_id", "form_seconds", "import_key", "\u202eslep", ""):
        if (door, name) == ("recommend", "user_id"):
            continue  # may be said there
        answer = problem(diary.app.request(method, path, json={**body, name: 1}), 400)
        assert len(answer["errors"]) == 1, answer
        assert "no such field" in next(iter(answer["errors"].values()))[0]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("door", DOORS)
def test_other_media_types(diary, door):
    method, path, _ = at(diary, door)
    for content_type in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json; charset=utf-16",
    ):
        answer = diary.app.request(method, path, content=b"a=1", headers={"Content-Type": content_type})
        problem(answer, 415)


def every_write(diary: Diary, **ids: str) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    for door in DOORS:
        yield at(diary, door, **ids)
    for step in NO_BODY:
        yield "POST", f"/sessions/{ids.get('planned', diary.planned)}/{step}", None
    yield "DELETE", f"/sessions/{ids.get('planned', diary.planned)}", None


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("token", "status"),
    [("", 401), ("expired", 401), ("unknown", 401), ("read", 403)],
    ids=["none", "expired", "unknown", "only-for-reading"],
)
def test_nobody_writes_without_a_token_that_may(diary, token, status):
    known = {**diary.tokens, "unknown": "ciq_" + "z" * 43}
    headers = {"Authorization": f"Bearer {known[token]}"} if token else {}
    base = str(diary.app.base_url)
    with httpx.Client(base_url=base, headers=headers, timeout=30) as app:
        for method, path, body in every_write(diary):
            problem(app.request(method, path, json=body), status)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("whose", ["bobs", "nobodys", "no-key"])
def test_somebody_elses_session_is_not_there(diary, whose):
    key = {"bobs": diary.bobs, "nobodys": str(uuid4()), "no-key": "7"}[whose]
    for method, path, body in every_write(diary, planned=key, done=key):
        if path in {"/sessions/", "/sessions/pre-session", "/users/me/baseline", "/gyms"}:
            continue
        answer = diary.app.request(method, path, json=body)
        if path in {"/sessions/post-session", "/recommendations/pre-session"}:
            assert set(problem(answer, 400)["errors"]) == {"session_id"}
        elif path.endswith("/restore") and whose != "no-key":
            problem(answer, 422)
        else:
            problem(answer, 404)
    answer = problem(diary.app.post("/sessions/pre-session", json={**BODY, "session_id": key}), 400)
    assert set(answer["errors"]) == {"session_id"}


@pytest.mark.usefixtures("nothing_written")
def test_wrong_methods(diary):
    paths: dict[str, set[str]] = {}
    for method, path, _ in every_write(diary, planned=diary.done):
        paths.setdefault(path, set()).add(method)
    readable = re.compile(
        r"/sessions/|/gyms|/users/me/baseline|.*/[0-9a-f-]{36}|.*/[0-9a-f-]{36}/(pre|post)-session"
    )
    for path, known in paths.items():
        allowed = known | {"OPTIONS", "HEAD"} | ({"GET"} if readable.fullmatch(path) else set())
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            problem(diary.app.request(method, path, json={}), 405)


# --- API: every value of every variable ----------------------------------------------------------------------------


def bad_values(variable: Variable) -> Iterator[Any]:
    """What is of the wrong type or out of range for this variable."""
    match variable.kind:
        case "number":
            yield from (variable.high + 1, variable.low - 1, "lots", True, [1], {"a": 1}, 1e300)
            if variable.is_whole:
                yield variable.low + 0.5
        case "choice":
            yield from ("yoga", 3, ["power"], True, {"a": 1})
        case "flag":
            yield from ("maybe", 7, [True])
        case "text":
            yield from ("x" * 2001, ["a"], {"a": 1}, "a\x00b", "\ud800")
        case "list":
            yield from ({"a": 1}, [["a"]], ["x" * 2001], ["a"] * 10_000, ["a\x00"])
        case "niggles":
            yield from (
                [{"location": "soul", "severity": 1}],
                [{"location": "finger", "severity": 9}],
                [{"location": "finger"}],
                [{"location": "finger", "severity": 1, "mood": 1}],
                "soul 3",
                7,
            )


ASKED_BEFORE = [
    *((v.name, v) for v in in_room("pre_session")),
    *((v.column, v) for v in in_room("pre_session") if v.column != v.name),
]
FORMS = {
    "before-patch": ASKED_BEFORE,
    "plan": [(f"pre_session.{name}", v) for name, v in ASKED_BEFORE],
    "recommend": [(f"current_conditions.{name}", v) for name, v in ASKED_BEFORE],
    "after-patch": [
        *((v.name, v) for v in in_room("post_session")),
        *((v.actual_column, v) for v in TREATED),
    ],
    "baseline": [(v.name, v) for v in in_room("baseline")],
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("door", "name", "variable"),
    [
        pytest.param(door, name, variable, id=f"{door}-{name}")
        for door, fields in FORMS.items()
        for name, variable in fields
    ],
)
def test_a_value_that_cannot_be_is_named(diary, door, name, variable):
    method, path, given = at(diary, door)
    for value in bad_values(variable):
        within, _, own_name = name.rpartition(".")
        body = {within: {own_name: value}} if within else {own_name: value}
        if door == "plan":
            body |= given
        content = json.dumps(body).encode()
        answer = diary.app.request(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )
        errors = problem(answer, 400)["errors"]
        assert {re.match(rf"{name}(?=\.|$)|.*", pointer)[0] for pointer in errors} == {name}, (value, errors)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"session_date": "1890-01-01"}, "session_date"),
        ({"session_date": (TODAY + timedelta(days=61)).isoformat()}, "session_date"),
        ({"session_date": "2026-02-30"}, "session_date"),
        ({"session_date": 20260504}, "session_date"),
        ({"session_date": None}, "session_date"),
        ({"started_at": "1890-01-01T10:00Z"}, "started_at"),
        ({"started_at": "noon"}, "started_at"),
        ({"started_at": "0001-01-01T00:00:00"}, "started_at"),
        ({"started_at": "9999-12-31T23:59:59.999999"}, "started_at"),
        ({"ended_at": "2999-01-01T10:00Z"}, "ended_at"),
        ({"duration_min": -1}, "duration_min"),
        ({"duration_min": "long"}, "duration_min"),
        ({"gym_id": str(uuid4())}, "gym_id"),
        ({"gym_id": "Boulder Bar"}, "gym_id"),
        ({"location_type": "moon"}, "location_type"),
        ({"pre_session": {"stress_level": 9}}, "pre_session.stress_level"),
        ({"pre_session": {"mood": 9}}, "pre_session.mood"),
        ({"pre_session": [1]}, "pre_session"),
        ({"status": "completed"}, "status"),
        ({"id": str(uuid4())}, "id"),
    ],
)
def test_when_and_where_that_cannot_be(diary, change, pointer):
    method, path, body = at(diary, "plan")
    answer = problem(diary.app.request(method, path, json={**body, **change}), 400)
    assert set(answer["errors"]) == {pointer}
    if not set(change) & {"pre_session", "status", "id"}:
        answer = problem(diary.app.patch(f"/sessions/{diary.planned}", json=change), 400)
        assert set(answer["errors"]) == {pointer}


@pytest.mark.usefixtures("nothing_written")
def test_a_session_is_logged_once(diary):
    for path, body in (
        (f"/sessions/{diary.done}/post-session", {"session_quality": 9}),
        ("/sessions/post-session", {"session_id": diary.done, "session_quality": 9}),
    ):
        assert "logged already" in problem(diary.app.post(path, json=body), 409)["detail"]
    problem(diary.app.post(f"/sessions/{diary.done}/skip"), 409)
    problem(diary.app.post(f"/sessions/{diary.done}/start"), 409)


@pytest.mark.usefixtures("nothing_written")
def test_without_a_baseline_there_is_none(diary):
    problem(diary.app.get("/users/me/baseline"), 404)
    assert diary.alice.get("/baseline/").status_code == 200
    assert diary.alice.get("/").status_code == 200


# --- API: what only a recommendation can be asked -------------------------------------------------------------------

ANSWERS = {"as-a-stream": "text/event-stream", "as-an-object": "application/json"}
SAID = {"current_conditions": BODY}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("answered", ANSWERS)
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "current_conditions"),
        ({"own_forecast": 7}, "current_conditions"),
        ({"current_conditions": None}, "current_conditions"),
        ({"current_conditions": [BODY]}, "current_conditions"),
        ({"current_conditions": "well"}, "current_conditions"),
        ({"current_conditions": {"mood": 3}}, "current_conditions.mood"),
        ({"current_conditions": {"session_quality": 3}}, "current_conditions.session_quality"),
        ({"current_conditions": {"performance_anxiety": 3}}, "current_conditions.performance_anxiety"),
        (
            {"current_conditions": {"caffeine_mg": 1, "planned_caffeine_mg": 2}},
            "current_conditions.planned_caffeine_mg",
        ),
        ({**SAID, "own_forecast": 11}, "own_forecast"),
        ({**SAID, "own_forecast": 0.9}, "own_forecast"),
        ({**SAID, "own_forecast": "NaN"}, "own_forecast"),
        ({**SAID, "own_forecast": "-inf"}, "own_forecast"),
        ({**SAID, "own_forecast": 10**400}, "own_forecast"),
        ({**SAID, "own_forecast": True}, "own_forecast"),
        ({**SAID, "own_forecast": [7]}, "own_forecast"),
        ({**SAID, "own_forecast": "good"}, "own_forecast"),
        ({**SAID, "user_id": "{bob}"}, "user_id"),
        ({**SAID, "user_id": "{nobody}"}, "user_id"),
        ({**SAID, "user_id": 1}, "user_id"),
        ({**SAID, "user_id": "bob@example.org"}, "user_id"),
        ({**SAID, "session_id": "{bobs}"}, "session_id"),
        ({**SAID, "session_id": "{nobody}"}, "session_id"),
        ({**SAID, "session_id": 7}, "session_id"),
        ({**SAID, "session_id": ["{planned}"]}, "session_id"),
    ],
)
def test_a_recommendation_that_cannot_be_asked_for(diary, answered, body, pointer):
    ((bob,),) = diary.sql("SELECT id FROM users WHERE email = 'bob@example.org'")
    known = {"{bob}": str(bob), "{bobs}": diary.bobs, "{nobody}": str(uuid4()), "{planned}": diary.planned}
    filled = {
        name: known.get(value, value) if isinstance(value, str) else value for name, value in body.items()
    }
    answer = ask(diary, filled, Accept=ANSWERS[answered])
    assert set(problem(answer, 400)["errors"]) == {pointer}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("answered", ANSWERS)
def test_a_number_that_is_none_is_refused_with_its_place(diary, answered):
    headers = {"Content-Type": "application/json", "Accept": ANSWERS[answered]}
    for name, number in itertools.product(("own_forecast", "user_id"), ("NaN", "Infinity", "-Infinity")):
        content = f'{{"current_conditions": {{"stress_level": 3}}, "{name}": {number}}}'
        said = problem(diary.app.post("/recommendations/pre-session", content=content, headers=headers), 400)
        assert number in said["detail"] or name in said.get("errors", {}), said


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("answered", ANSWERS)
@pytest.mark.parametrize(
    "key",
    ["", "x" * 201, "klju\u010d".encode(), b"caf\xe9", b"a\tb"],
    ids=["empty", "long", "utf8", "latin1", "tab"],
)
def test_a_key_that_two_clients_could_read_differently(diary, answered, key):
    answer = ask(diary, SAID, Accept=ANSWERS[answered], **{"Idempotency-Key": key})
    assert set(problem(answer, 400)["errors"]) == {"Idempotency-Key"}


@pytest.mark.usefixtures("nothing_written")
def test_neither_a_stream_nor_an_object(diary):
    problem(ask(diary, SAID, Accept="image/png"), 406)


def test_a_key_belongs_to_what_was_asked_with_it(diary):
    """Writes the one recommendation that every refusal of it is held against."""
    headers = {"Accept": "application/json", "Idempotency-Key": "k" * 200}
    try:
        made = ask(diary, {**SAID, "own_forecast": 7}, **headers)
        assert made.status_code == 201
        before = diary.state()
        problem(ask(diary, {**SAID, "own_forecast": 8}, **headers), 422)
        problem(ask(diary, {**SAID, "own_forecast": 11}, **headers), 400)
        again = ask(diary, {**SAID, "own_forecast": 7}, **headers)
        assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
        assert diary.state() == before
    finally:
        diary.sql("DELETE FROM recommendations")


def ask(diary: Diary, body: dict[str, Any], **headers: str | bytes) -> httpx.Response:
    return diary.app.post("/recommendations/pre-session", json=body, headers=headers)
