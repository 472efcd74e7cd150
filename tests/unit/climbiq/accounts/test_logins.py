"""How long a login lasts, how often it may be tried, and what ends it."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from climbiq.accounts.login_store import BEGAN, SEEN
from tests.factories.people import PASSWORD

HOUR = 3600
DAY = 24 * HOUR


def age(client, **seconds: int) -> None:
    """Make the session older than it is."""
    session = client.session
    for name, value in seconds.items():
        session[name] = int(time.time()) - value
    session.save()


def is_logged_in(client) -> bool:
    return client.get(reverse("account")).status_code == 200


@pytest.mark.parametrize(
    ("began", "seen", "expected"),
    [
        pytest.param(0, 0, True, id="fresh"),
        pytest.param(13 * DAY, 11 * HOUR, True, id="busy for 13 days"),
        pytest.param(13 * DAY, 12 * HOUR + 60, False, id="idle for 12 hours"),
        pytest.param(14 * DAY + 60, 10, False, id="busy for 14 days"),
    ],
)
def test_a_login_ends_when_idle_or_old(client, alice, began, seen, expected):
    client.force_login(alice)
    assert is_logged_in(client)
    age(client, **{BEGAN: began, SEEN: seen})
    assert is_logged_in(client) is expected


def test_whoever_is_logged_out_is_told_why(client, alice):
    client.force_login(alice)
    is_logged_in(client)
    age(client, **{SEEN: 13 * HOUR})
    response = client.get(reverse("account"), follow=True)
    assert "You were logged out because it was a while ago." in response.text
    assert SEEN not in client.session


def test_use_keeps_a_login_alive_without_a_write_a_request(client, alice, django_assert_num_queries):
    client.force_login(alice)
    is_logged_in(client)
    first = client.session[SEEN]
    age(client, **{SEEN: 300})
    is_logged_in(client)
    assert client.session[SEEN] < first  # within ten minutes nothing is written
    age(client, **{SEEN: 11 * HOUR})
    is_logged_in(client)
    assert client.session[SEEN] >= first


def test_a_new_password_ends_every_other_login(client, alice):
    other = type(client)()
    other.force_login(alice)
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert is_logged_in(other)
    new = "another-boulder-problem-43"
    response = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code == 302
    assert is_logged_in(client)
    assert not is_logged_in(other)


def test_the_sixth_wrong_password_in_five_minutes_locks_the_door(client, alice, bob):
    def try_it(password: str, email: str = alice.email) -> str:
        return client.post(reverse("account_login"), {"login": email, "password": password}).text

    for _ in range(5):
        assert "are not correct" in try_it("wrong-wrong-wrong")
    assert "Too many failed login attempts" in try_it(PASSWORD)  # even the right one
    assert not is_logged_in(client)
    try_it(PASSWORD, bob.email)
    assert is_logged_in(client)  # the lock is on the account, not on everybody


def test_a_login_tells_not_whether_an_address_has_an_account(client, alice):
    answers = {
        client.post(reverse("account_login"), {"login": email, "password": "wrong-wrong"}).text.replace(
            email, ""
        )
        for email in (alice.email, "nobody@example.org")
    }
    assert len({answer.split("<main")[1].split("csrfmiddlewaretoken")[0] for answer in answers}) == 1
    assert all("are not correct" in answer for answer in answers)


def test_a_reset_tells_not_whether_an_address_has_an_account(client, alice, mailoutbox):
    for email in (alice.email, "nobody@example.org"):
        response = client.post(reverse("account_reset_password"), {"email": email})
        assert response["Location"] == reverse("account_reset_password_done")
    assert mailoutbox[0].subject == "[ClimbIQ] A new password for ClimbIQ"
    assert "127.0.0.1" not in mailoutbox[0].body.split("http")[0]
    assert "ClimbIQ" in mailoutbox[1].body


def test_a_form_of_another_session_is_refused_with_a_page_that_explains(alice):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    response = strict.post(reverse("account"), {"display_name": "x", "time_zone": "UTC"})
    assert response.status_code == 403
    assert "This page had grown too old" in response.text
    assert "data-error-page" in response.text


def test_the_twenty_first_sign_up_a_minute_from_one_place_has_to_wait(client, db):
    answers = [client.post(reverse("account_signup"), {"email": "not an address"}) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {200}
    assert answers[20].status_code == 429
    assert "That was a little often" in answers[20].text
