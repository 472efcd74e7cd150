"""`Idempotency-Key` through a real write of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from climbiq.accounts.models import User
from climbiq.common.models import IdempotencyRecord
from tests.fixtures.database import superuser_url

ME = "/api/v1/users/me"


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def patch(client: Client, body: dict[str, Any], *, key: str | None = "k1", path: str = ME) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.patch(path, body, content_type="application/json", headers=headers)


def test_the_second_time_gives_the_first_answer_and_changes_nothing(alices: Client, alice: User) -> None:
    first = patch(alices, {"display_name": "Ann"})
    User.objects.filter(pk=alice.pk).update(display_name="Changed since")
    second = patch(alices, {"display_name": "Ann"})
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    alice.refresh_from_db()
    assert alice.display_name == "Changed since"


def test_the_order_of_keys_does_not_make_another_request(alices: Client) -> None:
    patch(alices, {"display_name": "Ann", "time_zone": "Europe/Berlin"})
    again = patch(alices, {"time_zone": "Europe/Berlin", "display_name": "Ann"})
    assert again.headers["Idempotent-Replay"] == "true"


def test_the_same_key_for_something_else_is_refused(alices: Client) -> None:
    patch(alices, {"display_name": "Ann"})
    other = patch(alices, {"display_name": "Bea"})
    assert other.status_code == 422
    assert other.json()["type"] == "urn:climbiq:problem:unprocessable"


def test_a_refusal_is_not_kept(alices: Client) -> None:
    assert patch(alices, {"display_name": "x" * 81}).status_code == 400
    corrected = patch(alices, {"display_name": "Ann"})
    assert corrected.status_code == 200
    assert "Idempotent-Replay" not in corrected.headers


def test_keys_are_ones_own(alices: Client, bob: User) -> None:
    patch(alices, {"display_name": "Ann"})
    alices.force_login(bob)
    bobs = patch(alices, {"display_name": "Ben"})
    assert bobs.status_code == 200
    assert bobs.json()["display_name"] == "Ben"


def test_after_a_day_the_key_is_free_again(alices: Client) -> None:
    patch(alices, {"display_name": "Ann"})
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    later = patch(alices, {"display_name": "Bea"})
    assert later.json()["display_name"] == "Bea"
    assert patch(alices, {"display_name": "Bea"}).headers["Idempotent-Replay"] == "true"
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.parametrize(
    "key", ["", "x" * 201, "ключ", "a\x7fb"], ids=["blank", "long", "not ASCII", "control"]
)
def test_a_key_that_is_none(alices: Client, key: str) -> None:
    refused = patch(alices, {"display_name": "Ann"}, key=key)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["Idempotency-Key"]


def test_without_a_key_nothing_is_kept(alices: Client) -> None:
    patch(alices, {"display_name": "Ann"}, key=None)
    assert not IdempotencyRecord.objects.exists()


def test_one_that_is_under_way_is_told_to_wait(alices: Client, alice: User) -> None:
    lock = f"idempotency|{alice.pk}|k1"
    with psycopg.connect(superuser_url("climbiq_tests")) as other_request:
        other_request.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
        waiting = patch(alices, {"display_name": "Ann"})
        assert waiting.status_code == 409
        assert waiting.headers["Retry-After"] == "1"
        other_request.rollback()
        assert patch(alices, {"display_name": "Ann"}).status_code == 200


def test_others_records_are_out_of_sight(alices: Client, alice: User, bob: User) -> None:
    from climbiq.accounts import rls

    patch(alices, {"display_name": "Ann"})
    with rls.as_user(bob.pk):
        assert not IdempotencyRecord.objects.exists()
    with rls.as_user(alice.pk):
        assert IdempotencyRecord.objects.count() == 1
