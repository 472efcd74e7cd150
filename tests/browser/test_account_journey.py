"""Sign up, log in, log out and reset the password in Chromium, with the keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

EMAIL = "zala@example.org"
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('climbiq:')).length"
FIRST_PASSWORD = "first-ascent-1987"
SECOND_PASSWORD = "second-ascent-1991"


def test_an_account_from_sign_up_to_a_new_password(site, open_window, tmp_path: Path):
    address = site.start(
        CLIMBIQ_EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend",
        CLIMBIQ_EMAIL_FOLDER=str(tmp_path),
    )
    window = open_window(address, size="phone")

    page = window.open("/accounts/login/")
    window.press("a:has-text('Make an account')")
    window.type_into("[name=email]", EMAIL)
    window.type_into("[name=display_name]", "Žala 🧗")
    window.type_into("[name=password1]", "short")
    window.type_into("[name=password2]", "short")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    # Refused: the summary has the focus, and its first line leads to the field. What was typed is still there.
    summary = page.locator("[data-error-summary]")
    assert summary.evaluate("element => element === document.activeElement")
    assert page.input_value("[name=display_name]") == "Žala 🧗"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "password1"
    page.keyboard.type(FIRST_PASSWORD)
    window.type_into("[name=password2]", FIRST_PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == f"{address}/"

    # The time zone came from the browser, the name as it was typed.
    page = window.open("/account/")
    assert page.input_value("[name=time_zone]") == "Europe/Ljubljana"
    assert page.input_value("[name=display_name]") == "Žala 🧗"
    window.type_into("[name=display_name]", "typed, not sent")
    assert page.evaluate(KEPT) == 1
    window.press("button:has-text('Log out')")
    assert page.evaluate(KEPT) == 0
    assert page.url == f"{address}/accounts/login/"
    assert "You are logged out." in page.inner_text(".messages")

    window.log_in(EMAIL, FIRST_PASSWORD)
    assert page.url == f"{address}/"
    window.open("/account/")
    window.press("button:has-text('Log out')")

    window.press("a:has-text('Forgotten')")
    window.type_into("[name=email]", EMAIL)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == "Look into your mail"
    window.open(link_in_newest_mail(tmp_path, "/accounts/password/reset/key/"))
    window.type_into("[name=password1]", SECOND_PASSWORD)
    window.type_into("[name=password2]", SECOND_PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == "Your password is changed"

    window.log_in(EMAIL, FIRST_PASSWORD)
    assert page.url.startswith(f"{address}/accounts/login/")
    assert page.locator("[data-error-summary]").is_visible()
    window.log_in(EMAIL, SECOND_PASSWORD)
    assert page.url == f"{address}/"


def link_in_newest_mail(folder: Path, path: str) -> str:
    """The path of the link that the newest mail carries."""
    newest = max(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    found = re.search(rf"{path}\S+", newest.read_text(encoding="utf-8").replace("=\n", ""))
    assert found, newest.read_text(encoding="utf-8")
    return found.group()
