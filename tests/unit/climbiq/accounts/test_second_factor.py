"""Coaches and operators set up a second factor before anything else; nobody is caught in a loop."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from tests.factories.people import PASSWORD

SECRET = "JBSWY3DPEHPK3PXP"


def path_of(client, path: str) -> tuple[str, int]:
    """Where a request ends, and after how many redirects."""
    response = client.get(path, follow=True)
    assert response.status_code == 200, path
    return response.request["PATH_INFO"], len(response.redirect_chain)


@pytest.mark.parametrize(
    "path", ["/", "/account/", "/account/tokens/", "/sessions/", "/admin/", "/admin/accounts/user/"]
)
@pytest.mark.parametrize("who", ["carol", "olga"])
def test_staff_without_a_factor_land_on_the_set_up_from_any_page(client, request, who, path):
    person = request.getfixturevalue(who)
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    where, redirects = path_of(client, path)
    assert where in {reverse("mfa_activate_totp"), reverse("account_reauthenticate")}
    assert redirects <= 2


def test_a_program_of_staff_without_a_factor_is_told_so(client, carol):
    client.force_login(carol)
    answer = client.get("/api/v1/users/me")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.json()["type"] == "urn:climbiq:problem:second-factor"
    assert reverse("mfa_activate_totp") in answer.json()["detail"]


def test_staff_with_an_old_login_give_their_password_and_then_set_it_up(client, carol):
    client.force_login(carol)
    response = client.get("/admin/", follow=True)
    assert response.request["PATH_INFO"] == reverse("account_reauthenticate")
    response = client.post(
        response.redirect_chain[-1][0],
        {"password": PASSWORD, "next": reverse("mfa_activate_totp")},
        follow=True,
    )
    assert response.request["PATH_INFO"] == reverse("mfa_activate_totp")
    assert "data:image/svg+xml;base64," in response.text


def test_staff_whose_address_is_not_confirmed_are_told_so_and_can_confirm_it(client, carol):
    EmailAddress.objects.create(user=carol, email=carol.email, primary=True, verified=False)
    client.post(reverse("account_login"), {"login": carol.email, "password": PASSWORD})
    where, _ = path_of(client, "/admin/")
    assert where == reverse("mfa_index")
    page = client.get(reverse("mfa_index")).text
    assert reverse("account_email") in page
    assert reverse("mfa_activate_totp") not in page  # it would only lead back here
    assert client.get(reverse("account_email")).status_code == 200


@pytest.mark.parametrize("is_known", [True, False], ids=["confirmed", "never asked"])
def test_whoever_may_set_it_up_is_led_there(client, alice, is_known):
    if is_known:
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    client.force_login(alice)
    page = client.get(reverse("mfa_index")).text
    assert reverse("mfa_activate_totp") in page
    assert "has to be confirmed" not in page


def test_climbers_are_not_asked(client, alice):
    client.force_login(alice)
    assert path_of(client, "/account/") == ("/account/", 0)


def test_nobody_is_asked_in_the_demo(client, carol, settings):
    settings.DEMO = True
    client.force_login(carol)
    assert path_of(client, "/account/") == ("/account/", 0)


def test_with_a_factor_everything_opens_and_the_password_alone_does_not(client, carol):
    TOTP.activate(carol, SECRET)
    client.force_login(carol)
    assert path_of(client, "/admin/") == ("/admin/", 0)
    client.logout()
    response = client.post(reverse("account_login"), {"login": carol.email, "password": PASSWORD})
    assert response["Location"] == reverse("mfa_authenticate")
    assert client.get("/admin/").status_code == 302
    assert client.get("/account/").status_code == 302


def test_a_used_recovery_code_is_used_up(client, carol):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    TOTP.activate(carol, SECRET)
    code = RecoveryCodes.activate(carol).get_unused_codes()[0]
    for expected in (302, 200):
        client.logout()
        client.post(reverse("account_login"), {"login": carol.email, "password": PASSWORD})
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected
    assert Authenticator.objects.filter(user=carol).count() == 2
