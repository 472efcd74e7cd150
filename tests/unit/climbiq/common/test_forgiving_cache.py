"""A cache whose server is away: empty, quiet, and no reason to turn anybody away."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache
from django.test import Client
from django.urls import reverse

from climbiq.accounts.models import User
from climbiq.common import cache as forgiving
from climbiq.common.cache import ForgivingRedisCache, cache_answers
from tests.factories.people import PASSWORD


@pytest.fixture
def no_cache(settings, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgiving, "_silent_until", {})
    settings.CACHES = {
        "default": {
            "BACKEND": "climbiq.common.cache.ForgivingRedisCache",
            "LOCATION": f"unix://{tmp_path}/nobody.sock",
        }
    }


@pytest.mark.parametrize(
    ("method", "args", "answer"),
    [
        ("get", ("k", "other"), "other"),
        ("set", ("k", 1), None),
        ("add", ("k", 1), True),
        ("delete", ("k",), False),
        ("touch", ("k",), False),
        ("has_key", ("k",), False),
        ("__contains__", ("k",), False),
        ("incr", ("k", 3), 3),
        ("decr", ("k", 3), -3),
        ("get_many", (["k"],), {}),
        ("set_many", ({"k": 1},), ["k"]),
        ("delete_many", (["k"],), None),
        ("get_or_set", ("k", 7), 7),
        ("clear", (), None),
    ],
)
@pytest.mark.usefixtures("no_cache")
def test_no_call_fails(method: str, args: tuple[object, ...], answer: object) -> None:
    assert getattr(cache, method)(*args) == answer


@pytest.mark.usefixtures("no_cache")
def test_a_server_that_is_away_is_left_alone_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    assert not cache_answers()
    cache.get("k")
    assert caplog.text.count("cache unavailable") == 1  # the others did not try
    forgiving._silent_until.update(dict.fromkeys(forgiving._silent_until, time.monotonic() - 1))
    cache.get("k")
    assert caplog.text.count("cache unavailable") == 2


def test_nothing_that_django_asks_a_cache_was_forgotten() -> None:
    asks = {name for name in vars(RedisCache) if not name.startswith("_")} - {"get_backend_timeout"}
    assert asks <= set(vars(ForgivingRedisCache))


def test_people_sign_up_log_in_and_out_without_a_cache(alice: User, client: Client, request) -> None:
    request.getfixturevalue("no_cache")
    assert client.get(reverse("account_signup")).status_code == 200
    answer = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    assert client.get(reverse("account")).status_code == 200
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get(reverse("account")).status_code == 302


def test_a_logout_holds_when_the_cache_comes_back(alice: User, client: Client, request) -> None:
    client.force_login(alice)
    cookie = client.cookies["climbiq_sessionid"].value
    assert client.get(reverse("account")).status_code == 200
    cached = request.getfixturevalue("settings")
    before = cached.CACHES
    request.getfixturevalue("no_cache")
    client.post(reverse("account_logout"))
    cached.CACHES = before
    client.cookies["climbiq_sessionid"] = cookie
    assert client.get(reverse("account")).status_code == 302


def test_requests_share_their_connections() -> None:
    first, second = caches.create_connection("default"), caches.create_connection("default")
    first.set("k", 1)
    pool = first._cache._get_connection_pool(write=True)
    open_before = len(pool._available_connections)
    second.set("k", 2)
    assert first._cache is second._cache
    assert first.get("k") == 2
    assert len(pool._available_connections) == open_before
