"""A host that is not ours and a method that an address does not take: refused by name, in the caller's own format."""

from __future__ import annotations

import logging

import pytest
from django.urls import reverse

OURS = "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "a b", "x/../y"]
)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/accounts/login/", "text/html"),
        ("/nowhere/", "text/html"),
        ("/api/v1/sessions/", "application/problem+json"),
        ("/api/app/v1/auth/login", "application/problem+json"),
    ],
)
def test_another_host(client, db, settings, caplog, host, path, kind):
    settings.ALLOWED_HOSTS = [OURS]
    caplog.set_level(logging.DEBUG)
    answer = client.get(path, HTTP_HOST=host)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (400, kind)
    assert host.split(":")[0] not in answer.text
    assert [record for record in caplog.records if record.exc_info or record.exc_text] == []
    assert {record.levelname for record in caplog.records if record.name.startswith("django.security")} == {
        "WARNING"
    }


def test_a_reset_letter_never_names_another_host(client, alice, mailoutbox, settings):
    settings.ALLOWED_HOSTS = [OURS]
    answer = client.post(reverse("account_reset_password"), {"email": alice.email}, HTTP_HOST="evil.example")
    assert (answer.status_code, mailoutbox) == (400, [])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/sessions/", "GET, POST"),
        ("GET", "/api/v1/sessions/pre-session", "POST"),
        ("PUT", "/api/v1/gyms", "GET, POST"),
    ],
)
def test_a_wrong_method_of_the_api_is_a_problem(client, alice, method, path, allowed):
    client.force_login(alice)
    answer = client.generic(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")
    assert answer.json()["status"] == 405
    assert set(allowed.split(", ")) <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("method", "name", "allowed"),
    [("GET", "diary_load", "POST"), ("GET", "erase_keep", "POST"), ("DELETE", "history", "GET")],
)
def test_a_wrong_method_of_a_page_is_a_page(client, alice, method, name, allowed):
    client.force_login(alice)
    answer = client.generic(method, reverse(name))
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "text/html; charset=utf-8")
    assert "This is done by a button" in answer.text
    assert "data-error-page" in answer.text
    assert allowed in answer.headers["Allow"]
    assert answer.headers["Cache-Control"] == "no-store, private"
