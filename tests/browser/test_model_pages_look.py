"""What is known about a climber, and what a session taught: on a phone and on a desktop, light and dark."""

from __future__ import annotations

import psycopg
import pytest

from tests.browser.test_session_pages_look import fill_history
from tests.factories.published import publish_past_everything, trained_population
from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser

# A guess a point or two off before each rated session, and an answer of ours.
GUESSES = """
INSERT INTO recommendations (user_id, session_id, conditions, evidence, own_forecast, expected_quality,
                             rules_version, prior_version, model_version, is_done)
SELECT s.user_id, s.id, '{}', '{}', least(10, a.session_quality + 1 + extract(day FROM s.session_date)::int % 2),
       5.8, 0, 1, 'hierarchical-1', true
FROM sessions s JOIN post_session_data a ON a.session_id = s.id
WHERE s.status = 'completed' AND a.session_quality IS NOT NULL"""


@pytest.fixture(params=["phone", "desktop"])
def window(request, site, open_window):
    window = open_window(site.start(), size=request.param)
    add_person(site.database, "alice@example.org")
    window.log_in("alice@example.org")
    return window


def test_pages_of_what_is_known(window, site):
    page = window.page
    window.open("/model/")
    window.look("model-empty")

    fill_history(site.database)
    with psycopg.connect(superuser_url(site.database), autocommit=True) as connection:
        publish_past_everything(connection, trained_population(kinds=True))
        window.open("/model/")
        assert "None of your rated sessions has a guess" in page.inner_text("main")
        connection.execute(GUESSES)
    window.open("/model/")
    assert "hierarchical-1" in page.inner_text("main")
    assert "your guesses were off by" in page.inner_text("main")
    window.look("model")
    for unfold in page.locator("main details.effect > summary").all()[:2]:
        unfold.click()
    page.locator("main details.effect > summary").last.click()
    window.look("model-unfolded")

    window.open("/sessions/new/")
    page.click("main form button.button[type=submit]")
    window.open("/sessions/")
    page.click("a.log__entry >> nth=0")
    session = page.url
    window.open(session.removeprefix(window.address) + "taught/")
    assert "not rated" in page.inner_text("main")
    window.look("taught-unrated")
    window.open(session.removeprefix(window.address) + "after/")
    page.click("label:has-text('Yes')")
    page.click(".point >> nth=9")
    page.click("main form button.button[type=submit]")
    window.open(session.removeprefix(window.address) + "taught/")
    assert "rated 10" in page.inner_text("main")
    window.look("taught")
