"""What a change of the diary is felt in, and that no more is derived anew."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.services import derive
from sessions_app.services.derive import derive_anew
from tests.factories.sessions import make_session

FIRST = date(2026, 1, 1)
NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
EVERY_DAY = [FIRST + timedelta(days=n) for n in range(-1, 60)]
DERIVED = ("days_since_last_session", "days_since_hard_session", "time_of_day", "derived_said")


def stored(user) -> list[Any]:
    return list(
        PreSessionData.objects.filter(user=user).order_by("session_id").values_list("session_id", *DERIVED)
    )


def some_session(user, rng: random.Random, *, hard: float) -> Session:
    intensity = rng.choice(["high", "max"]) if rng.random() < hard else rng.choice([None, "low", "moderate"])
    quality = rng.choice([None, 6, 6, 6])
    day = FIRST + timedelta(days=rng.randrange(50))
    start = datetime(day.year, day.month, day.day, rng.randrange(6, 22), tzinfo=UTC)
    session = make_session(
        user,
        day=day,
        planned={"session_intensity": intensity} if rng.random() < 0.9 else None,
        quality=quality,
        started_at=start if rng.random() < 0.7 else None,
        **({} if quality else {"status": rng.choice(["planned", "skipped"])}),
    )
    said = rng.choice(
        [[], [], [], ["days_since_hard_session"], ["days_since_last_session", "time_of_day"], None]
    )
    PreSessionData.objects.filter(session=session).update(derived_said=said)
    return session


def change(user, rng: random.Random, *, hard: float) -> list[date]:
    """Add, delete, move, log, or change the intensity of a session; the days that it was and is on."""
    there = list(Session.objects.filter(user=user).order_by("pk"))
    kind = rng.choice(["add", "add", "delete", "move", "status", "intensity"])
    if kind == "add" or not there:
        return [some_session(user, rng, hard=hard).session_date]
    session = rng.choice(there)
    before = session.session_date
    if kind == "delete":
        session.delete()
    elif kind == "move":
        session.session_date = FIRST + timedelta(days=rng.randrange(50))
        session.save()
    elif kind == "status":
        session.status = "completed" if session.status != "completed" else "planned"
        session.save()
    else:
        PostSessionData.objects.filter(session=session).update(
            deviated_from_plan=True, actual_intensity=rng.choice(["max", "low"])
        )
        PreSessionData.objects.filter(session=session).update(planned_intensity=rng.choice(["max", "low"]))
    return [before, session.session_date]


@pytest.mark.parametrize("hard", [0.0, 0.1, 0.5], ids=["none is hard", "few are", "half are"])
def test_it_is_as_if_all_had_been_derived(alice, hard):
    rng = random.Random(7)
    for _ in range(12):
        some_session(alice, rng, hard=hard)
    derive_anew(by=alice, days=EVERY_DAY, now=NOW)
    for step in range(60):
        derive_anew(by=alice, days=change(alice, rng, hard=hard), now=NOW)
        found = stored(alice)
        derive_anew(by=alice, days=EVERY_DAY, now=NOW)
        assert found == stored(alice), f"step {step}"


def test_what_comes_after_the_next_sessions_is_not_read(alice, monkeypatch):
    """Of a diary of decades only the next sessions feel a change of an old one."""
    sessions = [
        make_session(alice, day=FIRST + timedelta(days=n), planned={"session_intensity": "low"}, quality=5)
        for n in range(40)
    ]
    PreSessionData.objects.update(derived_said=[])
    derive_anew(by=alice, days=EVERY_DAY, now=NOW)
    read: list[int] = []
    real = derive.derive_each

    def counted(*, visits, **more):
        read.append(len(visits))
        return real(visits=visits, **more)

    monkeypatch.setattr(derive, "derive_each", counted)
    PreSessionData.objects.filter(session=sessions[3]).update(planned_intensity="max")
    derive_anew(by=alice, days=[sessions[3].session_date], now=NOW)
    assert read == [2]
    since = PreSessionData.objects.filter(session=sessions[39]).values_list(
        "days_since_hard_session", flat=True
    )
    assert list(since) == [36]


def test_a_session_that_moves_far_does_not_touch_all_between(alice, monkeypatch):
    for n in range(40):
        make_session(alice, day=FIRST + timedelta(days=n), planned={"session_intensity": "high"}, quality=5)
    PreSessionData.objects.update(derived_said=[])
    derive_anew(by=alice, days=EVERY_DAY, now=NOW)
    read: list[int] = []
    real = derive.derive_each
    monkeypatch.setattr(
        derive,
        "derive_each",
        lambda *, visits, **more: (read.append(len(visits)), real(visits=visits, **more))[1],
    )
    derive_anew(by=alice, days=[FIRST, FIRST + timedelta(days=38)], now=NOW)
    assert read == [2, 2]
