"""The API's documentation in Chromium, under the policy that forbids everything inline."""

from __future__ import annotations

import pytest

from tests.fixtures.browser import Window

pytestmark = pytest.mark.browser


def test_the_docs_show_the_api_and_can_ask_it(desktop: Window) -> None:
    page = desktop.open("/api/docs/")
    operation = page.locator("#operations-users-users_me")
    operation.wait_for()
    variables = page.locator("#operations-variables-variables")
    variables.locator("button").first.click()
    page.locator("button:has-text('Try it out')").click()
    page.locator("button:has-text('Execute')").click()
    answer = page.locator(".live-responses-table .response-col_status:has-text('200')")
    answer.wait_for()
