"""The admin under our content security policy, in Chromium: every list and form opens without a word on the console."""

from __future__ import annotations

import pytest

from tests.fixtures.browser import add_person

pytestmark = pytest.mark.browser


@pytest.mark.slow
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_an_operator_opens_every_page_of_the_admin(shared_site, open_window, size):
    address = shared_site.start(CLIMBIQ_DEMO="1")
    window = open_window(address, size=size)
    email = f"olga-{size}@example.org"
    person = add_person(shared_site.database, email, is_staff=True, is_superuser=True)
    window.log_in(email)
    page = window.open("/admin/")
    window.screenshot("admin-index")
    assert page.inner_text("#site-name") == "ClimbIQ for coaches"
    links = page.locator("#content-main a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert "/admin/accounts/user/" in links
    for link in sorted(set(links)):
        window.open(link)
        assert page.locator("#content h1").is_visible(), link
    window.open(f"/admin/accounts/user/{person}/change/")
    window.screenshot("admin-user")
    page.emulate_media(color_scheme="dark")
    window.screenshot("admin-user-dark")
    window.open("/admin/accounts/user/")
    window.screenshot("admin-users-dark")
    page.click("#logout-form button")
    assert page.url.endswith("/accounts/login/")
