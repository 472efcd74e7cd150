"""Two tabs change different things of one session in the same moment: both changes are kept."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import psycopg
import pytest

from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'climbiq_app' AND wait_event_type = 'Lock'
"""


@pytest.fixture
def app(site):
    add_person(site.database, "alice@example.org")
    token = site.manage("issue_token", "alice@example.org").split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{site.start()}/api/v1", headers=headers, timeout=30) as client:
        yield client


def both_behind_a_lock(database, session_id, first, second):
    """Hold the session's row until both requests want it: whatever they read before is old then."""
    with ThreadPoolExecutor(2) as pool, psycopg.connect(superuser_url(database)) as holder:
        holder.execute("SELECT FROM sessions WHERE id = %s FOR UPDATE", [session_id])
        answers = [pool.submit(first), pool.submit(second)]
        until_waiting(database, 2)
        holder.rollback()
        return [answer.result(20) for answer in answers]


def until_waiting(database, count):
    """Return when as many of the site's statements wait for a lock."""
    deadline = time.monotonic() + 20
    with psycopg.connect(superuser_url(database), autocommit=True) as watcher:
        while watcher.execute(WAITING).fetchone() != (count,):
            assert time.monotonic() < deadline, "the requests do not wait"
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ("", {"location_type": "outdoor"}, {"duration_min": 90}),
        ("/pre-session", {"stress_level": 5}, {"sleep_hours": 6.5}),
        ("/post-session", {"session_quality": 7}, {"notes": "humid"}),
    ],
    ids=["circumstances", "before", "after"],
)
def test_a_patch_without_a_version_loses_nothing(site, app, form, first, second):
    before = {"stress_level": 1, "caffeine_mg": 100}
    made = app.post("/sessions/pre-session", json=before).json()
    path = f"/sessions/{made['id']}"
    if form == "/post-session":
        app.patch(path + form, json={"energy_post": 3})

    answers = both_behind_a_lock(
        site.database,
        made["id"],
        lambda: app.patch(path + form, json=first),
        lambda: app.patch(path + form, json=second),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    stored = app.get(path + form).json()
    assert {name: stored[name] for name in (*first, *second)} == first | second
    assert (app.get(path).json()["pre_session"]["caffeine_mg"]) == 100


def test_two_who_add_the_same_gym_at_once_get_one(site, app):
    with ThreadPoolExecutor(1) as pool, psycopg.connect(superuser_url(site.database)) as other:
        (first,) = other.execute(
            "INSERT INTO gyms (name, city) VALUES ('Boulder Bar', 'Vienna') RETURNING id"
        ).fetchone()
        answer = pool.submit(app.post, "/gyms", json={"name": "boulder bar", "city": "vienna"})
        until_waiting(site.database, 1)
        other.commit()
        assert (answer.result(20).status_code, answer.result().json()["id"]) == (200, str(first))


@pytest.mark.parametrize("with_form", [True, False], ids=["with a form", "without one"])
def test_of_several_guesses_at_once_one_counts(site, app, with_form):
    if with_form:
        key = app.post("/sessions/pre-session", json={"stress_level": 1}).json()["id"]
    else:
        key = app.post("/sessions/", json={"session_date": f"{date.today():%Y-%m-%d}"}).json()["id"]
    tabs = [7, 8, 9]
    with ThreadPoolExecutor(len(tabs)) as pool, psycopg.connect(superuser_url(site.database)) as holder:
        holder.execute("SELECT FROM sessions WHERE id = %s FOR UPDATE", [key])
        answers = [pool.submit(ask, app, key, guess) for guess in tabs]
        until_waiting(site.database, len(tabs))
        holder.rollback()
        assert [answer.result(20).status_code for answer in answers] == [201] * len(tabs)
    with psycopg.connect(superuser_url(site.database)) as reader:
        rows = reader.execute(
            "SELECT own_forecast FROM recommendations WHERE session_id = %s ORDER BY created_at", [key]
        ).fetchall()
    kept = [guess for (guess,) in rows if guess is not None]
    assert (len(rows), len(kept)) == (len(tabs), 1)


def ask(app, session_id, guess):
    body = {"session_id": session_id, "own_forecast": guess}
    headers = {"Idempotency-Key": f"tab {guess}", "Accept": "application/json"}
    return app.post("/recommendations/pre-session", json=body, headers=headers)
