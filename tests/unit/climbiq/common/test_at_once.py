from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import RequestFactory

from climbiq.common.at_once import AtOnce, Place
from climbiq.common.handler import address_of, credential_of

HOME = "10.0.0.1"


def crowd(**more: Any) -> AtOnce:
    found = AtOnce(of_person=2, of_address=1, **{"patience_seconds": 0.05} | more)
    for credential in ("cookie", "token"):
        found.learn(credential, "alice")
    found.learn("another", "bob")
    return found


async def entered(crowd: AtOnce, *credentials: str, address: str = HOME) -> list[Place | None]:
    return list(await asyncio.gather(*(crowd.enter(credential=one, address=address) for one in credentials)))


@pytest.mark.parametrize(
    ("credentials", "places"),
    [
        pytest.param(["cookie"] * 3, 2, id="one of a person is too many"),
        pytest.param(["cookie", "token", "token"], 2, id="however they are logged in"),
        pytest.param(
            ["cookie", "cookie", "another", "another"], 4, id="another person has places of their own"
        ),
        pytest.param(["", ""], 1, id="nobody in particular counts by address"),
        pytest.param(["made up", "made up too", ""], 1, id="so does whoever makes credentials up"),
        pytest.param(["", "cookie", "cookie"], 3, id="who is known does not"),
    ],
)
def test_so_many_at_once(credentials: list[str], places: int) -> None:
    found = asyncio.run(entered(crowd(), *credentials))
    assert sum(place is not None for place in found) == places


def test_who_waits_gets_the_place_that_is_given_back() -> None:
    async def story() -> list[str]:
        here, order = crowd(patience_seconds=5), []

        async def visit(name: str) -> None:
            place = await here.enter(credential="cookie", address=HOME)
            assert place is not None
            assert place.begin()
            order.append(name)
            await asyncio.sleep(0.01)
            await asyncio.to_thread(place.end)

        await asyncio.gather(*(visit(name) for name in "abcdefg"))
        assert not here._queues, "a place was not given back"
        return order

    assert asyncio.run(story()) == list("abcdefg")


def test_who_leaves_while_waiting_holds_nobody_up() -> None:
    async def story() -> None:
        here = crowd(patience_seconds=5)
        first, second = await entered(here, "cookie", "cookie")
        leaving = asyncio.create_task(here.enter(credential="cookie", address=HOME))
        staying = asyncio.create_task(here.enter(credential="cookie", address=HOME))
        await asyncio.sleep(0)
        leaving.cancel()
        assert first is not None
        assert second is not None
        first.end()
        third = await staying
        assert third is not None
        for place in (second, third):
            place.end()
        await asyncio.sleep(0)
        assert not here._queues

    asyncio.run(story())


def test_work_that_runs_keeps_its_place_when_its_client_has_gone() -> None:
    async def story() -> tuple[bool, bool]:
        here = crowd()
        running, waiting = await entered(here, "cookie", "cookie")
        assert running is not None
        assert waiting is not None
        assert running.begin()
        running.abandon()  # its thread goes on
        waiting.abandon()  # its thread had not begun
        await asyncio.sleep(0)
        found = await entered(here, "cookie", "cookie")
        running.end()
        running.end()
        return waiting.begin(), [place is not None for place in found].count(True) == 1

    assert asyncio.run(story()) == (False, True)


def test_a_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("climbiq.common.at_once.MOST_WAITING", 3)

    async def story() -> int:
        here = crowd(patience_seconds=60)
        tasks = [asyncio.create_task(here.enter(credential="cookie", address=HOME)) for _ in range(7)]
        await asyncio.sleep(0.01)
        refused = [task for task in tasks if task.done() and task.result() is None]
        for task in tasks:
            task.cancel()
        return len(refused)

    assert asyncio.run(story()) == 7 - 2 - 3


def asked(path: str = "/api/v1/sessions/", cookie: str = "", **headers: str) -> Any:
    request = RequestFactory().get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    if cookie:
        from django.conf import settings

        request.COOKIES[settings.SESSION_COOKIE_NAME] = cookie
    return request


def test_a_credential_looks_the_same_whatever_is_sent_along() -> None:
    once = credential_of(asked(Authorization="Bearer ciq_a"))
    assert once == credential_of(asked(Authorization="bearer   ciq_a ", cookie="b", X_Session_Token="c"))
    assert once != credential_of(asked(Authorization="Bearer ciq_b"))
    assert credential_of(asked(path="/sessions/", Authorization="Bearer ciq_a")) == ""
    assert credential_of(asked(X_Session_Token="k")) == credential_of(asked(cookie="k")) != ""


def test_a_network_of_the_sixth_version_is_one_address() -> None:
    def at(address: str) -> str:
        return address_of(RequestFactory(REMOTE_ADDR=address).get("/"))

    assert at("2001:db8:1:2::5") == at("2001:db8:1:2:ffff::1") == "2001:0db8:0001:0002"
    assert at("192.0.2.1") == "192.0.2.1"
    assert at("") == ""
