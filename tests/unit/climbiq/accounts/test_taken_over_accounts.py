"""Whoever made an account in somebody else's name, or was in it once, is out when its owner sets a password."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from climbiq.accounts.models import ApiToken, User
from climbiq.accounts.tokens import create_token
from tests.factories.people import PASSWORD

NEW = "another-boulder-problem-43"
VICTIM = "victim@example.org"


def logged_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def confirmed(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def claim(client: Client, email: str):
    return client.post(reverse("account_email"), {"email": email, "action_add": ""}, follow=True)


def reset(email: str, mailoutbox) -> Client:
    mailoutbox.clear()
    owner = Client()
    owner.post(reverse("account_reset_password"), {"email": email})
    link = re.search(r"https?://[^/\s]+(/\S+/key/\S+)", mailoutbox[-1].body)
    assert link is not None
    page = owner.get(link[1], follow=True)
    owner.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    return owner


def test_a_reset_ends_logins_keys_and_claims(alice, bob, mailoutbox):
    confirmed(alice)
    browser = logged_in(alice)
    _, token = create_token(user=alice, name="x", scope="write", expires_at=None)
    _, bobs = create_token(user=bob, name="x", scope="write", expires_at=None)
    EmailAddress.objects.create(user=alice, email="elsewhere@example.org")
    owner = reset(alice.email, mailoutbox)
    assert browser.get(reverse("account")).status_code == 302
    for key, status in ((token, 401), (bobs, 200)):
        answer = Client(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/users/me")
        assert answer.status_code == status
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", flat=True)) == [alice.email]
    assert "do not open anything any more" in owner.get(reverse("account_login")).text
    assert User.objects.get(pk=alice.pk).check_password(NEW)


def test_a_change_ends_keys_too_and_says_so(alice):
    create_token(user=alice, name="x", scope="write", expires_at=None)
    client = logged_in(alice)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    page = client.post(reverse("account_change_password"), data, follow=True)
    assert "do not open anything any more" in page.text
    assert not ApiToken.objects.filter(user=alice, revoked_at=None).exists()


def test_an_unconfirmed_claim_keeps_nobody_from_signing_up(alice):
    claim(logged_in(confirmed(alice)), VICTIM)
    assert EmailAddress.objects.filter(user=alice, email=VICTIM).exists()
    fields = {"email": VICTIM, "password1": NEW, "password2": NEW}
    answer = Client().post(reverse("account_signup"), fields)
    assert answer.status_code == 302
    assert User.objects.filter(email=VICTIM).exists()
    assert not EmailAddress.objects.filter(user=alice, email=VICTIM).exists()


def test_a_reset_letter_of_an_unconfirmed_claim_opens_nothing(alice, mailoutbox):
    claim(logged_in(confirmed(alice)), VICTIM)
    mailoutbox.clear()
    Client().post(reverse("account_reset_password"), {"email": VICTIM})
    assert [letter.to for letter in mailoutbox] == [[VICTIM]]
    assert "/key/" not in mailoutbox[0].body


def test_what_was_confirmed_stays_reserved(alice):
    confirmed(alice)
    EmailAddress.objects.create(user=alice, email=VICTIM, verified=True)
    Client().post(reverse("account_signup"), {"email": VICTIM, "password1": NEW, "password2": NEW})
    assert not User.objects.filter(email=VICTIM).exists()


def test_an_address_that_is_not_confirmed_gets_no_second_one(alice):
    page = claim(logged_in(alice), VICTIM)
    assert "Confirm the address that you have first" in page.text
    assert not EmailAddress.objects.filter(email=VICTIM).exists()


def test_an_account_has_two_addresses_at_most(alice):
    client = logged_in(confirmed(alice))
    for n in range(3):
        claim(client, f"other{n}@example.org")
    assert EmailAddress.objects.filter(user=alice).count() == 2


@pytest.mark.parametrize("is_taken", [True, False])
def test_an_unconfirmed_address_does_not_become_the_first(alice, bob, is_taken):
    email = bob.email if is_taken else VICTIM
    client = logged_in(alice)
    EmailAddress.objects.create(user=alice, email=email)
    page = client.post(reverse("account_email"), {"email": email, "action_primary": ""}, follow=True)
    assert page.status_code == 200
    assert "must be verified" in page.text or "confirm" in page.text.lower()
    assert User.objects.get(pk=alice.pk).email == alice.email


def test_a_confirmed_one_that_another_account_has_does_not_either(alice, bob):
    """Its owner may have confirmed it here, while somebody else signed up with it."""
    client = logged_in(confirmed(alice))
    EmailAddress.objects.create(user=alice, email=bob.email, verified=True)
    page = client.post(reverse("account_email"), {"email": bob.email, "action_primary": ""}, follow=True)
    assert page.status_code == 200
    assert User.objects.get(pk=alice.pk).email == alice.email
