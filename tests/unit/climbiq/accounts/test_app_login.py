"""Programs in which people log in: the whole way, what it opens, and what it refuses."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from climbiq.accounts.api.app_urls import urlpatterns
from climbiq.accounts.erasure import request_erasure
from climbiq.accounts.login_store import BEGAN, SEEN, SessionStore
from climbiq.accounts.models import Login, User
from climbiq.accounts.tokens import create_token
from tests.factories.people import PASSWORD
from tests.factories.sessions import make_session
from tests.fixtures.servers import ROOT

APP = "/api/app/v1/"
ME = "/api/v1/users/me"
SECRET = "JBSWY3DPEHPK3PXP"
DAY = 24 * 3600


class App:
    """A program on somebody's phone: no cookies, one token."""

    def __init__(self, token: str = "", **options: Any) -> None:
        self.client = Client(enforce_csrf_checks=True, **options)
        self.token = token

    def ask(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        if self.token:
            headers["X-Session-Token"] = self.token
        answer = self.client.generic(
            method.upper(),
            path if path.startswith("/") else APP + path,
            b"" if data is None else json.dumps(data),
            content_type="application/json",
            headers={"User-Agent": "ClimbIQ-Android/2.1", **headers},
        )
        assert not answer.cookies
        if answer.headers["Content-Type"] == "application/json" and path.startswith(("auth", "account")):
            self.token = answer.json().get("meta", {}).get("session_token") or self.token
        return answer

    def log_in(self, person: User, password: str = PASSWORD) -> Any:
        return self.ask("post", "auth/login", {"email": person.email, "password": password})


@pytest.fixture
def app() -> App:
    return App()


def code() -> str:
    """What an authenticator app shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(SECRET, counters[len(counters) // 2]))


def age(token: str, **values: int) -> None:
    """Make a session older than it is."""
    session = SessionStore(token)
    for name, seconds in values.items():
        session[name] = int(time.time()) - seconds
    session.save()


# --- The way in and out ---------------------------------------------------------------------------------------


def test_sign_up_use_log_out(app, db):
    answer = app.ask("post", "auth/signup", {"email": "zala@example.org", "password": "first-ascent-1987"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["meta"]["is_authenticated"] is True
    me = app.ask("get", ME)
    assert (me.status_code, me.json()["email"], me.json()["role"]) == (200, "zala@example.org", "climber")
    assert app.ask("patch", ME, {"display_name": "Zala"}).status_code == 200
    assert app.ask("get", "auth/session").json()["data"]["user"]["display"] == "Zala"
    assert (
        app.ask("delete", "auth/session").status_code == 401
    )  # allauth's way to say: nobody is logged in now
    assert app.ask("get", ME).status_code == 401
    assert app.ask("get", "auth/session").status_code == 410
    assert not Login.objects.filter(user__email="zala@example.org").exists()


def test_a_login_is_one_of_an_app(app, alice):
    assert app.log_in(alice).status_code == 200
    login = Login.objects.get(user=alice)
    assert (login.is_app, login.device) == (True, "ClimbIQ-Android/2.1")
    assert login.began_at is not None


def test_it_writes_without_a_csrf_token_and_sees_its_own_rows(app, alice, bob):
    for person in (alice, bob):
        make_session(person)
    app.log_in(alice)
    listed = app.ask("get", "/api/v1/sessions/").json()["results"]
    assert len(listed) == 1
    made = app.ask("post", "/api/v1/sessions/", {"session_date": "2026-05-06"})
    assert made.status_code == 201, made.content


def test_a_wrong_password(app, alice):
    answer = app.log_in(alice, "wrong-wrong-wrong")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "email_password_mismatch"
    assert app.ask("get", ME).status_code == 401


def test_guessing_is_limited_here_as_on_the_page(app, alice, client):
    for _ in range(5):
        assert app.log_in(alice, "wrong-wrong-wrong").json()["errors"][0]["code"] == "email_password_mismatch"
    assert app.log_in(alice).json()["errors"][0]["code"] == "too_many_login_attempts"
    page = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert "Too many failed login attempts" in page.text


def test_the_second_step(app, alice):
    TOTP.activate(alice, SECRET)
    RecoveryCodes.activate(alice)
    answer = app.log_in(alice)
    assert answer.status_code == 401
    pending = [flow for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
    assert [flow["id"] for flow in pending] == ["mfa_authenticate"]
    half_way = app.token
    assert app.ask("get", ME).status_code == 401
    assert app.ask("post", "auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    assert app.ask("post", "auth/2fa/authenticate", {"code": code()}).status_code == 200
    assert app.token != half_way
    assert app.ask("get", ME).status_code == 200
    assert App(half_way).ask("get", ME).status_code == 401


def test_setting_up_the_second_step(app, alice):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    app.log_in(alice)
    assert app.ask("post", "auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    offered = app.ask("get", "account/authenticators/totp")
    assert offered.status_code == 404  # none yet; here is a secret for one
    secret = offered.json()["meta"]["secret"]
    counters = list(yield_hotp_counters_from_time())
    shown = format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
    assert app.ask("post", "account/authenticators/totp", {"code": shown}).status_code == 200
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    codes = app.ask("get", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    assert len(codes) == 10


def test_a_new_password_ends_all_others(app, alice, client):
    other = App()
    other.log_in(alice)
    client.force_login(alice)
    app.log_in(alice)
    new = {"current_password": PASSWORD, "new_password": "another-boulder-problem-43"}
    assert app.ask("post", "account/password/change", new).status_code == 200
    assert app.ask("get", ME).status_code == 200
    assert other.ask("get", ME).status_code == 401
    assert client.get(ME).status_code == 401


def test_addresses_change_under_the_persons_own_claims(app, alice):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    EmailAddress.objects.create(user=alice, email="a2@example.org", verified=True)
    app.log_in(alice)
    assert app.ask("patch", "account/email", {"email": "a2@example.org", "primary": True}).status_code == 200
    alice.refresh_from_db()
    assert alice.email == "a2@example.org"


def test_a_forgotten_password(app, alice, mailoutbox):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    assert app.ask("post", "auth/password/request", {"email": alice.email}).status_code == 200
    link = mailoutbox[0].body
    assert "/accounts/password/reset/key/" in link  # a page of the site: that works on any device
    key = link.split("/accounts/password/reset/key/")[1].split("/")[0]
    new = {"key": key, "password": "another-boulder-problem-43"}
    assert app.ask("post", "auth/password/reset", new).status_code == 401  # done, and nobody is logged in
    assert app.log_in(alice, "another-boulder-problem-43").status_code == 200


# --- How long -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "seen", "status"),
    [
        pytest.param(13 * DAY, 13 * DAY, 200, id="idle for 13 days"),
        pytest.param(14 * DAY + 60, 60, 401, id="busy for 14 days"),
    ],
)
def test_an_app_stays_logged_in_for_two_weeks(app, alice, began, seen, status):
    app.log_in(alice)
    age(app.token, **{BEGAN: began, SEEN: seen})
    assert app.ask("get", ME).status_code == status
    assert app.ask("get", "auth/session").status_code == (200 if status == 200 else 410)


def test_use_is_noted(app, alice):
    app.log_in(alice)
    age(app.token, **{SEEN: 3600})
    before = Login.objects.get(user=alice).seen_at
    app.ask("get", ME)
    assert Login.objects.get(user=alice).seen_at > before


# --- What does not count --------------------------------------------------------------------------------------


def test_a_browsers_session_is_no_apps_session(client, app, alice):
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    app.token = client.cookies["climbiq_sessionid"].value
    assert app.ask("get", ME).status_code == 401
    assert app.ask("get", "auth/session").status_code == 410


def test_a_browsers_cookie_counts_for_nothing_there(client, alice):
    client.force_login(alice)
    assert client.get(APP + "auth/session").status_code == 401
    # Nor are its claims in force: a reset by somebody else's link does not run into "somebody else's account".
    assert client.get(APP + "account/email").status_code == 401


@pytest.mark.parametrize("token", ["x", "a" * 32, "ä" * 32, "a" * 10_000, "\t"])
def test_tokens_that_open_nothing(app, db, token):
    app.token = token
    refused = app.ask("get", ME)
    assert refused.status_code == 401
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert app.ask("get", "auth/session").status_code in {401, 410}


def test_a_token_beside_a_cookie_wins(client, app, alice, bob):
    app.log_in(alice)
    client.force_login(bob)
    assert client.get(ME, headers={"X-Session-Token": app.token}).json()["email"] == alice.email


def test_a_closed_account_opens_nothing(app, alice):
    app.log_in(alice)
    request_erasure(user=alice)
    assert app.ask("get", ME).status_code == 401  # the login ended with it
    app.token = ""
    app.log_in(alice)
    refused = app.ask("get", ME)
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:climbiq:problem:token-closed")


def test_an_inactive_account_opens_nothing(app, alice):
    app.log_in(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert app.ask("get", ME).status_code == 401
    App().log_in(alice)
    assert not Login.objects.filter(user=alice, is_app=True).exclude(session_key__isnull=True)[1:].exists()


# --- Staff ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ME, "/api/v1/expert-capture/rules", "/events/"])
def test_staff_without_a_factor_open_nothing_by_any_token(app, carol, path):
    _, token = create_token(user=carol, name="x", scope="write", expires_at=None)
    app.log_in(carol)
    by_session = app.ask("get", path)
    by_token = Client().get(path, headers={"Authorization": f"Bearer {token}"})
    for refused in (by_session, by_token):
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:climbiq:problem:second-factor"
        assert reverse("mfa_activate_totp") in refused.json()["detail"]
    TOTP.activate(carol, SECRET)
    assert Client().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_token_from_before_somebody_was_staff_waits_for_the_factor(alice):
    _, token = create_token(user=alice, name="x", scope="write", expires_at=None)
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get(ME, headers=headers).status_code == 200
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert Client().get(ME, headers=headers).status_code == 403


def test_staff_without_a_factor_cannot_make_a_token(client, carol):
    client.post(reverse("account_login"), {"login": carol.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    made = client.post(reverse("tokens"), {"name": "x", "scope": "write", "days": "30"})
    assert (made.status_code, made["Location"]) == (302, reverse("mfa_activate_totp"))


def test_in_the_demo_they_may(carol, settings):
    settings.DEMO = True
    _, token = create_token(user=carol, name="x", scope="write", expires_at=None)
    answer = Client().get("/api/v1/expert-capture/rules", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


# --- Bad input ------------------------------------------------------------------------------------------------

ENDPOINTS = [
    ("POST", "auth/signup"),
    ("POST", "auth/login"),
    ("POST", "auth/reauthenticate"),
    ("POST", "auth/email/verify"),
    ("POST", "auth/password/request"),
    ("POST", "auth/password/reset"),
    ("POST", "auth/2fa/authenticate"),
    ("POST", "account/password/change"),
    ("POST", "account/email"),
    ("PATCH", "account/email"),
    ("DELETE", "account/email"),
    ("POST", "account/authenticators/totp"),
    ("DELETE", "account/authenticators/totp"),
    ("POST", "account/authenticators/recovery-codes"),
]
UNREADABLE = {
    "not JSON": (b"{", 400),
    "a list": (b"[]", 400),
    "a text": (b'"x"', 400),
    "not UTF-8": (b"\xff", 400),
    "deep": (b'{"a": ' * 5000 + b"1" + b"}" * 5000, 400),
    "NUL": (b'{"email": "a\\u0000@example.org", "password": "x"}', 400),
    "half a pair": (b'{"email": "a@example.org", "password": "\\ud800"}', 400),
    "a key twice": (b'{"email": "a", "email": "b"}', 400),
    "NaN": (b'{"code": NaN}', 400),
    "a long number": (b'{"code": ' + b"9" * 5000 + b"}", 400),
    "large": (b'{"email": "' + b"x" * 1_100_000 + b'"}', 413),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_a_problem(db, kind):
    body, status = UNREADABLE[kind]
    for method, path in ENDPOINTS:
        answer = Client().generic(method, APP + path, body, content_type="application/json")
        assert answer.status_code == status, (method, path)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_only_json_is_read(db, alice):
    form = f"email={alice.email}&password={PASSWORD}".encode()
    for content_type in (
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
    ):
        answer = Client().generic("POST", APP + "auth/login", form, content_type=content_type)
        assert answer.status_code == 415, content_type


STRANGE: list[Any] = [None, True, 5, 1e300, [], ["a"], {}, {"a": 1}, "", " ", "x" * 100_000, "'; DROP TABLE users; --", "🧗\u202e"]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=lambda v: repr(v)[:20])
def test_strange_values_are_refused_and_never_a_crash(alice, value):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    for method, path in ENDPOINTS:
        app = App()
        app.log_in(alice)
        fields = ("email", "password", "key", "code", "current_password", "new_password", "primary")
        answer = app.ask(method, path, dict.fromkeys(fields, value))
        assert answer.status_code < 500, (method, path, answer.content)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"].startswith(("no-store", "max-age=0"))
    assert User.objects.count() == 1


@pytest.mark.parametrize("header", ["X-Email-Verification-Key", "X-Password-Reset-Key"])
def test_strange_keys(db, header):
    for value in ("", "x", "1-x", "-", "ä", "x" * 9000):
        for path in ("auth/email/verify", "auth/password/reset"):
            answer = Client().get(APP + path, headers={header: value})
            assert answer.status_code == 400, (path, value, answer.content)


@pytest.mark.parametrize("path", ["auth/login", "auth/session", "config"])
def test_other_methods_are_405(db, path):
    answer = Client().generic("PUT", APP + path, b"{}", content_type="application/json")
    assert answer.status_code in {400, 405}, answer.content


def test_an_address_that_is_not_offered(db):
    for path in ("account/phone", "auth/code/request", "tokens/refresh", "auth/webauthn/login", "account/authenticators/webauthn"):  # fmt: skip
        answer = Client().get(APP + path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_other_paths_ask_nothing_more_of_the_database(client, alice):
    """A personal token costs what it did: one query for who asks, and the transaction with its claims."""
    _, token = create_token(user=alice, name="x", scope="write", expires_at=None)
    client.get(ME, headers={"Authorization": f"Bearer {token}"})
    with CaptureQueriesContext(connection) as asked:
        client.get(ME, headers={"Authorization": f"Bearer {token}"})
    tables = [q["sql"] for q in asked if " FROM " in q["sql"]]
    assert len(tables) == 1
    assert "authenticate_token" in tables[0]
    assert len(asked) == 7  # and: savepoint, claims read, of nobody, of Alice, restored, release


def test_the_page_about_apps_lists_every_address():
    page = (ROOT / "docs" / "apps.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `[A-Z, ]+` `([\w/-]+)`", page, re.MULTILINE))
    assert told == {str(pattern.pattern) for pattern in urlpatterns}
