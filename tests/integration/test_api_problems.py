"""Bad input at the API: every answer is a problem that names what is wrong, and nothing is half-written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.management import call_command
from django.db import OperationalError
from django.http import Http404
from django.test import Client
from rest_framework.response import Response

from climbiq.accounts.api.views import MeView
from climbiq.accounts.models import User
from climbiq.domain.variables import VARIABLES

ME = "/api/v1/users/me"
JSON = "application/json"


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def problem(response: Any, status: int) -> dict[str, Any]:
    """Check the shape that every problem has; its body."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert body["type"].startswith("urn:climbiq:problem:")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == response.wsgi_request.path
    assert response.headers["Cache-Control"] == "no-store, private"
    return body


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        pytest.param(b"", 400, "malformed", id="missing body"),
        pytest.param(b"{", 400, "malformed", id="cut off"),
        pytest.param(b"[]", 400, "malformed", id="a list"),
        pytest.param(b'{"display_name": NaN}', 400, "malformed", id="NaN"),
        pytest.param(b'{"display_name": "a", "display_name": "b"}', 400, "malformed", id="a key twice"),
        pytest.param(b"\xff", 400, "malformed", id="not UTF-8"),
        pytest.param(
            b'{"display_name": "' + b"x" * 1_100_000 + b'"}', 413, "too-large", id="over a megabyte"
        ),
        pytest.param(b'{"display_name": "' + b"x" * 10_000_000 + b'"}', 413, "too-large", id="ten megabytes"),
        pytest.param(b'{"a": ' * 100 + b"1" + b"}" * 100, 400, "malformed", id="deep"),
    ],
)
def test_bodies(alices: Client, alice: User, body: bytes, status: int, kind: str) -> None:
    answer = problem(alices.patch(ME, body, content_type=JSON), status)
    assert answer["type"] == f"urn:climbiq:problem:{kind}"
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


@pytest.mark.parametrize(
    ("posted", "fields"),
    [
        pytest.param({"display_name": "x" * 81}, ["display_name"], id="too long"),
        pytest.param({"display_name": [1]}, ["display_name"], id="wrong type"),
        pytest.param({"display_name": None}, ["display_name"], id="null"),
        pytest.param({"display_name": "a\0b"}, ["display_name"], id="NUL"),
        pytest.param({"time_zone": "Mars/Olympus"}, ["time_zone"], id="no such zone"),
        pytest.param({"time_zone": "../../etc/passwd"}, ["time_zone"], id="a path"),
        pytest.param({"shares_for_calibration": "perhaps"}, ["shares_for_calibration"], id="no bool"),
        pytest.param(
            {"is_staff": True, "email": "eve@example.org", "display_name": "x" * 81},
            ["display_name", "email", "is_staff"],
            id="all at once, with unknown and read-only fields",
        ),
    ],
)
def test_fields_are_named(alices: Client, alice: User, posted: dict[str, Any], fields: list[str]) -> None:
    body = problem(alices.patch(ME, posted, content_type=JSON), 400)
    assert sorted(body["errors"]) == fields
    assert all(sentence for sentences in body["errors"].values() for sentence in sentences)
    alice.refresh_from_db()
    assert (alice.display_name, alice.email, alice.is_staff) == ("Alice", "alice@example.org", False)


def test_no_column_of_the_account_can_be_smuggled_in(alices: Client, alice: User) -> None:
    settable = {"display_name", "time_zone", "shares_for_calibration", "sends_notes_to_claude"}
    for column in [f.name for f in User._meta.get_fields()]:
        if column not in settable:
            body = problem(alices.patch(ME, {column: None}, content_type=JSON), 400)
            assert list(body["errors"]) == [column]


def test_emoji_and_right_to_left_names_are_names(alices: Client, alice: User) -> None:
    answer = alices.patch(ME, {"display_name": "🧗‍♀️ נועה\u202e"}, content_type=JSON)
    assert answer.status_code == 200
    alice.refresh_from_db()
    assert alice.display_name == "🧗‍♀️ נועה"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("get", "/api/v1/nothing", {}, 404, id="no such address"),
        pytest.param("get", "/api/", {}, 404, id="the root"),
        pytest.param("delete", ME, {}, 405, id="wrong method"),
        pytest.param("post", "/api/v1/variables", {}, 405, id="writing what is read-only"),
        pytest.param("get", ME, {"Accept": "application/xml"}, 406, id="no such representation"),
        pytest.param("get", ME, {"Accept": "text/event-stream"}, 406, id="a stream of what is none"),
    ],
)
def test_addresses_and_methods(
    alices: Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = getattr(alices, method)(path, headers=headers)
    problem(answer, status)
    if status == 405:
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""]
)
def test_media_types(alices: Client, content_type: str) -> None:
    problem(alices.patch(ME, b"display_name=Eve", content_type=content_type), 415)


def test_the_session_needs_its_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    body = problem(client.patch(ME, {"display_name": "Eve"}, content_type=JSON), 403)
    assert "CSRF" in body["detail"]
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


def test_too_many_are_told_how_long_to_wait(client: Client, db, monkeypatch: pytest.MonkeyPatch) -> None:
    from climbiq.common.throttles import PerUserThrottle

    monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", {"anon": "2/min", "user": "600/min"})
    answers = [client.get("/api/v1/variables").status_code for _ in range(2)]
    assert answers == [200, 200]
    refused = client.get("/api/v1/variables")
    problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_an_address_that_is_made_up_is_not_believed(
    client: Client, db, monkeypatch: pytest.MonkeyPatch
) -> None:
    from climbiq.common.throttles import PerUserThrottle

    monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", {"anon": "1/min", "user": "600/min"})
    client.get("/api/v1/variables", headers={"X-Forwarded-For": "1.1.1.1"})
    problem(client.get("/api/v1/variables", headers={"X-Forwarded-For": "2.2.2.2"}), 429)


