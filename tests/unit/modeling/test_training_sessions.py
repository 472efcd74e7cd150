"""What a run reads is what each session was as treated, and its rows are those that serving makes."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.design_matrix import design_matrix
from modeling.domain.training_data import training_data
from modeling.domain.treated_columns import TreatedColumns
from modeling.selectors import sessions_by_climber, treated_columns
from sessions_app import finished
from sessions_app.domain.records import SessionRecord
from sessions_app.models import PreSessionData, Session
from sessions_app.selectors import history_of
from tests.factories.people import make_climber
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

FIRST = date(2026, 1, 5)
TREATED = {
    "caffeine_mg": [None, 0, 100, 400],
    "warmup_duration_min": [None, 0, 20],
    "session_type": [None, *SESSION_TYPES],
    "session_intensity": [None, *INTENSITIES],
}


def make_random_sessions(rng: random.Random, *, n_climbers: int, n_sessions: int) -> None:
    """Sessions of every sort: plans kept and not, answers missing, no plan at all, unrated, skipped."""
    for _ in range(n_climbers):
        climber = make_climber()
        for _ in range(n_sessions):
            planned = {
                name: rng.choice([None, VARIABLES[name].low, VARIABLES[name].reference, VARIABLES[name].high])
                for name in MODEL_VARIABLES
                if name not in TREATED
            }
            for name, values in TREATED.items():
                planned[name] = rng.choice(values)
            has_plan, is_rated = rng.random() < 0.9, rng.random() < 0.9
            make_session(
                climber,
                day=FIRST + timedelta(days=rng.randrange(40)),
                planned=planned if has_plan else None,
                actual={name: rng.choice(values) for name, values in TREATED.items()},
                quality=rng.randint(1, 10) if is_rated else None,
                deviated=rng.random() < 0.5,
                outcomes={"energy_post": 3},
                status="completed" if rng.random() < 0.9 else "skipped",
            )


@pytest.fixture
def many(db):
    make_random_sessions(random.Random(3), n_climbers=6, n_sessions=25)


EPOCH = date(1970, 1, 1).toordinal()
KINDS = ("session_type", "session_intensity")


def as_read(sessions: TreatedColumns, row: int) -> str:
    values = [None if math.isnan(v) else v for v in sessions.values[row].tolist()]
    kinds = [sessions.kinds[variable][row] for variable in KINDS]
    return repr((float(sessions.day[row]), float(sessions.quality[row]), values, kinds))


def as_recorded(record: SessionRecord) -> str:
    treated = record.as_treated
    values = [None if treated.get(name) is None else float(treated[name]) for name in MODEL_VARIABLES]
    day = float(record.session_date.toordinal() - EPOCH)
    return repr((day, float(record.quality or 0), values, [treated.get(variable) for variable in KINDS]))


def test_what_is_read_is_what_was_done(many):
    sessions, notes = treated_columns()
    assert notes == ()
    assert sessions.n_climbers == 6
    assert sessions.n_sessions > 90
    for u, climber in enumerate(sessions.climbers):
        rows = range(sessions.start[u], sessions.start[u + 1])
        records = [
            record
            for record in history_of(user_id=UUID(climber), limit=1000)
            if record.status == "completed" and record.quality is not None
        ]
        assert sorted(as_read(sessions, row) for row in rows) == sorted(map(as_recorded, records))
        assert list(sessions.day[rows]) == sorted(sessions.day[rows])


def test_training_makes_the_rows_that_serving_makes(many):
    sessions, _ = treated_columns()
    data = training_data(sessions=sessions, priors={})
    assert (
        len(data.priors.names)
        == 1 + len(MODEL_VARIABLES) + 3 * (len(SESSION_TYPES) - 1) + len(INTENSITIES) - 1
    )
    for u, own in enumerate(sessions_by_climber()):
        served = design_matrix(sessions=own, columns=data.priors.names)
        rows = data.grouped.rows(group=u)
        np.testing.assert_allclose(data.grouped.design[rows], served.design, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(data.grouped.outcome[rows], served.outcome)
        np.testing.assert_array_equal(np.diff(data.grouped.day[rows]), np.diff(served.day))
        np.testing.assert_array_equal(data.never_said[u], served.usual.n_known == 0)


def test_columns_are_those_of_the_kinds_that_occur(alice):
    for kind in ("power", None, "volume"):
        make_session(alice, planned={"session_type": kind}, quality=6)
    sessions, _ = treated_columns()
    names = training_data(sessions=sessions, priors={}).priors.names
    assert names[10:] == ("type:power", "type:power×stress_level", "type:power×sleep_hours")


def test_a_word_of_no_vocabulary_is_told_and_not_used(alice):
    session = make_session(alice, planned={"session_type": "power"}, quality=6)
    PreSessionData.objects.filter(session=session).update(planned_session_type="yoga")
    sessions, notes = treated_columns()
    assert sessions.kinds["session_type"] == [None]
    assert notes == ("1 sessions with a session_type that is no known word: taken as not said",)


def test_an_empty_house(db):
    sessions, _ = treated_columns()
    assert (sessions.n_climbers, sessions.n_sessions, sessions.start.tolist()) == (0, 0, [0])
    data = training_data(sessions=sessions, priors={})
    assert data.grouped.n_groups == 0


def test_many_small_pieces_are_put_together(many, monkeypatch):
    whole, _ = treated_columns()
    monkeypatch.setattr(finished, "_CHUNK_BYTES", 1000)
    pieces, _ = treated_columns()
    assert whole.fingerprint() == pieces.fingerprint()


def test_the_fingerprint_is_of_every_value(alice, bob):
    for climber in (alice, bob):
        make_session(climber, planned={"sleep_hours": 7, "session_type": "power"}, quality=6)
    before = treated_columns()[0].fingerprint()
    assert treated_columns()[0].fingerprint() == before
    changes = [
        lambda: PreSessionData.objects.filter(user=alice).update(sleep_hours=7.1),
        lambda: PreSessionData.objects.filter(user=alice).update(sleep_hours=None),
        lambda: PreSessionData.objects.filter(user=bob).update(planned_session_type=None),
        lambda: Session.objects.filter(user=bob).update(session_date="2020-01-01"),
        lambda: make_session(alice, planned={}, quality=6),
    ]
    seen = {before}
    for change in changes:
        change()
        seen.add(treated_columns()[0].fingerprint())
    assert len(seen) == len(changes) + 1


def test_it_is_one_query_and_a_count(many, django_assert_num_queries):
    assert connection.vendor == "postgresql"
    with django_assert_num_queries(2):
        treated_columns()


@pytest.mark.parametrize("day", ["infinity", "-infinity", "0044-03-15 BC", "9999-12-31"])
def test_a_session_on_no_day_is_left_out_and_noted(many, day):
    """As in a table that was restored without its CHECKs: one such row ended everybody's training."""
    before, _ = treated_columns()
    row = make_session(make_climber(), day=FIRST, quality=7, status="completed")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions DROP CONSTRAINT sessions_session_date_readable")
        cursor.execute("UPDATE sessions SET session_date = %s WHERE id = %s", [day, row.pk])
    after, notes = treated_columns()
    assert after.n_sessions == before.n_sessions
    assert any("1 sessions left out: their date" in note for note in notes)
    assert sum(map(len, sessions_by_climber())) == before.n_sessions
