"""Requests that an attacker tried: each is refused cheaply, and nothing is lost."""

from __future__ import annotations

import pytest

from climbiq.accounts.tokens import create_token
from sessions_app.models import PreSessionData, Session


@pytest.fixture
def api(client, alice):
    _, token = create_token(user=alice, name="t", scope="write", expires_at=None)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_a_body_of_sixty_thousand_names_is_refused_at_once(api):
    body = "{" + ",".join(f'"k{n}": 1' for n in range(60_000)) + ', "k59999": 2}'
    answer = api.post("/api/v1/sessions/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "more than 500 names" in answer.json()["detail"]


def test_a_name_given_twice_is_named(api):
    answer = api.post("/api/v1/sessions/", '{"a": 1, "b": 2, "a": 3}', content_type="application/json")
    assert answer.json()["detail"] == 'The body gives "a" twice.'


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("session_date," + ",".join(["notes"] * 200_000), id="one column again and again"),
        pytest.param(
            "session_date," + ",".join(f"planned_session_ty{n}" for n in range(200_000)), id="unknown"
        ),
    ],
)
def test_a_file_of_a_hundred_thousand_columns_is_one_problem(api, header):
    answer = api.post("/api/v1/sessions/diary", header + "\n", content_type="text/csv")
    assert answer.status_code == 422
    assert len(answer.content) < 2_000


def test_an_operator_cannot_guess_a_password_hash_through_a_filter(client, olga, alice, settings):
    settings.DEMO = True
    client.force_login(olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    known = alice.password[:20]
    for lookup in (f"password__startswith={known}", "password__regex=^argon2"):
        answer = client.get(f"/admin/accounts/user/?email={alice.email}&{lookup}")
        assert answer.status_code in {302, 400}


def test_the_first_form_sent_again_does_not_undo_what_came_after(client, alice):
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/sessions/new/")
    form = page.context["form"]
    shown = {field.html_name: field.value() for field in form if isinstance(field.value(), str | int | float)}
    first = {**shown, "session_date": "2026-01-01", "sleep_hours": "7", "stress_level": "2"}
    assert client.post("/sessions/new/", first).status_code == 302
    session = Session.objects.get()
    PreSessionData.objects.filter(session=session).update(sleep_hours=4)
    Session.objects.filter(pk=session.pk).update(status="completed")
    assert client.post("/sessions/new/", first).status_code == 302
    assert PreSessionData.objects.get().sleep_hours == 4
    assert Session.objects.count() == 1


def test_taking_the_diary_away_is_not_throttled_as_loading(api):
    for _ in range(25):
        assert api.get("/api/v1/sessions/diary").status_code == 200
