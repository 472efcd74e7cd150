"""No column holds NaN, infinity or a time beyond Python's calendar, whatever wrote it: PostgreSQL's types take them all.

A belief made of one is one, and one climber's row that cannot be read would stop everybody's training.
"""

from __future__ import annotations

import zoneinfo
from decimal import Decimal

import psycopg
import pytest
from django.apps import apps
from psycopg import sql

from tests.fixtures.database import superuser_url

COLUMNS = """
SELECT c.relname, a.attname, a.atttypid IN ('real[]'::regtype, 'float8[]'::regtype, 'numeric[]'::regtype)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND a.atttypid = ANY (%s::regtype[])
ORDER BY 1, 2"""
NUMBERS = ["real", "float8", "numeric", "real[]", "float8[]", "numeric[]"]
TIMES = ["date", "timestamptz", "timestamp"]
CHECKS = """
SELECT pg_get_expr(k.conbin, k.conrelid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relname = %s AND c.relnamespace = 'public'::regnamespace AND k.contype = 'c' AND k.convalidated"""
ABSURD = ("NaN", "Infinity", "-Infinity")
UNREADABLE = ("infinity", "-infinity", "0044-03-15 BC", "0001-01-01", "9999-12-31", "25000-01-01")


@pytest.fixture(scope="module")
def database(template_database):
    with psycopg.connect(superuser_url(template_database)) as connection:
        yield connection


def columns_that_take(database, absurd: str, *, kinds: list[str]) -> set[str]:
    """Columns of those types whose type and whose table's CHECKs let the value pass, everything else being unknown."""
    found = set()
    for table, column, is_list in database.execute(COLUMNS, [kinds]).fetchall():
        checks = [sql.SQL(text) for (text,) in database.execute(CHECKS, [table]).fetchall()]
        value = f'["{absurd}"]' if is_list else f'"{absurd}"'
        refused = sql.SQL(" OR ").join(
            [sql.SQL("NOT ({})").format(check) for check in checks] or [sql.SQL("false")]
        )
        row = sql.SQL("SELECT coalesce({}, false) FROM jsonb_populate_record(NULL::{}, {}::jsonb)").format(
            refused, sql.Identifier(table), sql.Literal(f'{{"{column}": {value}}}')
        )
        try:
            with database.transaction(force_rollback=True):
                (is_refused,) = database.execute(row).fetchone()
        except psycopg.errors.NumericValueOutOfRange:
            is_refused = True  # numeric(10, 6) has no room for infinity
        if not is_refused:
            found.add(f"{table}.{column}")
    return found


@pytest.mark.parametrize("absurd", ABSURD)
def test_every_column_of_numbers_refuses_it(database, absurd):
    """A new column is named here? Give its model `*finite(\"its_name\", table=…)`."""
    assert columns_that_take(database, absurd, kinds=NUMBERS) == set()


def tables_of_others() -> set[str]:
    """What Django and allauth keep for themselves."""
    ours = ("climbiq.", "experts", "modeling", "recommendations", "sessions_app")
    every = apps.get_models(include_auto_created=True)
    return {m._meta.db_table for m in every if not m._meta.app_config.name.startswith(ours)} | {
        "django_migrations"
    }


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_every_column_of_times_refuses_what_cannot_be_read(database, unreadable):
    """A new column is named here? Give its model `*readable_times(\"its_name\", table=…)`, or `readable_days`."""
    found = columns_that_take(database, unreadable, kinds=TIMES)
    assert {name for name in found if name.split(".")[0] not in tables_of_others()} == set()


def test_what_python_reads_in_every_time_zone_passes(database):
    """Beyond the ends of ours lies room for every offset."""
    for good in ("1900-01-01 00:00+00", "2999-12-31 23:59:59.999999+00"):
        assert "sessions.started_at" in columns_that_take(database, good, kinds=TIMES)
    for good in ("1950-01-01", "2199-12-31"):
        assert "sessions.session_date" in columns_that_take(database, good, kinds=TIMES)
    for bad in ("1949-12-31", "2200-01-01"):
        assert "sessions.session_date" not in columns_that_take(database, bad, kinds=TIMES)


