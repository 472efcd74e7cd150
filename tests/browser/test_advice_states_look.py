"""The recommendation's page where a rule decides, a dose is not safe, and answers have changed since; today's page."""

from __future__ import annotations

import json

import psycopg
import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser
EMAIL = "alice@example.org"
TENSE = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
SAID = [
    {"type": "override", "recommendation": "rest_day", "message": "Rest does more for you today."},
    {"type": "message", "message": "A walk is fine."},
]
OPEN = """
INSERT INTO sessions (user_id, session_date, status)
SELECT id, current_date + n, 'planned' FROM users, unnest(ARRAY[-7, 7]) n WHERE email = %s
"""


@pytest.fixture(params=["phone", "desktop"])
def window(request, site, open_window):
    window = open_window(site.start(), size=request.param)
    add_person(site.database, EMAIL)
    with psycopg.connect(superuser_url(site.database), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO expert_rules (name, rule_category, lifecycle, conditions, actions)"
            " VALUES ('Tension', 'performance', 'active', %s, %s)",
            [json.dumps(TENSE), json.dumps(SAID)],
        )
        connection.execute(OPEN, [EMAIL])
    window.log_in(EMAIL)
    return window


def test_a_rule_a_warning_and_other_answers(window):
    page = window.page
    window.open("/sessions/new/")
    page.fill("[name=caffeine_mg]", "600")
    page.check("[name=stress_level][value='4']")
    page.click("main form button.button[type=submit]")
    session = page.url.removeprefix(window.address).removesuffix("recommendation/")
    page.click("text=Skip the guess")
    expect(page.locator("h1")).to_have_text("A coach’s rule decides today")
    expect(page.locator(".notice--warning").first).to_contain_text("600 mg is above 400 mg")
    expect(page.locator(".rule")).to_contain_text("A walk is fine.")
    window.look("advice-rule")
    path = page.url.removeprefix(window.address)

    page.click("text=Change what I said")
    page.check("[name=stress_level][value='1']")
    page.click("main form button.button[type=submit]")
    expect(page.locator("h1")).to_have_text("Another look")
    window.open(path)
    window.look("advice-outdated")
    page.click("text=Work it out anew")
    expect(page.locator("#prediction-title")).to_be_visible()
    expect(page.locator(".notice--warning").first).to_contain_text("600 mg is above 400 mg")
    expect(page.locator("[data-recommendation]")).to_have_attribute("data-done", "1")
    window.look("advice-warning")

    window.open("/")
    expect(page.locator("main .card").nth(1)).to_contain_text("Start session")
    window.look("today-three-plans")
    window.open(session)
    page.click("summary:has-text('Earlier advice')")
    expect(page.locator("details a")).to_have_attribute("href", path)
    window.look("session-earlier-advice")
