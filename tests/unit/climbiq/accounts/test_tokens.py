"""Personal tokens: made, shown once, used, limited, expired, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from climbiq.accounts import rls, tokens
from climbiq.accounts.models import ApiToken, User
from climbiq.accounts.tokens import create_token, is_well_formed, revoke_token, tokens_of

ME = "/api/v1/users/me"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make(user: User, **given: Any) -> tuple[ApiToken, str]:
    return create_token(**{"user": user, "name": "script", "scope": "write", "expires_at": None, **given})


def test_only_a_digest_is_kept(alice: User) -> None:
    row, token = make(alice)
    assert is_well_formed(token)
    assert len(token) == 47
    assert row.prefix == token[:12]
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_tokens::text FROM api_tokens WHERE id = %s", [row.pk])
        stored = cursor.fetchone()[0]
    assert token not in stored
    assert token[12:] not in stored


def test_tokens_are_random_and_use_the_pepper(alice: User, settings) -> None:
    assert len({make(alice)[1] for _ in range(5)}) == 5
    token = make(alice)[1]
    before = tokens.digest_of(token)
    settings.TOKEN_PEPPER = b"another"
    assert tokens.digest_of(token) != before


def test_a_token_opens_the_api_as_its_person(client: Client, alice: User, bob: User) -> None:
    _, token = make(alice)
    answer = client.get(ME, headers=bearer(token))
    assert answer.status_code == 200
    assert answer.json()["email"] == alice.email
    lower = client.get(ME, headers={"Authorization": f"bearer {token}"})
    assert lower.status_code == 200


def test_a_token_outranks_the_session(client: Client, alice: User, bob: User) -> None:
    client.force_login(bob)
    _, token = make(alice)
    assert client.get(ME, headers=bearer(token)).json()["email"] == alice.email


def test_one_query_finds_the_person(client: Client, alice: User) -> None:
    _, token = make(alice)
    client.get(ME, headers=bearer(token))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(ME, headers=bearer(token))
    about_people = [q["sql"] for q in queries if "users" in q["sql"]]
    assert len(about_people) == 1
    assert "password" not in about_people[0]


def test_its_use_is_noted_once_a_minute(client: Client, alice: User) -> None:
    row, token = make(alice)
    client.get(ME, headers=bearer(token))
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    client.get(ME, headers=bearer(token))
    row.refresh_from_db()
    assert row.last_used_at == first


@pytest.mark.parametrize(
    ("presented", "kind"),
    [
        pytest.param("", "token-malformed", id="blank"),
        pytest.param("ciq_short", "token-malformed", id="short"),
        pytest.param("ciq_" + "é" * 43, "token-malformed", id="not ASCII"),
        pytest.param("ciq_" + "a" * 43, "token-unknown", id="unknown"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.e30.x", "token-malformed", id="a JWT"),
    ],
)
def test_what_is_no_token(client: Client, db, presented: str, kind: str) -> None:
    refused = client.get(ME, headers=bearer(presented))
    assert refused.status_code == 401
    assert refused.json()["type"] == f"urn:climbiq:problem:{kind}"
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="ClimbIQ", error="invalid_token"')


def test_expired_revoked_and_closed(client: Client, alice: User) -> None:
    row, token = make(alice, expires_at=timezone.now() + timedelta(minutes=5))
    assert client.get(ME, headers=bearer(token)).status_code == 200
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = client.get(ME, headers=bearer(token))
    assert (expired.status_code, expired.json()["type"]) == (401, "urn:climbiq:problem:token-expired")
    assert revoke_token(user=alice, token_id=row.pk)
    assert not revoke_token(user=alice, token_id=row.pk)
    revoked = client.get(ME, headers=bearer(token))
    assert (revoked.status_code, revoked.json()["type"]) == (401, "urn:climbiq:problem:token-revoked")

    _, other = make(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    closed = client.get(ME, headers=bearer(other))
    assert (closed.status_code, closed.json()["type"]) == (401, "urn:climbiq:problem:token-inactive")


def test_without_any_the_answer_says_how(client: Client, db) -> None:
    refused = client.get(ME)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="ClimbIQ"'


def test_a_reading_token_cannot_write(client: Client, alice: User) -> None:
    _, token = make(alice, scope="read")
    assert client.get(ME, headers=bearer(token)).status_code == 200
    refused = client.patch(
        ME, {"display_name": "Eve"}, content_type="application/json", headers=bearer(token)
    )
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This token may only read."
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


def test_a_view_with_permissions_of_its_own_refuses_it_too(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.permissions import IsAuthenticated

    from climbiq.accounts.api.views import MeView

    monkeypatch.setattr(MeView, "permission_classes", [IsAuthenticated])
    _, token = make(alice, scope="read")
    refused = client.patch(
        ME, {"display_name": "Eve"}, content_type="application/json", headers=bearer(token)
    )
    assert refused.status_code == 403


def test_the_database_acts_as_its_person(client: Client, alice: User) -> None:
    """The guard on accounts lets nobody without claims change a name; the record is the person's own row."""
    _, token = make(alice)
    changed = client.patch(
        ME,
        {"display_name": "Ann"},
        content_type="application/json",
        headers=bearer(token) | {"Idempotency-Key": "k"},
    )
    assert changed.status_code == 200
    alice.refresh_from_db()
    assert alice.display_name == "Ann"


def test_a_reading_token_makes_the_transaction_read_only(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.response import Response

    from climbiq.accounts.api.views import MeView

    def writes(self: Any, request: Any) -> Any:
        User.objects.filter(pk=request.user.pk).update(display_name="Eve")
        return Response("the database let it through")

    monkeypatch.setattr(MeView, "get", writes)
    client.raise_request_exception = False
    _, token = make(alice, scope="read")
    assert client.get(ME, headers=bearer(token)).status_code == 500
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


def test_nobody_revokes_anothers(alice: User, bob: User) -> None:
    row, _ = make(alice)
    assert not revoke_token(user=bob, token_id=row.pk)
    with rls.as_user(bob.pk):
        assert list(tokens_of(alice)) == []


def test_not_too_many_and_not_already_over(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    first, _ = make(alice)
    make(alice)
    with pytest.raises(tokens.TooManyTokens):
        make(alice)
    revoke_token(user=alice, token_id=first.pk)
    make(alice)
    with pytest.raises(tokens.BadExpiry):
        make(alice, expires_at=timezone.now())


def test_the_command_prints_one_that_works(
    client: Client, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("issue_token", alice.email.upper(), "--name", "cron", "--scope", "read", "--days", "3")
    token = capsys.readouterr().out.strip()
    assert client.get(ME, headers=bearer(token)).status_code == 200
    row = ApiToken.objects.get(user=alice)
    assert (row.name, row.scope) == ("cron", "read")
    assert row.expires_at is not None
    assert timedelta(days=2) < row.expires_at - timezone.now() <= timedelta(days=3)
    with pytest.raises(CommandError, match="no open account"):
        call_command("issue_token", "nobody@example.org")
    with pytest.raises(CommandError, match="negative"):
        call_command("issue_token", alice.email, "--days", "-1")


def test_times_are_in_the_persons_own_zone(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.response import Response

    from climbiq.accounts.api.views import MeView

    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")
    monkeypatch.setattr(MeView, "get", lambda self, request: Response(timezone.get_current_timezone_name()))
    _, token = make(alice)
    assert client.get(ME, headers=bearer(token)).json() == "Pacific/Auckland"
    assert timezone.get_current_timezone_name() == "UTC"
