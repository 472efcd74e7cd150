"""Background work over a real worker, a real Valkey and a real PostgreSQL, each killed in the middle of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from celery import Celery

from climbiq.local.valkey import EmbeddedValkey
from tests.fakes.job_worker import TABLES
from tests.fixtures.database import copy_template, run_on_server, server_environment, superuser_url
from tests.fixtures.servers import ROOT

pytestmark = pytest.mark.faults

DATABASE = "climbiq_jobs"
LEASE_SECONDS = 2
COMMAND = (
    *(sys.executable, "-m", "celery", "-A", "tests.fakes.job_worker", "worker", "-Q", "default,training"),
    *("--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


@dataclass
class Backyard:
    """A database, a broker and workers over them; the test plays beat."""

    valkey: EmbeddedValkey
    client: Celery
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, *, concurrency: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker in a process group of its own."""
        worker = subprocess.Popen(
            [*COMMAND, "--concurrency", str(concurrency), "--hostname", f"w{len(self.workers)}@test"],
            cwd=ROOT,
            env=server_environment(DATABASE, "service")
            | {
                "REDIS_URL": self.valkey.url(),
                "CELERY_BROKER_URL": self.valkey.broker_url(),
                "CLIMBIQ_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
                "CLIMBIQ_JOB_RING_AGAIN_SECONDS": "1",
            },
            start_new_session=True,
        )
        self.workers.append(worker)
        return worker

    def kill_all(self) -> None:
        """kill -9 every worker with its children."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)
        self.workers.clear()

    def ensure_worker(self) -> subprocess.Popen[bytes]:
        """Return the worker that the last test left, or a new one."""
        if not (self.workers and self.workers[-1].poll() is None):
            self.start_worker()
        return self.workers[-1]

    def add_job(self, kind: str, **payload: Any) -> UUID:
        """Write a job's row, as `enqueue` does, without ringing."""
        attempts = {"test_slow": 3, "test_poison": 2, "test_hopeless": 5, "test_hangs": 1}[kind]
        row = self.sql(
            "INSERT INTO jobs (kind, payload, max_attempts) VALUES (%s, %s, %s) RETURNING id",
            kind,
            json.dumps(payload),
            attempts,
        )[0]
        return row[0]

    def ring(self, job_id: UUID) -> None:
        """Send the doorbell."""
        self.client.send_task("climbiq.jobs.run", args=[str(job_id)], queue="default")

    def reap(self) -> None:
        """Do what beat does twice a minute."""
        self.client.send_task("climbiq.jobs.reap", queue="default", expires=5)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database, past everything."""
        with psycopg.connect(superuser_url(DATABASE), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def started(self, job_id: UUID) -> list[tuple[int, int]]:
        """Attempt and process of each start."""
        return self.sql("SELECT attempt, pid FROM test_starts WHERE job_id = %s ORDER BY at", job_id)

    def results(self, job_id: UUID) -> list[int]:
        """The attempts whose results were committed."""
        return [n for (n,) in self.sql("SELECT attempt FROM test_results WHERE job_id = %s", job_id)]

    def status(self, job_id: UUID) -> tuple[str, int]:
        """Status and attempts."""
        return self.sql("SELECT status, attempts FROM jobs WHERE id = %s", job_id)[0]

    def until(self, condition: Callable[[], object], *, seconds: float = 30, reaping: bool = False) -> None:
        """Wait until it holds."""
        ends_at = time.monotonic() + seconds
        turn = 0
        while not condition():
            assert time.monotonic() < ends_at, self.sql("SELECT kind, status, attempts, error FROM jobs")
            turn += 1
            if reaping and turn % 10 == 1:
                self.reap()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def backyard(template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backyard]:
    copy_template(DATABASE)
    with psycopg.connect(superuser_url(DATABASE), autocommit=True) as connection:
        connection.execute(TABLES)
    valkey = EmbeddedValkey(tmp_path_factory.mktemp("broker"), durable=True).start()
    client = Celery(broker=valkey.broker_url(), set_as_current=False)
    yard = Backyard(valkey, client)
    yield yard
    yard.kill_all()
    client.close()
    valkey.stop()
    run_on_server("DROP DATABASE {} WITH (FORCE)", DATABASE)


def test_a_doorbell_that_rings_many_times_starts_one_run(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=0.5)
    for _ in range(5):
        backyard.ring(job)
    backyard.until(lambda: backyard.status(job)[0] == "succeeded")
    after = backyard.add_job("test_slow", seconds=0)
    backyard.ring(after)  # behind the five: when it is done, so are they
    backyard.until(lambda: backyard.status(after)[0] == "succeeded")
    assert backyard.status(job) == ("succeeded", 1)
    assert backyard.results(job) == [1]


def test_the_child_is_killed(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=30)
    backyard.ring(job)
    backyard.until(lambda: backyard.started(job))
    os.kill(backyard.started(job)[0][1], signal.SIGKILL)
    backyard.until(lambda: backyard.status(job)[0] == "succeeded", reaping=True)
    assert backyard.status(job) == ("succeeded", 2)
    assert backyard.results(job) == [2]


def test_poison_is_given_up_and_the_worker_goes_on(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_poison")
    backyard.ring(job)
    backyard.until(lambda: backyard.status(job)[0] == "dead", reaping=True)
    assert [attempt for attempt, _ in backyard.started(job)] == [1, 2]
    assert "worker was lost" in backyard.sql("SELECT error FROM jobs WHERE id = %s", job)[0][0]
    after = backyard.add_job("test_slow", seconds=0)
    backyard.ring(after)
    backyard.until(lambda: backyard.results(after) == [1])


def test_what_fails_for_good_writes_nothing(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_hopeless")
    backyard.ring(job)
    backyard.until(lambda: backyard.status(job) == ("dead", 1))
    assert backyard.results(job) == []
    error = backyard.sql("SELECT error FROM jobs WHERE id = %s", job)[0][0]
    assert error.startswith("CannotSucceed: there is no way\n")


def test_the_database_hangs_up_in_the_middle(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=2.5, reports=True)
    backyard.ring(job)
    backyard.until(lambda: backyard.sql("SELECT 1 FROM jobs WHERE id = %s AND progress = 0.5", job))
    backyard.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = %s AND application_name = 'climbiq-service'",
        DATABASE,
    )
    # Its heartbeat finds a new connection; its own is gone, so this attempt may fail. Somebody finishes it.
    backyard.sql("UPDATE jobs SET run_after = now() WHERE id = %s", job)
    backyard.until(lambda: backyard.status(job)[0] in {"succeeded", "failed"}, reaping=True)
    backyard.sql("UPDATE jobs SET run_after = now() WHERE id = %s", job)
    backyard.until(lambda: backyard.status(job)[0] == "succeeded", reaping=True)
    assert len(backyard.results(job)) == 1


def test_a_job_that_hangs_is_killed_at_its_limit(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_hangs")
    backyard.client.send_task(
        "climbiq.jobs.run", args=[str(job)], queue="default", time_limit=2, soft_time_limit=1
    )
    backyard.until(lambda: backyard.status(job)[0] == "dead", reaping=True)
    assert len(backyard.started(job)) == 1


def test_the_broker_is_killed_and_comes_back(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=2)
    backyard.ring(job)
    backyard.until(lambda: backyard.started(job))
    process = backyard.valkey._process
    assert process is not None
    process.kill()
    process.wait(10)
    waiting = backyard.add_job("test_slow", seconds=0)  # nobody could ring for it
    time.sleep(1)
    backyard.valkey.start()
    backyard.until(lambda: backyard.status(job)[0] == "succeeded", reaping=True)
    backyard.until(lambda: backyard.status(waiting)[0] == "succeeded", reaping=True)
    assert (backyard.results(job), backyard.results(waiting)) == ([1], [1])


def test_a_worker_that_was_believed_dead_writes_nothing(backyard: Backyard) -> None:
    first = backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=3)
    backyard.ring(job)
    backyard.until(lambda: backyard.started(job))
    os.killpg(first.pid, signal.SIGSTOP)
    backyard.start_worker()
    backyard.until(lambda: backyard.status(job)[0] == "succeeded", reaping=True)
    os.killpg(first.pid, signal.SIGCONT)
    time.sleep(4)  # the first wakes up in the middle of its work, and ends it
    assert backyard.results(job) == [2]
    assert backyard.status(job) == ("succeeded", 2)


def test_the_whole_worker_is_killed(backyard: Backyard) -> None:
    backyard.ensure_worker()
    job = backyard.add_job("test_slow", seconds=30)
    backyard.ring(job)
    backyard.until(lambda: backyard.started(job))
    backyard.kill_all()
    backyard.start_worker()
    backyard.until(lambda: backyard.status(job)[0] == "succeeded", reaping=True)
    assert backyard.status(job) == ("succeeded", 2)
    assert backyard.results(job) == [2]
