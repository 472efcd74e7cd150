"""A session, or the connection to the database, goes while a page is being answered: never an error of ours."""

from __future__ import annotations

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from django.db import OperationalError

from climbiq.accounts import rls
from sessions_app import selectors
from sessions_app.api import sessions as sessions_api
from sessions_app.models import PreSessionData, Session
from tests.factories.people import PASSWORD
from tests.factories.sessions import make_session
from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'climbiq_app' AND wait_event_type = 'Lock'
"""
PAGES = {
    "recommendation": {"skip": "1"},
    "before": {"session_date": "{today}", "stress_level": "3", "sleep_hours": "7"},
    "after": {"as_planned": "on", "session_quality": "7"},
    "start": {},
    "skip": {},
    "unskip": {},
    "delete": {},
}


@pytest.fixture
def app(site):
    """Alice's program: it plans sessions."""
    add_person(site.database, "alice@example.org")
    token = site.manage("issue_token", "alice@example.org").split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=site.start(), headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def pages(app):
    """Her browser, logged in."""
    with httpx.Client(base_url=str(app.base_url), timeout=30, follow_redirects=False) as browser:
        login = browser.get("/accounts/login/").text
        answer = browser.post(
            "/accounts/login/",
            data={"login": "alice@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token_of(login)},
            headers={"Referer": str(app.base_url)},
        )
        assert answer.status_code == 302, answer.text
        yield browser


def token_of(page: str) -> str:
    """The key of the form on a page."""
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]


def waiting(watcher) -> list[int]:
    """The process of PostgreSQL in which a request waits for a lock, once one does."""
    deadline = time.monotonic() + 20
    while not (pids := [pid for (pid,) in watcher.execute(WAITING).fetchall()]):
        assert time.monotonic() < deadline, "the request does not wait"
        time.sleep(0.02)
    return pids


@pytest.fixture
def planned(app) -> str:
    return app.post("/api/v1/sessions/pre-session", json={"stress_level": 1}).json()["id"]


def in_the_middle_of(database, session_id, request, happens):
    """Hold the session's row until the request wants it, let something happen, and return the answer."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(superuser_url(database)) as holder:
        holder.execute("SELECT FROM sessions WHERE id = %s FOR UPDATE", [session_id])
        answer = pool.submit(request)
        with psycopg.connect(superuser_url(database), autocommit=True) as watcher:
            happens(holder, watcher, waiting(watcher))
        return answer.result(20)


def deleting(session_id):
    """What the other tab does."""

    def happens(holder, watcher, pids):
        holder.execute("DELETE FROM sessions WHERE id = %s", [session_id])
        holder.commit()

    return happens


def test_pages_say_that_it_is_gone(site, app, pages):
    def post(session_id, page):
        form = pages.get(f"/sessions/{session_id}/before/").text
        data = {name: text.format(today=datetime.now(UTC).date()) for name, text in PAGES[page].items()}
        data["csrfmiddlewaretoken"] = token_of(form)
        return lambda: pages.post(
            f"/sessions/{session_id}/{page}/", data=data, headers={"Referer": str(app.base_url)}
        )

    for page in PAGES:
        session_id = app.post("/api/v1/sessions/pre-session", json={"stress_level": 1}).json()["id"]
        answer = in_the_middle_of(site.database, session_id, post(session_id, page), deleting(session_id))
        assert (page, answer.status_code) == (page, 404)
        assert "deleted meanwhile" in answer.text, page


def test_a_program_that_asks_for_advice_is_told(site, app, planned):
    body = {"session_id": planned, "current_conditions": {}}
    answer = in_the_middle_of(
        site.database,
        planned,
        lambda: app.post("/api/v1/recommendations/pre-session", json=body),
        deleting(planned),
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["session_id"])


def test_a_backend_that_is_killed_is_a_database_that_is_away(site, app, pages, planned):
    def killed(holder, watcher, pids):
        for pid in pids:
            watcher.execute("SELECT pg_terminate_backend(%s)", [pid])
        holder.rollback()

    form = {"csrfmiddlewaretoken": token_of(pages.get(f"/sessions/{planned}/before/").text)}
    page = in_the_middle_of(
        site.database,
        planned,
        lambda: pages.post(f"/sessions/{planned}/start/", data=form, headers={"Referer": str(app.base_url)}),
        killed,
    )
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Not available right now" in page.text
    program = in_the_middle_of(
        site.database, planned, lambda: app.post(f"/api/v1/sessions/{planned}/start"), killed
    )
    assert (program.status_code, program.headers["Retry-After"]) == (503, "5")
    assert app.get(f"/api/v1/sessions/{planned}").json()["status"] == "planned"


@pytest.mark.parametrize("path", ["/", "/api/v1/sessions/"])
def test_a_connection_lost_between_views_is_told_too(client, alice, monkeypatch, path):
    """As when the claims are bound; without a SQLSTATE, as libpq reports a server that is gone."""

    def lost(*_):
        raise OperationalError("consuming input failed") from psycopg.OperationalError(
            "consuming input failed"
        )

    client.force_login(alice)
    client.raise_request_exception = False
    monkeypatch.setattr(rls, "bind", lost)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    monkeypatch.setattr(rls, "bind", lambda *_: 1 / 0)
    assert client.get(path).status_code == 500


def test_a_list_leaves_out_what_is_gone(client, alice, monkeypatch):
    kept, gone = make_session(alice, planned={}), make_session(alice, planned={})
    read = sessions_api.records_by_id

    def read_later(*, user_id, session_ids):
        Session.objects.filter(pk=gone.pk).delete()
        return read(user_id=user_id, session_ids=session_ids)

    monkeypatch.setattr(sessions_api, "records_by_id", read_later)
    client.force_login(alice)
    answer = client.get("/api/v1/sessions/")
    assert answer.status_code == 200, answer.content
    assert [row["id"] for row in answer.json()["results"]] == [str(kept.pk)]


def test_a_session_whose_form_went_between_two_queries_is_not_found(alice, monkeypatch):
    advice = {"recommendation_id": str(uuid.uuid4())}
    row = make_session(alice, planned={"stress_level": 1})
    PreSessionData.objects.filter(session=row).update(recommendations_shown=advice)
    read = selectors.sessions.record_of

    def read_and_delete(found):
        record = read(found)
        Session.objects.filter(pk=row.pk).delete()
        return record

    monkeypatch.setattr(selectors.sessions, "record_of", read_and_delete)
    with pytest.raises(selectors.SessionNotFound):
        selectors.session_of(user_id=alice.pk, session_id=row.pk)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace", "options"])
def test_health_is_only_read(client, db, path, method):
    assert getattr(client, method)(path).status_code == 405
    assert client.head(path).status_code == client.get(path).status_code == 200
