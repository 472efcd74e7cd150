"""A climber's first day, on a phone, with the keyboard alone: from sign-up to a session in the history."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.fakes.messages_api import FINE_TEXT
from tests.fixtures.browser import Window

pytestmark = pytest.mark.browser

EMAIL = "neza@example.org"
PASSWORD = "first-ascent-1987"


def choose(window: Window, name: str, value: str) -> None:
    """Reach a group of radio buttons by Tab and walk to one with the arrows."""
    window.tab_to(f"[name={name}]:not([value=''])")
    page = window.page
    page.keyboard.press("Space")
    for _ in range(12):
        if page.evaluate(f"document.querySelector('[name={name}]:checked')?.value") == value:
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"{name} does not reach {value}")


def sign_up(window: Window) -> None:
    window.open("/")
    window.look("welcome")
    window.press("a:has-text('Start a diary')")
    window.type_into("[name=email]", EMAIL)
    window.type_into("[name=display_name]", "Neža")
    window.type_into("[name=password1]", PASSWORD)
    window.type_into("[name=password2]", PASSWORD)
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")


def grown(window: Window, *, beyond: int) -> str:
    """The first tip's words as soon as there are more than so many characters, and not yet all of the page's."""
    seen = window.page.wait_for_function(
        """beyond => {
            const text = document.querySelector("[data-words]").textContent.trim();
            const isDone = document.querySelector("[data-recommendation]").dataset.done === "1";
            return (text.length > beyond || isDone) && { text, isDone };
        }""",
        arg=beyond,
    ).json_value()
    assert not seen["isDone"], "all words were there at once"
    return seen["text"]


def test_the_first_day(site, open_window, messages_api):
    messages_api.behave(delay_seconds=0.15)  # some seconds for a tip: its words are seen while they grow
    address = site.start(ANTHROPIC_API_KEY="test-key", ANTHROPIC_BASE_URL=messages_api.url)
    window = open_window(address, size="phone")
    page = window.page

    sign_up(window)
    assert page.inner_text("h1").endswith("Neža")
    window.look("today-first")

    # Who they are.
    window.press("main a:has-text('Tell us')")
    window.look("baseline-empty")
    window.type_into("[name=age]", "31")
    choose(window, "performance_anxiety", "7")
    window.press("main button[type=submit]:has-text('Save')")
    window.look("baseline-saved")

    # How they arrive and what they plan.
    window.open("/sessions/new/")
    window.type_into("[name=sleep_hours]", "6.5")
    choose(window, "sleep_quality", "3")
    choose(window, "stress_level", "4")
    choose(window, "session_type", "project")
    window.type_into("[name=caffeine_mg]", "0")
    window.look("before")
    window.press("main button[type=submit]:has-text('Save')")

    # Their own number first: not a byte of ours is on the page.
    if "/recommendation/" not in page.url:
        window.press("main a:has-text('How good will it be?'), main button:has-text('How good will it be?')")
    assert "of 10 expected" not in page.content()
    window.look("forecast")
    choose(window, "session_quality", "7")
    window.press("main button:has-text('See the recommendation')")

    # Numbers at once, words as they arrive.
    assert "of 10 expected" in page.inner_text("main")
    assert "You guessed 7" in page.inner_text("main")
    words = page.locator("[data-words]").first
    early = grown(window, beyond=0)
    later = grown(window, beyond=len(early))
    messages_api.behave()  # the other tips at once
    page.locator("[data-recommendation][data-done='1']").wait_for(state="attached", timeout=30_000)
    assert words.inner_text() == FINE_TEXT
    assert len(early) < len(later) <= len(FINE_TEXT)
    assert FINE_TEXT.startswith(later)
    assert later.startswith(early)
    assert page.locator("[data-waiting]:visible").count() == 0
    window.look("recommendation")
    window.press("main a:has-text('Why, and what would change it')")
    assert "What it rests on" in page.inner_text("main")
    window.look("why")
    window.press("main a:has-text('Back to the recommendation')")
    assert page.locator("[data-words]").first.inner_text() == words.inner_text()

    # How it went, with a deviation.
    window.press("main a:has-text('Log how it went')")
    window.look("after-empty")
    choose(window, "as_planned", "no")
    choose(window, "session_type", "volume")
    choose(window, "session_quality", "6")
    window.look("after")
    window.press("main button[type=submit]:has-text('Save')")
    window.look("after-saved")

    window.press("nav a:has-text('History')")
    entry = page.locator(".log__entry")
    expect(entry).to_have_count(1)
    expect(entry.locator(".log__quality b")).to_have_text("6")
    expect(entry.locator(".log__note")).to_have_text("Session type: Projecting → Volume")
    window.look("history")
