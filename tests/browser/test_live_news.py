"""An open page hears its person's channel: what it says, and that it stays quiet when it cannot hear."""

from __future__ import annotations

import time
import uuid

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import Window, add_person

pytestmark = pytest.mark.browser

RUN = uuid.UUID(int=7)
SEND = """
from django.db import transaction
from climbiq.live.services import notify
with transaction.atomic():
    notify(user_id="{user}", kind="{kind}", object_id="{key}")
"""


def send(site, user: str, kind: str, key: uuid.UUID = RUN) -> None:
    site.manage("shell", "-c", SEND.format(user=user, kind=kind, key=key))


def streams_of(window: Window) -> list[str]:
    """Addresses of every stream that the window asks for from now on."""
    asked: list[str] = []
    window.page.on("request", lambda r: asked.append(r.url) if "/events/" in r.url else None)
    return asked


def wait_until_heard(window: Window, alice: str) -> None:
    for _ in range(100):
        if window.page.evaluate(f"sessionStorage.getItem('climbiq-live:{alice}:heard')"):
            return
        window.page.wait_for_timeout(100)
    raise AssertionError("the page does not listen")


def arrive(site, open_window, size="phone", **environment) -> tuple[Window, str, list[str]]:
    window = open_window(site.start(**environment), size=size)
    alice = add_person(site.database, "alice@example.org")
    window.log_in("alice@example.org")
    asked = streams_of(window)
    window.open("/sessions/")
    return window, alice, asked


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_what_is_new_is_said_once_and_can_be_followed(site, open_window, size):
    window, alice, asked = arrive(site, open_window, size)
    page = window.page
    wait_until_heard(window, alice)
    place = page.locator("[data-live]")
    assert place.get_attribute("aria-live") == "polite"
    send(site, add_person(site.database, "bob@example.org"), "training_finished")
    send(site, alice, "job_succeeded")
    expect(place).to_be_empty()
    send(site, alice, "training_finished")
    expect(place).to_contain_text("Your model has been updated.")
    window.look("news")
    assert len(asked) == 1
    page.click("[data-live] a")
    assert page.url.endswith("/model/")
    page.wait_for_timeout(3500)
    expect(place).to_be_empty()  # the next page goes on where this one stood


def test_a_recommendation_is_pointed_at(site, open_window):
    window, alice, _ = arrive(site, open_window)
    wait_until_heard(window, alice)
    send(site, alice, "recommendation_ready")
    link = window.page.locator("[data-live] a")
    expect(link).to_have_attribute("href", f"/recommendations/{RUN}/")


def test_nobody_listens_in_a_tab_that_is_not_seen(site, open_window):
    window, alice, asked = arrive(site, open_window)
    page = window.page
    wait_until_heard(window, alice)
    set_state = (
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    with page.expect_event("requestfailed", lambda r: "/events/" in r.url):  # how a closed stream ends
        page.evaluate(set_state, "hidden")
    send(site, alice, "training_finished")
    page.wait_for_timeout(4000)
    expect(page.locator("[data-live]")).to_be_empty()
    assert len(asked) == 1
    page.evaluate(set_state, "visible")
    expect(page.locator("[data-live]")).to_contain_text("Your model has been updated.")
    assert len(asked) == 2


def test_without_redis_nothing_is_shown_and_nothing_breaks(site, open_window):
    window, alice, asked = arrive(site, open_window, REDIS_URL="unix:///nowhere/valkey.sock")
    wait_until_heard(window, alice)
    send(site, alice, "training_finished")
    window.page.wait_for_timeout(6000)
    expect(window.page.locator("[data-live]")).to_be_empty()
    assert len(asked) == 1
    window.open("/sessions/")  # what was stored meanwhile is read on arrival
    expect(window.page.locator("[data-live]")).to_contain_text("Your model has been updated.")


def test_a_refusal_is_no_storm(site, open_window):
    window, _, asked = arrive(site, open_window, CLIMBIQ_STREAMS_PER_USER="0")
    window.allow("status of 503")
    window.page.wait_for_timeout(9000)
    assert len(asked) <= 2  # each try comes later than the one before
    expect(window.page.locator("[data-live]")).to_be_empty()


def test_who_logs_out_asks_for_no_stream_any_more(site, open_window):
    """However slow the answer is: the login is gone by then, and to ask would be refused."""
    window, _, asked = arrive(site, open_window)
    page = window.open("/account/")

    def answer_late(route) -> None:
        answer = route.fetch(max_redirects=0)
        time.sleep(4)  # longer than a page waits before it listens
        route.fulfill(response=answer)

    page.route("**/accounts/logout/", answer_late)
    asked.clear()
    with page.expect_navigation(url="**/accounts/login/"):
        page.click("button:has-text('Log out')", no_wait_after=True)
    assert "You are logged out." in page.inner_text(".messages")
    assert asked == []
