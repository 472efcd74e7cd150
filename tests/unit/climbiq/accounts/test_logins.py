"""How long a login lasts, how often it may be tried, and what ends it."""

from __future__ import annotations

import re
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


def tries(client, *, email, password="wrong-wrong-wrong", address="127.0.0.1"):
    """What the page says to one try from there."""
    return client.post(
        reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=address
    ).text


def test_nobody_locks_another_out_from_elsewhere(client, alice):
    for _ in range(6):
        said = tries(client, email=alice.email, address="203.0.113.7")
    assert "Too many failed login attempts" in said
    tries(client, email=alice.email, password=PASSWORD)
    assert is_logged_in(client)


def test_an_address_is_a_whole_network_of_the_sixth_version(client, alice):
    for n in range(6):
        said = tries(client, email=alice.email, address=f"2001:db8:1:2::{n}")
    assert "Too many failed login attempts" in said


def test_a_right_password_does_not_count_and_clears_nothing(client, alice, bob):
    for _ in range(4):
        tries(client, email=alice.email)
    tries(client, email=bob.email, password=PASSWORD)
    client.logout()
    assert "are not correct" in tries(client, email=alice.email)
    assert "Too many" in tries(client, email=alice.email)


@pytest.fixture
def a_patient_guesser(client, monkeypatch):
    """Tries one name after the other from one address, seven seconds apart: never ten a minute, never one name twice."""
    started = time.time()

    def guess(n: int, **more: str) -> str:
        monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: started + 7 * n)
        return tries(client, **{"email": f"climber{n}@example.org"} | more)

    return guess


def test_the_hundred_and_first_wrong_password_of_an_hour_at_an_address(client, alice, a_patient_guesser):
    said = [a_patient_guesser(n) for n in range(101)]
    assert all("are not correct" in page for page in said[:100])
    assert "Too many failed login attempts" in said[100]
    assert "Too many" in a_patient_guesser(102, email=alice.email, password=PASSWORD)
    tries(client, email=alice.email, password=PASSWORD, address="203.0.113.7")
    assert is_logged_in(client)


def test_an_own_account_does_not_wipe_the_address_count(
    client, alice, a_patient_guesser, settings, mailoutbox
):
    """allauth forgets the failures of an address once somebody there has reset a password."""
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_at_address": "6/h/ip"}
    for n in range(6):
        a_patient_guesser(n)
    client.post(reverse("account_reset_password"), {"email": alice.email})
    link = re.search(r"https?://[^/\s]+(/\S+)", mailoutbox[-1].body)[1]
    page = client.get(link, follow=True)
    new = "another-boulder-problem-43"
    done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert done.status_code == 302
    assert "Too many failed login attempts" in a_patient_guesser(8)


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
