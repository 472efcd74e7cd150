"""How often somebody may ask: each allowance is counted apart, and a request looks into the cache once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.test import RequestFactory

from climbiq.common.throttles import PerUserThrottle, seconds_to_wait

RATES = {"user": "5/min", "anon": "2/min", "recommendations": "3/hour", "exports": "1/hour"}


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", RATES)
    cache.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(time=1_000.0)
    monkeypatch.setattr("climbiq.common.throttles.time.time", lambda: now.time)
    return now


def asked_by(key: str | None, *, address: str = "10.0.0.1") -> Any:
    request = RequestFactory(REMOTE_ADDR=address).get("/")
    request.user = SimpleNamespace(pk=key, is_authenticated=key is not None)
    return request


def ask(key: str | None, scope: str = "", **more: Any) -> PerUserThrottle | None:
    """Ask once; the throttle that refused, if one did."""
    throttle = PerUserThrottle()
    view: Any = SimpleNamespace(throttle_scope=scope)
    return None if throttle.allow_request(asked_by(key, **more), view) else throttle


@pytest.mark.parametrize(
    ("key", "scope", "allowed"), [("a", "", 5), (None, "", 2), ("a", "recommendations", 3)]
)
def test_so_many_and_no_more(key: str | None, scope: str, allowed: int) -> None:
    answers = [ask(key, scope) is None for _ in range(allowed + 2)]
    assert answers == [True] * allowed + [False] * 2


def test_one_persons_haste_is_nobody_elses(clock: SimpleNamespace) -> None:
    assert [ask("a") for _ in range(5)] == [None] * 5
    assert ask("a")
    assert ask("b") is None
    assert [ask(None, address="10.0.0.2") for _ in range(2)] == [None] * 2
    assert ask(None, address="10.0.0.2")
    assert ask(None, address="10.0.0.3") is None


def test_there_is_room_again_as_each_grows_old(clock: SimpleNamespace) -> None:
    for second in range(5):
        clock.time = 1_000.0 + second
        assert ask("a") is None
    refused = ask("a")
    assert refused is not None
    assert refused.wait() == pytest.approx(56.0)  # the first of them is 60 s old then
    clock.time = 1_060.1
    assert ask("a") is None
    assert ask("a")


def test_the_longest_wait_is_told(clock: SimpleNamespace) -> None:
    for _ in range(3):
        ask("a", "recommendations")
    for _ in range(2):
        ask("a")
    refused = ask("a", "recommendations")
    assert refused is not None
    assert refused.wait() == 3600.0


def test_who_may_not_recommend_may_still_read() -> None:
    for _ in range(4):
        ask("a", "recommendations")
    assert ask("a") is None


def test_a_page_and_the_api_share_an_allowance(clock: SimpleNamespace) -> None:
    assert seconds_to_wait(asked_by("a"), scope="exports") is None
    clock.time += 600
    assert seconds_to_wait(asked_by("a"), scope="exports") == 3000.0
    assert ask("a", "exports")


def test_one_step_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("get", "get_many", "set", "set_many", "incr", "add", "run_script"):
        real = getattr(cache, name)
        monkeypatch.setattr(
            f"climbiq.common.throttles.cache.{name}",
            lambda *a, _name=name, _real=real, **k: (calls.append(_name), _real(*a, **k))[1],
            raising=False,
        )
    ask("a", "recommendations")
    assert calls == ["run_script"]


@pytest.mark.parametrize("kind", ["shared", "of this process"])
def test_many_at_once_get_no_more_than_there_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "of this process":
        monkeypatch.setattr("climbiq.common.throttles.cache", LocMemCache(kind, {}))
    gate = threading.Barrier(16)

    def one(_: int) -> int:
        gate.wait()
        return sum(ask("a", "recommendations") is None for _ in range(3))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(16))) == 3


def test_a_cache_that_is_away_holds_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("climbiq.common.throttles.cache.run_script", lambda *_, **__: None, raising=False)
    assert [ask("a", "recommendations") for _ in range(9)] == [None] * 9
