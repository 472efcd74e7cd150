"""The account page and the token page, through the whole stack as the app role."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts.models import ApiToken, User
from climbiq.accounts.tokens import create_token
from tests.factories.people import PASSWORD

ACCOUNT = {"display_name": "Alice", "time_zone": "Europe/Ljubljana"}


@pytest.fixture
def logged_in(client, alice):
    """Alice, who has just given her password again."""
    client.force_login(alice)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.mark.parametrize("name", ["account", "tokens"])
def test_strangers_are_sent_to_the_login(client, db, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next={reverse(name)}"


def test_name_zone_and_consent_are_saved(client, alice):
    client.force_login(alice)
    response = client.post(reverse("account"), ACCOUNT | {"display_name": "  Ana \u202e\n Ž. 🧗 ", "shares_for_calibration": "on"})  # fmt: skip
    assert response.status_code == 302
    alice.refresh_from_db()
    assert alice.display_name == "Ana Ž. 🧗"
    assert alice.time_zone == "Europe/Ljubljana"
    assert alice.shares_for_calibration is True
    assert alice.sends_notes_to_claude is False


def test_consent_is_off_until_given_and_can_be_taken_back(client, alice):
    assert (alice.shares_for_calibration, alice.sends_notes_to_claude) == (False, False)
    client.force_login(alice)
    client.post(reverse("account"), ACCOUNT | {"sends_notes_to_claude": "on"})
    client.post(reverse("account"), ACCOUNT)
    alice.refresh_from_db()
    assert (alice.shares_for_calibration, alice.sends_notes_to_claude) == (False, False)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("europe/ljubljana", "Europe/Ljubljana"), (" America/new york ", "America/New_York"), ("utc", "UTC")],
)
def test_a_zone_is_found_however_it_is_typed(client, alice, typed, stored):
    client.force_login(alice)
    client.post(reverse("account"), ACCOUNT | {"time_zone": typed})
    alice.refresh_from_db()
    assert alice.time_zone == stored


@pytest.mark.parametrize("zone", ["Atlantis/Lost", "", "x" * 65, "../../etc/passwd"])
def test_a_zone_nobody_knows_is_refused_and_kept_in_the_field(client, alice, zone):
    client.force_login(alice)
    response = client.post(reverse("account"), ACCOUNT | {"time_zone": zone})
    assert response.status_code == 200
    assert "time_zone" in response.context["form"].errors
    assert f'value="{zone}"' in response.text or not zone
    assert 'href="#id_time_zone"' in response.text
    alice.refresh_from_db()
    assert alice.time_zone == "UTC"


def test_nothing_but_these_columns_can_be_posted(client, alice):
    client.force_login(alice)
    client.post(
        reverse("account"),
        ACCOUNT | {"is_staff": "on", "is_superuser": "on", "is_facilitator": "on", "email": "x@example.org"},
    )
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser, alice.is_facilitator) == (False, False, False)
    assert alice.email == "alice@example.org"


def test_a_token_is_shown_once_and_works(logged_in, alice):
    response = logged_in.post(reverse("tokens"), {"name": "watch", "scope": "read", "days": "30"})
    token = re.search(r'id="new-token">(ciq_\w{43})<', response.text).group(1)
    assert token not in logged_in.get(reverse("tokens")).text
    row = ApiToken.objects.get(user=alice)
    assert (row.name, row.scope) == ("watch", "read")
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    logged_in.logout()
    assert logged_in.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"name": "", "scope": "read", "days": "30"}, id="no name"),
        pytest.param({"name": "\u202e", "scope": "read", "days": "30"}, id="invisible name"),
        pytest.param({"name": "a", "scope": "everything", "days": "30"}, id="unknown scope"),
        pytest.param({"name": "a", "scope": "read", "days": "3650"}, id="too long"),
    ],
)
def test_a_token_without_sense_is_refused(logged_in, alice, fields):
    response = logged_in.post(reverse("tokens"), fields)
    assert response.status_code == 200
    assert "data-error-summary" in response.text
    assert not ApiToken.objects.exists()


def test_making_a_token_asks_again_for_the_password(client, alice):
    client.force_login(alice)
    response = client.post(reverse("tokens"), {"name": "watch", "scope": "read", "days": "30"})
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()
    # The form is not lost: it is sent again once it is certain who asks.
    response = client.post(response["Location"], {"password": PASSWORD, "next": reverse("tokens")})
    assert "new-token" in response.text
    assert ApiToken.objects.get().name == "watch"


def test_a_token_is_revoked_after_a_question(client, alice):
    row, _ = create_token(
        user=alice, name="old phone", scope="read", expires_at=timezone.now() + timedelta(days=1)
    )
    client.force_login(alice)
    address = reverse("token_revoke", args=[row.pk])
    assert "old phone" in client.get(address).text
    row.refresh_from_db()
    assert row.revoked_at is None
    assert client.post(address).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert client.get(address).status_code == 404  # there is nothing left to revoke


def test_somebody_elses_token_is_not_there(client, alice, bob):
    row, _ = create_token(user=bob, name="bob's", scope="read", expires_at=timezone.now() + timedelta(days=1))
    client.force_login(alice)
    assert "bob" not in client.get(reverse("tokens")).text
    assert client.post(reverse("token_revoke", args=[row.pk])).status_code == 404
    assert client.get(reverse("token_revoke", args=[uuid.uuid4()])).status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_the_twenty_first_token_is_refused_on_the_page(logged_in, alice):
    for _ in range(20):
        create_token(user=alice, name="x", scope="read", expires_at=timezone.now() + timedelta(days=1))
    response = logged_in.post(reverse("tokens"), {"name": "watch", "scope": "read", "days": "30"})
    assert "You have 20 tokens" in response.text
    assert 'value="watch"' in response.text


def test_sign_up_keeps_name_and_zone(client, db):
    client.post(
        reverse("account_signup"),
        {"email": "Zala@Example.org", "display_name": " Žala\u200e  🧗", "password1": PASSWORD, "password2": PASSWORD,
         "time_zone": "Asia/Tokyo"},
    )  # fmt: skip
    user = User.objects.get(email__iexact="zala@example.org")
    assert user.display_name.startswith("Žala")
    assert user.time_zone == "Asia/Tokyo"
    assert user.access_role == "climber"


def test_sign_up_with_an_unknown_zone_is_no_reason_to_refuse(client, db):
    client.post(
        reverse("account_signup"),
        {"email": "zala@example.org", "password1": PASSWORD, "password2": PASSWORD, "time_zone": "<script>"},
    )
    assert User.objects.get(email="zala@example.org").time_zone == "UTC"
