"""An erasure by the background role itself, killed in the middle: all of it or nothing."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from typing import Any

import psycopg
import pytest

from tests.fixtures.database import server_environment, superuser_url
from tests.fixtures.servers import ROOT

pytestmark = pytest.mark.faults

ERASE = """
from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
job = Job.objects.create(kind="erase_accounts")
run_job(job_id=job.pk)
job.refresh_from_db()
print(job.status, job.result, job.error)
"""


@pytest.fixture
def root(cloned_database):
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def somebody(root) -> uuid.UUID:
    """A coach who climbs, whose two weeks are over."""

    def insert(statement: str, *values: Any) -> Any:
        return root.execute(statement, values).fetchone()[0]

    person: uuid.UUID = insert(
        "INSERT INTO users (email, password, display_name, is_staff, is_superuser, erasure_due_at)"
        " VALUES ('zoe@example.org', '!', 'Zoe', true, false, now()) RETURNING id"
    )
    session = insert(
        "INSERT INTO sessions (user_id, session_date) VALUES (%s, '2026-01-01') RETURNING id", person
    )
    root.execute(
        "INSERT INTO pre_session_data (session_id, user_id, sleep_notes) VALUES (%s, %s, 'zoes')",
        [session, person],
    )
    address = insert(
        'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
        " VALUES (%s, 'zoe@example.org', true, true) RETURNING id",
        person,
    )
    root.execute(
        "INSERT INTO account_emailconfirmation (created, key, email_address_id) VALUES (now(), 'k', %s)",
        [address],
    )
    root.execute(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, 'totp', '{}', now())",
        [person],
    )
    root.execute(
        "INSERT INTO logins (session_key, session_data, expire_date, user_id) VALUES ('d', 's', now(), %s)",
        [person],
    )
    root.execute(
        "INSERT INTO api_tokens (user_id, name, prefix, digest, scope) VALUES (%s, 'n', 'p', 'd', 'read')",
        [person],
    )
    root.execute("INSERT INTO model_outputs (user_id, coefficients) VALUES (%s, '{}')", [person])
    root.execute("INSERT INTO baseline_assessments (user_id, age) VALUES (%s, 30)", [person])
    return person


COUNTS = " UNION ALL ".join(
    f"SELECT '{table}', count(*) FROM {table} WHERE {column} = %(person)s"
    for table, column in {
        "sessions": "user_id", "pre_session_data": "user_id", "account_emailaddress": "user_id",
        "mfa_authenticator": "user_id", "logins": "user_id", "api_tokens": "user_id", "model_outputs": "user_id",
        "baseline_assessments": "user_id", "users_groups": "user_id",
    }.items()
)  # fmt: skip


def counts(root, person) -> dict[str, int]:
    return dict(root.execute(COUNTS, {"person": person}).fetchall())


def start(database: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", ERASE],
        cwd=ROOT,
        env=server_environment(database, "service"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_a_lock(root, database: str) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    for _ in range(300):
        if root.execute(waits, [database]).fetchone()[0]:
            return
        time.sleep(0.1)
    pytest.fail("it never came to the row")


def test_killed_in_the_middle_nothing_is_half_gone_and_the_next_try_finishes(cloned_database, root, somebody):
    before = counts(root, somebody)
    assert set(before.values()) == {1}
    with psycopg.connect(superuser_url(cloned_database)) as holder:
        # The erasure has emptied the account and deleted what comes before, and now waits for this row.
        holder.execute("SELECT 1 FROM sessions WHERE user_id = %s FOR UPDATE", [somebody])
        with start(cloned_database) as process:
            try:
                wait_for_a_lock(root, cloned_database)
            finally:
                process.kill()
    assert counts(root, somebody) == before
    assert root.execute("SELECT email FROM users WHERE id = %s", [somebody]).fetchone() == (
        "zoe@example.org",
    )

    output, _ = start(cloned_database).communicate(timeout=60)
    assert "succeeded {'accounts': 1}" in output
    assert set(counts(root, somebody).values()) == {0}
    email, name, erased, is_staff = root.execute(
        "SELECT email, display_name, erased_at IS NOT NULL, is_staff FROM users WHERE id = %s", [somebody]
    ).fetchone()
    assert email.endswith("@erased.invalid")
    assert (name, erased, is_staff) == ("", True, False)

    output, _ = start(cloned_database).communicate(timeout=60)
    assert "succeeded {'accounts': 0}" in output
