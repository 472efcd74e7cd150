"""On the day the clocks go forward there is an hour less: who names a time in it is asked again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sessions_app.models import Session
from tests.factories.sessions import make_session


@pytest.fixture
def climbing(client, alice):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    client.force_login(alice)
    return client


def test_a_start_that_the_clocks_skip_is_told_at_its_field(climbing, alice):
    typed = {"session_date": "2026-03-29", "start_time": "02:30"}
    told = climbing.post("/sessions/new/", typed)
    assert told.status_code == 422
    assert told.context["form"].errors == {
        "start_time": ["There is no 02:30 on this day: the clocks go forward."]
    }
    assert not Session.objects.exists()
    assert climbing.post("/sessions/new/", typed | {"start_time": "03:30"}).status_code == 302
    assert Session.objects.get().started_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_end_that_the_clocks_skip_is_told_at_its_field(climbing, alice):
    session = make_session(alice, day=date(2026, 3, 28), started_at=datetime(2026, 3, 28, 22, 0, tzinfo=UTC))
    address, typed = f"/sessions/{session.pk}/after/", {"session_quality": "6"}
    told = climbing.post(address, typed | {"end_time": "02:30"})
    assert told.context["form"].errors == {
        "end_time": ["There is no 02:30 on this day: the clocks go forward."]
    }
    assert climbing.post(address, typed | {"end_time": "03:30"}).status_code == 302
    session.refresh_from_db()
    assert session.ended_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_the_api_refuses_a_local_time_that_the_clocks_skip(climbing, alice):
    body = {"session_date": "2026-03-29", "started_at": "2026-03-29T02:30:00"}
    answer = climbing.post("/api/v1/sessions/", body, content_type="application/json")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"started_at"})
