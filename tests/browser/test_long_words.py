"""A long explanation shows its beginning, and the rest at a press; without the script all of it is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import add_person

pytestmark = pytest.mark.browser
EMAIL = "alice@example.org"


def ask(window) -> str:
    """Say how one arrives, skip the own guess, and wait until everything is said; where that is."""
    page = window.page
    window.open("/sessions/new/")
    page.fill("[name=sleep_hours]", "5.5")
    page.check("[name=stress_level][value='4']")
    page.click("main form button.button[type=submit]")
    page.click("text=Skip the guess")
    expect(page.locator("[data-recommendation]")).to_have_attribute("data-done", "1")
    return page.url.removeprefix(window.address)


@pytest.mark.slow
def test_long_words_unfold(site, open_window):
    window = open_window(site.start(), size="phone")
    add_person(site.database, EMAIL)
    window.log_in(EMAIL)
    path = ask(window)
    page = window.page
    words, more = page.locator("[data-words]").first, page.locator(".tip__more").first
    expect(more).to_have_text("Read on")
    short = words.bounding_box()["height"]
    window.tab_to(".tip__more")
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    assert words.bounding_box()["height"] > 1.5 * short
    whole = words.inner_text()
    more.click()
    expect(more).to_have_attribute("aria-expanded", "false")
    assert words.bounding_box()["height"] == short
    assert words.inner_text() == whole  # read aloud, nothing is left out

    window.open(path)  # a page whose words are all there from the start
    expect(page.locator(".tip__more").first).to_have_text("Read on")
    window.look("recommendation-folded")
