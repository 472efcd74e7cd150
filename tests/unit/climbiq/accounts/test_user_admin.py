"""Operators manage accounts; coaches do not see them, nor does anybody see a password's hash."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from climbiq.accounts.models import User

USERS = "/admin/accounts/user/"


@pytest.fixture(autouse=True)
def _demo(settings):
    """Without the second factor, which has its own tests."""
    settings.DEMO = True


def test_an_operator_sees_accounts_and_no_hash(client, olga, alice):
    client.force_login(olga)
    assert "alice@example.org" in client.get(USERS).text
    page = client.get(f"{USERS}{alice.pk}/change/").text
    assert "argon2" not in page
    assert 'name="password"' not in page


@pytest.mark.parametrize("path", [USERS, f"{USERS}add/"])
def test_a_coach_sees_none(client, carol, path):
    client.force_login(carol)
    assert client.get(path).status_code == 403
    assert "accounts/user" not in client.get("/admin/").text


def test_an_operator_makes_a_coach(client, olga, alice):
    client.force_login(olga)
    response = client.post(
        f"{USERS}{alice.pk}/change/",
        {"display_name": "Alice", "time_zone": "UTC", "is_active": "on", "is_staff": "on", "is_superuser": "on",
         "email": "other@example.org"},
    )  # fmt: skip
    assert response.status_code == 302, response.text
    alice.refresh_from_db()
    assert alice.is_staff
    assert not alice.is_superuser  # operators are made by a command
    assert alice.email == "alice@example.org"  # people change their own
    assert alice.groups.get().name == "Coaches"


def test_an_operator_adds_an_account(client, olga):
    client.force_login(olga)
    assert 'name="email"' in client.get(f"{USERS}add/").text
    fields = {"email": "New.Coach@example.org", "display_name": "New", "time_zone": "UTC", "is_staff": "on"}
    response = client.post(f"{USERS}add/", fields | {"first_password": "short"})
    assert response.status_code == 200
    assert "at least 12 characters" in response.text
    assert client.post(f"{USERS}add/", fields | {"first_password": "first-ascent-1987"}).status_code == 302
    user = User.objects.get(email="new.coach@example.org")
    assert user.is_staff
    assert user.check_password("first-ascent-1987")
    response = client.post(f"{USERS}add/", fields | {"first_password": "first-ascent-1987"})
    assert "There is an account with this address." in response.text


def test_accounts_are_not_deleted_here(client, olga, alice):
    client.force_login(olga)
    assert client.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


def test_the_admin_has_our_login_and_our_password_page(client, carol, alice):
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == f"{reverse('account_login')}?next=/admin/"
    client.force_login(alice)
    response = client.get("/admin/login/")
    assert response.status_code == 403
    assert "These pages are for coaches." in response.text
    client.force_login(carol)
    assert client.get("/admin/password_change/")["Location"] == reverse("account_change_password")


def test_keys_of_authenticator_apps_are_nobodys_to_read(client, olga):
    client.force_login(olga)
    index = client.get("/admin/").text
    assert "authenticator" not in index
    assert "emailaddress" not in index
    assert client.get("/admin/mfa/authenticator/").status_code == 404


def test_a_lost_phone_is_forgotten_on_request(client, olga, carol, dave):
    for coach in (carol, dave):
        TOTP.activate(coach, "JBSWY3DPEHPK3PXP")
    client.force_login(olga)
    client.post(USERS, {"action": "remove_second_factor", "_selected_action": [str(carol.pk)]})
    assert [factor.user for factor in Authenticator.objects.all()] == [dave]
    assert "Second factor removed" in client.get(f"{USERS}{carol.pk}/history/").text