def test_a_new_column_would_be_found(database):
    with database.transaction(force_rollback=True):
        database.execute(
            "CREATE TABLE forgotten (share float8, shares float8[], amount numeric(5, 1),"
            " day date, moment timestamptz)"
        )
        assert columns_that_take(database, "NaN", kinds=NUMBERS) == {
            "forgotten.share", "forgotten.shares", "forgotten.amount",
        }  # fmt: skip
        assert columns_that_take(database, "Infinity", kinds=NUMBERS) == {
            "forgotten.share", "forgotten.shares",
        }  # fmt: skip
        assert {"forgotten.day", "forgotten.moment"} <= columns_that_take(database, "infinity", kinds=TIMES)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("population_mean", "NaN"), ("population_std", "NaN"), ("population_std", "-0.1"),
        ("individual_variance", "NaN"), ("individual_variance", "-0.1"), ("optimal_max", "NaN"),
    ],
)  # fmt: skip
def test_a_prior_that_no_model_could_start_from_is_refused_by_name(database, column, value):
    row = {"variable_name": "'x'", "population_mean": "0", "population_std": "0", "version": "9"}
    row[column] = f"'{value}'"
    insert = f"INSERT INTO population_priors ({', '.join(row)}) VALUES ({', '.join(row.values())})"
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=f"population_priors_{column}_finite"),
        database.transaction(force_rollback=True),
    ):
        database.execute(insert)


def test_what_is_a_number_passes(database):
    with database.transaction(force_rollback=True):
        row = database.execute(
            "INSERT INTO population_priors (variable_name, population_mean, population_std, optimal_max, version)"
            " VALUES ('x', -9999.999999, 0, 99999999.99, 9) RETURNING population_mean"
        ).fetchone()
    assert row == (Decimal("-9999.999999"),)


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("session_date", "infinity", "sessions_session_date_readable"),
        ("ended_at", "-infinity", "sessions_ended_at_readable"),
        ("duration_min", "2147483647", "sessions_duration_min_check"),
        ("duration_min", "-1", "sessions_duration_min_check"),
    ],
)
def test_a_session_that_no_page_could_show_is_refused_by_name(database, column, value, constraint):
    row = {"user_id": "gen_random_uuid()", "session_date": "'2026-01-01'", column: f"'{value}'"}
    insert = f"INSERT INTO sessions ({', '.join(row)}) VALUES ({', '.join(row.values())})"
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=constraint),
        database.transaction(force_rollback=True),
    ):
        database.execute(insert)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("pre_session_data", "derived_said"),
        ("pre_session_data", "specific_objectives"),
        ("post_session_data", "sends"),
    ],
)
def test_a_list_of_lists_is_refused_by_name(database, table, column):
    insert = f"INSERT INTO {table} (user_id, session_id, {column}) VALUES (gen_random_uuid(), gen_random_uuid(), %s)"
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=f"{table}_{column}_flat"),
        database.transaction(force_rollback=True),
    ):
        database.execute(insert, ["{{time_of_day}}"])


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/passwd", "Europe//Berlin", "", "Europe/Berlin\n"])
def test_what_has_not_the_shape_of_a_time_zone_is_refused(database, zone):
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="users_time_zone_check"),
        database.transaction(force_rollback=True),
    ):
        database.execute(
            "INSERT INTO users (email, password, display_name, is_superuser, time_zone)"
            " VALUES ('zone@example.org', '!', '', false, %s)",
            [zone],
        )


def test_every_time_zone_there_is_has_that_shape(database):
    with database.transaction(force_rollback=True):
        (refused,) = database.execute(
            "SELECT count(*) FROM unnest(%s::text[]) AS zone WHERE zone !~ '^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$'",
            [sorted(zoneinfo.available_timezones())],
        ).fetchone()
    assert refused == 0
