"""No column holds NaN or infinity, whatever wrote it: PostgreSQL's types take both, and a belief made of one is one."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.database import superuser_url

COLUMNS = """
SELECT c.relname, a.attname, a.atttypid IN ('real[]'::regtype, 'float8[]'::regtype, 'numeric[]'::regtype)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND a.atttypid IN (
    'real'::regtype, 'float8'::regtype, 'numeric'::regtype,
    'real[]'::regtype, 'float8[]'::regtype, 'numeric[]'::regtype)
ORDER BY 1, 2"""
CHECKS = """
SELECT pg_get_expr(k.conbin, k.conrelid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relname = %s AND c.relnamespace = 'public'::regnamespace AND k.contype = 'c' AND k.convalidated"""
ABSURD = ("NaN", "Infinity", "-Infinity")


@pytest.fixture(scope="module")
def database(template_database):
    with psycopg.connect(superuser_url(template_database)) as connection:
        yield connection


def columns_that_take(database, absurd: str) -> set[str]:
    """Columns of numbers whose type and whose table's CHECKs let the value pass, everything else being unknown."""
    found = set()
    for table, column, is_list in database.execute(COLUMNS).fetchall():
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
    assert columns_that_take(database, absurd) == set()


def test_a_new_column_would_be_found(database):
    with database.transaction(force_rollback=True):
        database.execute("CREATE TABLE forgotten (share float8, shares float8[], amount numeric(5, 1))")
        assert columns_that_take(database, "NaN") == {
            "forgotten.share", "forgotten.shares", "forgotten.amount",
        }  # fmt: skip
        assert columns_that_take(database, "Infinity") == {"forgotten.share", "forgotten.shares"}


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
