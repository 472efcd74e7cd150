"""The operators' page of the evaluation: empty, under way and with a scorecard; on a phone and a desktop, light and dark."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.factories.scorecards import made_scorecard
from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser

PAGE = "/admin/modeling/evaluation/"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_every_state_of_the_page(site, open_window, size):
    window = open_window(site.start(CLIMBIQ_DEMO="1"), size=size)
    for of_django in (r"no label: <input >$", r"small target 23×\d+: <button toggle-nav-sidebar>"):
        window.allow(of_django)
    add_person(site.database, "olga@example.org", is_staff=True, is_superuser=True)
    window.log_in("olga@example.org")
    page = window.open(PAGE)
    assert "Never evaluated yet" in page.inner_text("#content-main")
    window.look("evaluation-empty")

    window.press("input[value='Evaluate now']")
    assert "Waiting for a worker" in page.inner_text("#content-main")
    with psycopg.connect(superuser_url(site.database), autocommit=True) as root:
        result = json.dumps(made_scorecard().as_dict())
        root.execute(
            "UPDATE jobs SET status = 'succeeded', finished_at = now(), result = %s WHERE kind = 'evaluation'",
            [result],
        )
    window.open(PAGE)
    for unfold in page.locator(".chart__numbers > summary").all():
        unfold.click()
    assert page.inner_text(".is-ours th") == "ClimbIQ"
    window.look("evaluation")
