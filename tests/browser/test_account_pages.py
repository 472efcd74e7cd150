"""Every account page on a phone and on a desktop, light and dark: legible, labelled, reachable, never sideways."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import expect

from tests.factories.people import PASSWORD
from tests.fixtures.browser import add_person

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_pages_before_the_login(shared_address, open_window, size):
    window = open_window(shared_address, size=size)
    for name, path in {
        "login": "/accounts/login/",
        "signup": "/accounts/signup/",
        "reset": "/accounts/password/reset/",
        "reset-sent": "/accounts/password/reset/done/",
        "reset-done": "/accounts/password/reset/key/done/",
        "bad-link": "/accounts/password/reset/key/1-nonsense/",
        "verification-sent": "/accounts/confirm-email/",
        "bad-confirmation": "/accounts/confirm-email/nonsense/",
        "inactive": "/accounts/inactive/",
    }.items():
        window.open(path)
        window.look(f"account-{name}")
    window.open("/accounts/login/")
    window.page.click("main button[type=submit]")
    window.look("account-login-refused")


@pytest.mark.slow
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_pages_of_an_account(shared_site, shared_address, open_window, size):
    window = open_window(shared_address, size=size)
    add_person(shared_site.database, f"alice-{size}@example.org")
    window.log_in(f"alice-{size}@example.org")
    page = window.page

    for name, path in {
        "account": "/account/",
        "email": "/accounts/email/",
        "password": "/accounts/password/change/",
        "second-step": "/accounts/2fa/",
        "logout": "/accounts/logout/",
        "tokens-empty": "/account/tokens/",
    }.items():
        window.open(path)
        window.look(f"account-{name}")

    page.goto(f"{window.address}/account/tokens/")
    page.fill("[name=name]", "watch app")
    page.click("button:has-text('Make it')")
    if "reauthenticate" in page.url:  # asked again, then taken back to what was being done
        window.look("account-reauthenticate")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
    assert page.inner_text("#new-token").startswith("ciq_")
    window.look("account-tokens-new")
    page.click("a:has-text('Revoke')")
    window.look("account-token-revoke")
    page.click("button:has-text('Revoke it')")
    assert "is revoked" in page.inner_text(".messages")
    window.look("account-tokens")

    page.goto(f"{window.address}/account/")
    page.fill("[name=time_zone]", "Atlantis/Lost")
    page.click("button:has-text('Save')")
    window.look("account-account-refused")
    assert page.input_value("[name=time_zone]") == "Atlantis/Lost"


def test_error_pages_as_production_serves_them(site, open_window, tmp_path):
    """Without debug pages, with collected and hashed static files."""
    site.environment |= {
        "CLIMBIQ_DEBUG": "0",
        "CLIMBIQ_HASHED_STATIC": "1",
        "CLIMBIQ_STATIC_ROOT": str(tmp_path),
    }
    site.manage("collectstatic", "--no-input", "--verbosity=0")
    address = site.start()
    add_person(site.database, "alice@example.org")
    for size in ("phone", "desktop"):
        window = open_window(address, size=size)
        window.allow(rf"status of 40[34] .*\({address}/(nowhere/|admin/login/\?next=/admin/)\)$")
        window.open("/nowhere/")
        window.look("error-404")
        window.log_in("alice@example.org")
        window.open("/admin/")
        window.look("error-403")
        assert re.search(r"climbiq\.[0-9a-f]{12}\.css", window.page.content())


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_coach_sets_up_the_second_step_before_anything_else(shared_site, shared_address, open_window, size):
    window = open_window(shared_address, size=size)
    email = f"carol-{size}@example.org"
    add_person(shared_site.database, email, is_staff=True)
    page = window.page
    window.log_in(email)
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
    assert page.url.endswith("/accounts/2fa/totp/activate/")
    window.look("mfa-activate")
    page.fill("[name=code]", "000000")
    page.click("button:has-text('Finish')")
    expect(page.locator(".errorlist, [role=alert]").first).to_be_visible()
    window.look("mfa-activate-refused")
    secret = page.inner_text("#secret")
    page.fill("[name=code]", code_of(secret))
    page.click("button:has-text('Finish')")
    expect(page.locator("h1")).to_have_text("Recovery codes")
    window.look("mfa-codes")
    recovery_code = page.locator("#codes li").first.inner_text()
    for name, path in {"index": "/accounts/2fa/", "generate": "/accounts/2fa/recovery-codes/generate/",
                       "deactivate": "/accounts/2fa/totp/deactivate/"}.items():  # fmt: skip
        window.open(path)
        window.look(f"mfa-{name}")
    window.open("/admin/")
    assert page.inner_text("#site-name") == "ClimbIQ for coaches"

    window.open("/account/")
    page.click("button:has-text('Log out')")
    window.log_in(email)
    assert page.url.endswith("/accounts/2fa/authenticate/")
    window.look("mfa-authenticate")
    page.fill("[name=code]", recovery_code)
    page.click("button:has-text('Log in')")
    page.wait_for_url(f"{window.address}/")


def code_of(secret: str) -> str:
    """What an authenticator app would show for this key now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))
