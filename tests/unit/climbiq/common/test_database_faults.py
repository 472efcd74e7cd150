"""Errors of the real database, and what a client is told of them."""

from __future__ import annotations

import uuid

import pytest
from django.db import DataError, Error, ProgrammingError, connection, transaction

from climbiq.accounts import rls
from climbiq.accounts.models import User
from climbiq.common import database_faults
from climbiq.common.database_faults import explain_fault
from climbiq.common.problems import problem_of


def fault_of(statement: str, *values: object) -> Error:
    """Run a statement that fails."""
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))
    return caught.value


@pytest.mark.parametrize(
    ("statement", "status", "message"),
    [
        pytest.param(
            "INSERT INTO auth_group (name) VALUES ('Coaches')", 409, "This is there already.", id="unique"
        ),
        pytest.param(
            "INSERT INTO jobs (kind, status) VALUES ('purge', 'lost')",
            422,
            "A value is missing or outside what can be stored.",
            id="check",
        ),
        pytest.param(
            "INSERT INTO jobs (kind) VALUES (NULL)",
            422,
            "A value is missing or outside what can be stored.",
            id="not null",
        ),
        pytest.param(
            f"INSERT INTO jobs (kind, requested_by) VALUES ('purge', '{uuid.UUID(int=7)}')",
            422,
            "It refers to something that does not exist.",
            id="foreign key",
        ),
        pytest.param(
            "INSERT INTO jobs (kind, attempts) VALUES ('purge', 99999999999)",
            400,
            "A value cannot be stored as it is.",
            id="out of range",
        ),
        pytest.param(
            "DO $$ BEGIN RAISE EXCEPTION 'a safety rule needs a second coach' USING ERRCODE = '23514'; END $$",
            422,
            "A safety rule needs a second coach.",
            id="a trigger speaks",
        ),
        pytest.param(
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$",
            409,
            "Somebody else is changing this right now. Try again.",
            id="deadlock",
        ),
        pytest.param(
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53300'; END $$",
            503,
            "The database is not available right now.",
            id="too many connections",
        ),
    ],
)
def test_in_words(db, statement: str, status: int, message: str) -> None:
    fault = explain_fault(fault_of(statement), safe=False)
    assert fault is not None
    assert (fault.status, fault.message) == (status, message)


def test_the_column_that_must_not_be_null_is_named(db) -> None:
    problem = problem_of(fault_of("INSERT INTO jobs (kind) VALUES (NULL)"), safe=False)
    assert problem is not None
    assert list(problem.errors) == ["kind"]


def test_our_own_mistake_stays_one(db) -> None:
    error = fault_of("SELECT no_such_column FROM jobs")
    assert isinstance(error, ProgrammingError)
    assert problem_of(error, safe=True) is None


def test_every_constraint_that_is_explained_exists(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind = 'i'"
        )
        known = {name for (name,) in cursor.fetchall()}
    assert set(database_faults._constraints) <= known


def test_what_the_policies_refuse(alice: User, bob: User, caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> Error:
        with pytest.raises(Error) as caught, rls.as_user(alice.pk), connection.cursor() as cursor:
            cursor.execute("INSERT INTO jobs (kind, requested_by) VALUES ('purge', %s)", [bob.pk])
        return caught.value

    writing = problem_of(refused(), safe=False)
    reading = problem_of(refused(), safe=True)
    assert writing is not None
    assert reading is not None
    assert (writing.status, reading.status) == (403, 404)
    assert "policy" not in writing.detail
    assert caplog.text.count("the database refused a request") == 2


@pytest.mark.parametrize(
    ("claims", "statement"),
    [
        ("", "SELECT app.uid()"),
        ("a|b|c", "SELECT app.uid()"),
        (None, "SELECT * FROM app.rls_key"),
        (None, "DELETE FROM users"),
    ],
    ids=["no claims", "malformed claims", "a schema's secret", "no grant"],
)
@pytest.mark.parametrize("safe", [True, False], ids=["reading", "writing"])
def test_missing_claims_and_grants_are_our_mistakes(
    alice: User, claims: str | None, statement: str, safe: bool
) -> None:
    with pytest.raises(Error) as caught, rls.as_user(alice.pk), connection.cursor() as cursor:
        if claims is not None:
            cursor.execute("SELECT set_config('app.claims', %s, true)", [claims])
        cursor.execute(statement)
    assert problem_of(caught.value, safe=safe) is None


def test_a_data_error_without_a_driver_behind_it_is_ours() -> None:
    assert explain_fault(DataError("made up"), safe=False) is None