@pytest.mark.parametrize("debug", [False, True])
def test_a_crash_says_nothing_of_itself(alices: Client, settings, monkeypatch, caplog, debug: bool) -> None:
    settings.DEBUG = debug
    alices.raise_request_exception = False

    def crash(self: Any, request: Any) -> Response:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(MeView, "get", crash)
    answer = alices.get(ME)
    problem(answer, 500)
    assert b"42" not in answer.content
    assert "the secret is 42" in caplog.text


def test_a_crash_reaches_whoever_listens_for_crashes(alices: Client, monkeypatch) -> None:
    def crash(self: Any, request: Any) -> Response:
        raise RuntimeError("seen")

    monkeypatch.setattr(MeView, "get", crash)
    with pytest.raises(RuntimeError, match="seen"):
        alices.get(ME)


def test_a_crash_outside_of_any_view(alices: Client, settings, monkeypatch) -> None:
    from climbiq.accounts.middleware import ClimberTimeZone

    def crash(self: Any, request: Any) -> Response:
        raise RuntimeError("in a middleware")

    monkeypatch.setattr(ClimberTimeZone, "__call__", crash)
    alices.raise_request_exception = False
    problem(alices.get(ME), 500)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(Http404("No Session matches the given query."), 404, id="Django's 404"),
        pytest.param(RequestDataTooBig("big"), 413, id="Django's limit"),
    ],
)
def test_djangos_own_errors(alices: Client, monkeypatch, error: Exception, status: int) -> None:
    def fail(self: Any, request: Any) -> Response:
        raise error

    monkeypatch.setattr(MeView, "get", fail)
    body = problem(alices.get(ME), status)
    assert "Session matches" not in body["detail"]


def test_work_before_a_refusal_is_undone(alices: Client, alice: User, monkeypatch) -> None:
    def half(self: Any, request: Any) -> Response:
        User.objects.filter(pk=request.user.pk).update(display_name="half-written")
        raise Http404

    monkeypatch.setattr(MeView, "get", half)
    problem(alices.get(ME), 404)
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


def test_a_host_that_is_not_ours(client: Client, db) -> None:
    answer = client.get("/api/v1/variables", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_pages_keep_their_own_errors(client: Client, db) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_registry_is_published_whole(client: Client, db) -> None:
    answer = client.get("/api/v1/variables")
    assert answer.status_code == 200
    assert "public" in answer.headers["Cache-Control"]
    published = {v["name"]: v for v in answer.json()["variables"]}
    assert list(published) == list(VARIABLES)
    assert published["caffeine_mg"]["aliases"] == list(VARIABLES["caffeine_mg"].aliases)
    assert published["sleep_hours"]["prior"]["population_mean"] == 0.15
    assert published["stress_level"]["anchors"]["5"] == "overwhelmed"
    assert published["stress_level"]["polarity"] == -1
    assert "finger" in answer.json()["vocabularies"]["niggle_sites"]


def test_the_schema_is_openapi_3_1_and_names_the_errors_door(client: Client, db) -> None:
    schema = client.get("/api/schema/").json()
    assert schema["openapi"].startswith("3.1")
    assert {"get", "patch"} <= set(schema["paths"][ME])
    problem_type = schema["paths"][ME]["patch"]["responses"]["default"]["content"]
    assert list(problem_type) == ["application/problem+json"]
    assert "errors" in schema["components"]["schemas"]["Problem"]["properties"]
    names = {p["name"] for p in schema["paths"][ME]["patch"]["parameters"]}
    assert names == {"Idempotency-Key"}
    assert schema["components"]["securitySchemes"]["personalToken"]["scheme"] == "bearer"


def test_the_schema_is_valid_and_nothing_in_it_is_guessed(db, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(file)
    )
    assert json.loads(file.read_text())["openapi"] == "3.1.0"


def test_the_docs_run_nothing_inline(client: Client, db) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "<style" not in page
    assert "<script>" not in page
    script = client.get("/api/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle(" in script.content.decode()


class TestReadiness:
    def test_ready(self, client: Client, db) -> None:
        assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "cache": "ok"}

    def test_a_migration_is_missing(self, client: Client, db, monkeypatch) -> None:
        from climbiq.common import views

        known = views._known_migrations() | {("jobs", "9999_of_tomorrow")}
        monkeypatch.setattr(views, "_known_migrations", lambda: known)
        body = problem(client.get("/readyz"), 503)
        assert body["detail"] == "1 migrations have not been applied."

    def test_the_database_is_away(self, client: Client, db, monkeypatch) -> None:
        from climbiq.common import views

        def away() -> int:
            raise OperationalError("connection refused at 10.0.0.7")

        monkeypatch.setattr(views, "_missing_migrations", away)
        answer = client.get("/readyz")
        problem(answer, 503)
        assert b"10.0.0.7" not in answer.content
        assert client.get("/livez").json() == {"status": "ok"}


def test_problem_bodies_are_plain_json(alices: Client) -> None:
    raw = alices.patch(ME, {"\ud83d\ude00": 1}, content_type=JSON).content
    assert json.loads(raw)["errors"] == {"😀": ["There is no such field here."]}
