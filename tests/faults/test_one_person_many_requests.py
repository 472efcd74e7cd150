"""One person's many slow requests are their own trouble: everybody else is served meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import psycopg
import pytest

from climbiq.environment import APP_LIMITS
from sessions_app.selectors.climbers import HOLD_DIARY, diary_key
from tests.fixtures.browser import add_person
from tests.fixtures.database import role_url, superuser_url

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'climbiq_app' AND wait_event_type = 'Lock'
"""
MANY = 20


def token_of(site, email: str) -> str:
    add_person(site.database, email)
    return site.manage("issue_token", email).split()[-1]


@pytest.fixture
def people(site):
    """Alice, who is busy, and Bob, who is not."""
    tokens = [token_of(site, email) for email in ("alice@example.org", "bob@example.org")]
    address = site.start()
    clients = [
        httpx.Client(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            limits=httpx.Limits(max_connections=MANY),
        )
        for token in tokens
    ]
    yield clients
    for client in clients:
        client.close()


def test_others_are_served_while_one_waits_for_themselves(site, people):
    alice, bob = people
    made = alice.post("/sessions/", json={"session_date": f"{date.today():%Y-%m-%d}"}).json()
    assert bob.get("/sessions/").status_code == 200
    with (
        ThreadPoolExecutor(MANY) as pool,
        psycopg.connect(superuser_url(site.database)) as holder,
        psycopg.connect(superuser_url(site.database), autocommit=True) as watcher,
    ):
        (owner,) = holder.execute("SELECT id FROM users WHERE email = 'alice@example.org'").fetchone()
        holder.execute(f"SELECT {HOLD_DIARY}", [diary_key(owner)])
        changes = [
            pool.submit(alice.patch, f"/sessions/{made['id']}", json={"duration_min": 60 + n})
            for n in range(MANY)
        ]
        while watcher.execute(WAITING).fetchone()[0] < 3:
            time.sleep(0.02)
        most, waits = 0, []
        for _ in range(10):
            began = time.monotonic()
            assert bob.get("/sessions/").status_code == 200
            waits.append(time.monotonic() - began)
            most = max(most, watcher.execute(WAITING).fetchone()[0])
            time.sleep(0.1)
        answers = [change.result(60) for change in changes]
        holder.rollback()
    assert most == 3
    assert max(waits) < 3, waits
    # The first ones waited for the lock, the others for the first ones; none for ever.
    assert Counter(answer.status_code for answer in answers).keys() <= {409, 429}
    assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 409} == {"1"}
    assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 429} == {"3"}
    assert "at-once" in next(answer for answer in answers if answer.status_code == 429).json()["type"]
    assert alice.patch(f"/sessions/{made['id']}", json={"duration_min": 90}).status_code == 200


def test_a_page_that_waits_for_another_of_ones_own_says_so(site, people):
    del people
    with psycopg.connect(superuser_url(site.database)) as root:
        (owner,) = root.execute("SELECT id FROM users WHERE email = 'alice@example.org'").fetchone()
        with httpx.Client(base_url=site.start(), timeout=60, follow_redirects=False) as browser:
            log_in(browser)
            root.execute(f"SELECT {HOLD_DIARY}", [diary_key(owner)])
            page = browser.get("/sessions/new/")
            answer = browser.post(
                "/sessions/new/",
                data={"csrfmiddlewaretoken": csrf_of(page), "session_date": f"{date.today():%Y-%m-%d}"},
            )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "Nothing was saved" in answer.text


def csrf_of(page: httpx.Response) -> str:
    return page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def log_in(browser: httpx.Client) -> None:
    from tests.factories.people import PASSWORD

    data = {"login": "alice@example.org", "password": PASSWORD}
    data["csrfmiddlewaretoken"] = csrf_of(browser.get("/accounts/login/"))
    assert browser.post("/accounts/login/", data=data).status_code == 302


def test_the_apps_connections_carry_limits_and_no_others_do(cloned_database):
    for role, expected in (("app", APP_LIMITS), ("service", dict.fromkeys(APP_LIMITS, "0"))):
        with psycopg.connect(role_url(cloned_database, role)) as connection:
            found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in APP_LIMITS}
        assert {name: found[name].replace("1min", "60s") for name in found} == expected


def test_nobody_stores_what_no_policy_governs(cloned_database):
    with (
        psycopg.connect(role_url(cloned_database, "app")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT lo_from_bytea(0, 'x')")
