"""What the migrations do to rows that were there before them, as the tables' owner, whom policies hide them from."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.database import role_url, superuser_url

ROOT = Path(__file__).resolve().parents[2]
DERIVED = import_module("sessions_app.migrations.0008_derived_answers").FOLLOW_THE_DIARY
ADVICE = (ROOT / "recommendations/migrations/sql/0004_all_advice_comes_back.sql").read_text()

USER, OPEN, OVER = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3))
FIRST, SECOND = (f"00000000-0000-0000-0000-0000000000a{n}" for n in (1, 2))


@pytest.fixture
def before(cloned_database):
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as database:
        database.execute(
            "INSERT INTO users (id, email, password, display_name, is_superuser)"
            " VALUES (%s, 'a@climbiq.test', '', 'A', false)",
            [USER],
        )
        for key, status in ((OPEN, "planned"), (OVER, "completed")):
            database.execute(
                "INSERT INTO sessions (id, user_id, session_date, status) VALUES (%s, %s, '2026-05-04', %s)",
                [key, USER, status],
            )
            database.execute(
                "INSERT INTO pre_session_data (session_id, days_since_hard_session) VALUES (%s, 5)", [key]
            )
        for key, at, guess in ((FIRST, "10:00", 7), (SECOND, "11:00", None)):
            database.execute(
                "INSERT INTO recommendations (id, user_id, session_id, conditions, evidence, rules_version,"
                " prior_version, model_version, own_forecast, created_at)"
                " VALUES (%s, %s, %s, '{}', '{}', 1, 1, '', %s, ('2026-05-04 ' || %s)::timestamptz)",
                [key, USER, OPEN, guess, at],
            )
        database.execute(
            "UPDATE pre_session_data SET recommendations_shown = jsonb_build_object('recommendation_id', %s::text,"
            " 'own_forecast', NULL) WHERE session_id = %s",
            [SECOND, OPEN],
        )
    return cloned_database


def test_plans_follow_the_diary_and_all_advice_is_named(before):
    with psycopg.connect(role_url(before, "owner")) as owner:
        owner.execute(DERIVED)
        owner.execute(ADVICE)
    with psycopg.connect(superuser_url(before)) as database:
        rows = database.execute(
            "SELECT session_id::text, derived_said, recommendations_shown FROM pre_session_data"
        ).fetchall()
        forced = database.execute(
            "SELECT count(*) FROM pg_class WHERE relname IN ('sessions', 'pre_session_data') AND relforcerowsecurity"
        ).fetchone()
    found = {key: (said, shown) for key, said, shown in rows}
    shown = {"recommendation_id": SECOND, "own_forecast": 7, "earlier": [FIRST, SECOND]}
    assert found == {OPEN: ([], shown), OVER: (None, None)}
    assert forced == (2,)
