"""Whoever travels keeps a diary of what was where it was: no session moves because its climber did."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sessions_app.models import Session
from tests.factories.sessions import make_session

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 10, 20)
START = datetime(2026, 10, 20, 21, 30, 15, tzinfo=BERLIN)  # the 21st, 4:30, in Tokyo


@pytest.fixture
def session(alice):
    return make_session(alice, day=DAY, started_at=START, quality=6, status="completed")


@pytest.fixture
def in_tokyo(client, alice, session):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    client.force_login(alice)
    return client


def change(client, session, body):
    path = f"/api/v1/sessions/{session.pk}"
    return client.patch(path, json.dumps(body), content_type="application/json")


def test_what_does_not_move_is_not_asked_about(in_tokyo, session):
    answer = change(in_tokyo, session, {"duration_min": 60})
    assert answer.status_code == 200, answer.content
    session.refresh_from_db()
    assert (session.duration_min, session.session_date, session.started_at) == (60, DAY, START)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"started_at": "2026-10-20T20:00:00Z"}, "started_at"),
        ({"session_date": "2026-10-22"}, "started_at"),
        ({"session_date": "2199-01-01", "duration_min": 60}, "session_date"),
        ({"duration_min": 1441}, "duration_min"),
    ],
    ids=["another start", "another day", "the future", "too long"],
)
def test_what_moves_is(in_tokyo, session, body, named):
    answer = change(in_tokyo, session, body)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {named})


def test_the_page_as_it_is_shown_moves_nothing(in_tokyo, session):
    address = f"/sessions/{session.pk}/before/"
    page = in_tokyo.get(address)
    form = page.context["form"]
    assert "on 21 October." in page.content.decode()
    assert form["start_time"].value().isoformat() == "04:30:00"
    shown = {"session_date": DAY.isoformat(), "start_time": "04:30", "version": form["version"].value()}
    assert in_tokyo.post(address, {**shown, "sleep_hours": "7"}).status_code == 302
    session.refresh_from_db()
    assert (session.session_date, session.started_at) == (DAY, START)


@pytest.mark.parametrize(
    ("typed", "start"),
    [
        ({"start_time": "05:00"}, datetime(2026, 10, 19, 20, tzinfo=UTC)),
        ({"session_date": "2026-10-21"}, datetime(2026, 10, 20, 19, 30, tzinfo=UTC)),
        ({"start_time": ""}, None),
    ],
    ids=["another hour", "another day", "none"],
)
def test_what_is_typed_is_by_the_clock_of_now(in_tokyo, session, typed, start):
    shown = {"session_date": DAY.isoformat(), "start_time": "04:30"}
    assert in_tokyo.post(f"/sessions/{session.pk}/before/", {**shown, **typed}).status_code == 302
    session.refresh_from_db()
    assert session.started_at == start


def load(client, text):
    file = SimpleUploadedFile("diary.csv", text.encode())
    return client.post("/diary/", {"file": file})


def test_ones_own_export_is_read_back(in_tokyo, alice, session):
    text = in_tokyo.get("/diary/export/").content.decode()
    assert "2026-10-21T04:30:15+09:00" in text
    looked = load(in_tokyo, text)
    assert looked.status_code == 200, looked.content
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "row",
    [
        "2026-10-20,2026-10-21T04:30:15+09:00,",
        "2026-10-20,2026-10-21T04:30:15,{id}",
        "2026-10-20,2026-10-21,{id}",
        "2026-10-20,2026-10-23T04:30:15+09:00,{id}",
        "2026-10-20,9999-12-31T23:59:59-12:00,{id}",
    ],
    ids=["no key", "no offset", "a day", "days away", "no calendar"],
)
def test_other_starts_are_on_their_day(in_tokyo, session, row):
    text = "session_date,started_at,session_id\n" + row.format(id=session.pk) + "\n"
    assert load(in_tokyo, text).status_code == 422
