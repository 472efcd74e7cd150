"""Every page of the diary on a phone and on a desktop, light and dark; the two forms by keyboard."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser

PAST = """
WITH person AS (SELECT id FROM users WHERE email = 'alice@example.org'),
made AS (
    INSERT INTO sessions (user_id, session_date, started_at, status)
    SELECT id, current_date - n, current_date - n + interval '18 hours',
           CASE WHEN n % 9 = 4 THEN 'skipped' ELSE 'completed' END
    FROM person, generate_series(1, 40) n RETURNING id, session_date, status
), before AS (
    INSERT INTO pre_session_data (session_id, sleep_hours, sleep_quality, energy_level, stress_level, soreness_level,
                                  current_niggles, planned_caffeine_mg, planned_session_type, planned_intensity,
                                  time_of_day)
    SELECT id, 7.5, 4, 3, 2, 2, '[{"location": "finger", "severity": 2, "notes": ""}]', 100,
           (ARRAY['project', 'volume', 'technique'])[1 + (session_date - DATE '2000-01-01') % 3],
           (ARRAY['high', 'moderate'])[1 + (session_date - DATE '2000-01-01') % 2], 'evening' FROM made
)
INSERT INTO post_session_data (session_id, session_quality, deviated_from_plan, actual_caffeine_mg, deviation_reason,
                               notes)
SELECT id, 3 + (session_date - DATE '2000-01-01') % 7, (session_date - DATE '2000-01-01') % 4 = 0,
       CASE WHEN (session_date - DATE '2000-01-01') % 4 = 0 THEN 0 END,
       CASE WHEN (session_date - DATE '2000-01-01') % 4 = 0 THEN 'company' END,
       'Left hand warm at last. Third try on the arête.'
FROM made WHERE status = 'completed'
"""


def fill_history(database):
    with psycopg.connect(superuser_url(database), autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'Europe/Ljubljana'")
        connection.execute(PAST)


@pytest.fixture(params=["phone", "desktop"])
def window(request, site, open_window):
    window = open_window(site.start(), size=request.param)
    add_person(site.database, "alice@example.org")
    window.log_in("alice@example.org")
    return window


def test_pages_without_a_session(window):
    for name, path in {
        "history-empty": "/sessions/",
        "before-first": "/sessions/new/",
        "baseline-empty": "/baseline/",
        "diary": "/diary/",
    }.items():
        window.open(path)
        window.look(f"sessions-{name}")


def test_pages_with_sessions(window, site, tmp_path):
    fill_history(site.database)
    page = window.page
    window.allow(r"status of 4(22|04)")
    window.open("/sessions/new/")
    window.look("sessions-before")
    page.click("details.fold summary")
    page.fill("[name=sleep_hours]", "99")
    page.fill("[name=session_date]", "1890-01-01")
    page.click("main form button.button[type=submit]")
    window.look("sessions-before-refused")
    page.fill("[name=sleep_hours]", "7:30")
    page.fill("[name=session_date]", "")
    page.evaluate("document.querySelector('[name=session_date]').valueAsDate = new Date()")
    page.click("main form button.button[type=submit]")

    window.open("/sessions/")
    window.look("sessions-history")
    page.click("a.log__entry >> nth=0")
    window.look("sessions-detail-open")
    page.click("a:has-text('Log how it went')")
    window.look("sessions-after")
    page.click("label:has-text('No')")
    page.click("details.fold summary")
    window.look("sessions-after-changes")
    page.click("main form button.button[type=submit]")
    window.look("sessions-after-refused")
    page.click(".point >> nth=7")
    page.click("main form button.button[type=submit]")
    window.look("sessions-taught")
    page.click("main a:has-text('The session')")
    window.look("sessions-detail-done")
    page.click("a:has-text('Delete this session')")
    window.look("sessions-delete")
    page.click("button:has-text('Delete it')")
    window.look("sessions-deleted")
    page.click("button:has-text('Undo')")
    assert "The session is back" in page.inner_text(".messages")

    window.open("/sessions/?status=skipped")
    window.look("sessions-history-filtered")
    page.click("a.log__entry >> nth=0")
    window.look("sessions-detail-skipped")
    page.click("button:has-text('It is on again')")
    page.click("a:has-text('It did not take place')")
    window.look("sessions-skip")
    window.open("/sessions/?status=in_progress&kind=competition")
    window.look("sessions-history-none")

    file = tmp_path / "diary.csv"
    file.write_text("session_date,stress_level\n2020-05-04,3\n2020-05-05,9\n2020-05-06,soon\n")
    window.open("/diary/")
    page.set_input_files("[name=file]", file)
    page.click("button:has-text('Look at it')")
    window.look("sessions-diary-look")
    file.write_text("session_date,strss_level,weight_kg\n2020-05-04,3,70\n")
    window.open("/diary/")
    page.set_input_files("[name=file]", file)
    page.click("button:has-text('Look at it')")
    window.look("sessions-diary-refused")

    window.open("/baseline/")
    page.fill("[name=weight_kg]", "heavy")
    page.fill("[name=current_route_grade]", "V5")
    page.click("main form button.button[type=submit]")
    window.look("sessions-baseline-refused")
