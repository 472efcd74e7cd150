"""A climber's way through the diary over HTTP: as it should go, twice at once, and with what nobody should send."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url
from tests.fixtures.visitors import visiting

ZONE = ZoneInfo("Europe/Ljubljana")
SPANISH_HEBREW_EMOJI = "niño 💪🏽\u200d שלום \u202eright to left? <script>alert(1)</script>"


def today() -> date:
    return datetime.now(ZONE).date()


def rows_of(database, query, *values):
    with psycopg.connect(superuser_url(database)) as connection:
        return connection.execute(query, values).fetchall()


def at_once(count, work):
    """Run `work` in as many threads, all starting together; their results."""
    gate = threading.Barrier(count)

    def run(number):
        gate.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def alice_at(site):
    add_person(site.database, "alice@example.org")
    address = site.start()
    with visiting(address, "alice@example.org") as alice:
        yield alice


def test_from_the_baseline_to_the_history(alice_at, site):
    alice = alice_at
    saved = alice.submit("/baseline/", {"age": "31", "weight_kg": "135 lb", "current_boulder_grade": "v4"})
    assert "Saved" in saved.text

    planned = alice.submit(
        "/sessions/new/",
        {
            "session_date": today().isoformat(),
            "sleep_hours": "7:30",
            "stress_level": "4",
            "current_niggles-state": "none",
            "session_type": "project",
            "session_intensity": "high",
            "caffeine_mg": "200",
            "sleep_notes": SPANISH_HEBREW_EMOJI,
        },
    )
    assert planned.status_code == 200
    assert str(planned.url).endswith("/recommendation/")
    ((session_id,),) = rows_of(site.database, "SELECT id FROM sessions")

    detail = alice.get(f"/sessions/{session_id}/")
    assert "<script>alert" not in detail.text
    assert "niño 💪🏽" in detail.text
    assert "\u202e" not in detail.text

    logged = alice.submit(
        f"/sessions/{session_id}/after/",
        {"as_planned": "no", "caffeine_mg": "0", "session_quality": "6", "deviation_reason": "time"},
    )
    assert "Thank you for saying what was different" in logged.text
    history = alice.get("/sessions/").text
    assert "Caffeine: 200 mg → none" in history
    assert "This week" in history
    row = rows_of(
        site.database,
        "SELECT s.status, p.planned_caffeine_mg, q.actual_caffeine_mg, q.deviated_from_plan, q.actual_session_type"
        " FROM sessions s JOIN pre_session_data p ON p.session_id = s.id"
        " JOIN post_session_data q ON q.session_id = s.id",
    )
    assert row == [("completed", 200, 0, True, None)]

    again = alice.get("/sessions/new/").text
    assert 'name="days_since_last_session" value="0"' in again
    assert "Filled in from your last session like this one" in again

    gone = alice.submit(f"/sessions/{session_id}/delete/", {})
    undo = gone.text.split('name="undo" value="')[1].split('"')[0]
    assert rows_of(site.database, "SELECT count(*) FROM sessions") == [(0,)]
    hidden = alice.hidden("/diary/")
    back = alice.post(f"/sessions/{session_id}/restore/", {**hidden, "undo": undo})
    assert "The session is back" in back.text


def test_one_form_sent_twice_at_once_makes_one_session(alice_at, site):
    hidden = alice_at.hidden("/sessions/new/")
    fields = {**hidden, "session_date": today().isoformat(), "stress_level": "3"}
    answers = at_once(4, lambda number: alice_at.post("/sessions/new/", fields))
    assert {answer.status_code for answer in answers} == {200}
    assert rows_of(site.database, "SELECT count(*) FROM sessions") == [(1,)]
    assert rows_of(site.database, "SELECT count(*) FROM pre_session_data") == [(1,)]


def test_two_tabs_log_differently_at_once_and_one_is_told(alice_at, site):
    alice_at.submit("/sessions/new/", {"session_date": today().isoformat(), "session_type": "volume"})
    ((session_id,),) = rows_of(site.database, "SELECT id FROM sessions")
    url = f"/sessions/{session_id}/after/"
    hidden = alice_at.hidden(url)

    def log(number):
        fields = {"as_planned": "yes", "session_quality": str(3 + number), "notes": f"typed in tab {number}"}
        return alice_at.post(url, {**hidden, **fields})

    answers = at_once(2, log)
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    told = next(answer for answer in answers if answer.status_code == 422)
    assert "changed in the meantime" in told.text
    assert "typed in tab" in told.text
    assert rows_of(site.database, "SELECT count(*) FROM post_session_data") == [(1,)]


def test_one_baseline_sent_twice_at_once_is_one_version(alice_at, site):
    hidden = alice_at.hidden("/baseline/")
    answers = at_once(3, lambda number: alice_at.post("/baseline/", {**hidden, "age": "31"}))
    assert {answer.status_code for answer in answers} == {200}
    assert rows_of(site.database, "SELECT count(*), bool_and(is_current) FROM baseline_assessments") == [
        (1, True)
    ]


def test_the_api_takes_two_of_the_same_at_once(alice_at, site):
    """One of them logs; the other is told, or answered the same where they share a key."""
    token = site.manage("issue_token", "alice@example.org").split()[-1]
    address = str(alice_at.client.base_url)
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as app:
        made = app.post("/api/v1/sessions/", json={"session_date": today().isoformat()}).json()
        url = f"/api/v1/sessions/{made['id']}/post-session"
        answers = at_once(4, lambda number: app.post(url, json={"session_quality": 3 + number}))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        body = {"session_date": today().isoformat(), "pre_session": {"stress_level": 2}}
        keyed = at_once(
            4, lambda n: app.post("/api/v1/sessions/", json=body, headers={"Idempotency-Key": "k"})
        )
        assert {answer.status_code for answer in keyed} <= {201, 409}
        assert len({answer.json()["id"] for answer in keyed if answer.status_code == 201}) == 1
    assert rows_of(site.database, "SELECT count(*) FROM sessions") == [(2,)]
    assert rows_of(site.database, "SELECT count(*) FROM post_session_data") == [(1,)]


def test_what_nobody_should_send(alice_at, site):
    alice = alice_at
    add_person(site.database, "bob@example.org")
    alice.submit("/sessions/new/", {"session_date": today().isoformat(), "stress_level": "3"})
    ((session_id,),) = rows_of(site.database, "SELECT id FROM sessions")
    before = rows_of(
        site.database, "SELECT * FROM sessions JOIN pre_session_data p ON p.session_id = sessions.id"
    )

    with visiting(str(alice.client.base_url), "bob@example.org") as bob:
        hidden = bob.hidden("/sessions/new/")
        for page in ("", "before/", "after/", "skip/", "delete/"):
            assert bob.get(f"/sessions/{session_id}/{page}").status_code == 404
            if page:
                assert bob.post(f"/sessions/{session_id}/{page}", hidden).status_code == 404

    hidden = alice.hidden("/sessions/new/")
    for day in (
        "1890-01-01",
        (today() + timedelta(days=400)).isoformat(),
        "0000-00-00",
        "٢٠٢٦-٠٥-٠٤",
        "9" * 5000,
    ):
        answer = alice.post("/sessions/new/", {**hidden, "session_date": day})
        assert answer.status_code == 422, day
    huge = alice.post("/sessions/new/", {**hidden, "sleep_notes": "x" * 10_000_000})
    assert huge.status_code in {400, 413}
    many = alice.post("/sessions/new/", {**hidden, **{f"field{n}": "x" for n in range(2000)}})
    assert many.status_code in {400, 413}
    assert alice.client.post("/sessions/new/", data={"stress_level": "3"}).status_code == 403  # no form key
    assert alice.client.put(
        "/sessions/new/", headers={"Referer": str(alice.client.base_url)}
    ).status_code in {403, 405}
    file = {"file": ("d.csv", b"x" * 10_000_000)}
    assert alice.post("/diary/", hidden, files=file).status_code in {413, 422}
    after = rows_of(
        site.database, "SELECT * FROM sessions JOIN pre_session_data p ON p.session_id = sessions.id"
    )
    assert after == before


def test_a_claim_of_another_day_is_ones_own_midnight(alice_at, site):
    """Just after midnight here it is still yesterday in UTC; the day is the climber's."""
    with psycopg.connect(superuser_url(site.database), autocommit=True) as connection:
        connection.execute("UPDATE users SET time_zone = 'Pacific/Kiritimati'")
    there = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    page = alice_at.get("/sessions/new/").text
    assert f'name="session_date" value="{there.isoformat()}"' in page
    alice_at.submit("/sessions/new/", {"session_date": there.isoformat(), "start_time": "00:05"})
    ((session_id, start),) = rows_of(site.database, "SELECT id, started_at FROM sessions")
    assert start.astimezone(ZoneInfo("Pacific/Kiritimati")).date() == there
    logged = alice_at.submit(f"/sessions/{session_id}/after/", {"session_quality": "6"})
    assert "Logged" in logged.text
