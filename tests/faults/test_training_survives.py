"""`manage.py train` killed while it samples and while it publishes: nothing is half there, and the next run goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from modeling.models import TrainingRun
from modeling.services.training import trained_model
from modeling.services.training_record import TrainingIsRunning
from tests.factories.climbing_logs import write_simulated
from tests.fixtures.database import copy_template, django_on, run_on_server, server_environment, superuser_url
from tests.fixtures.servers import ROOT

pytestmark = pytest.mark.faults

NAME = "climbiq_training_killed"
Root = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def root(template_database: str, django_db_blocker: Any) -> Iterator[Root]:
    """Climbers in a database of their own; this process works as the background role."""
    copy_template(NAME)
    with (
        psycopg.connect(superuser_url(NAME), autocommit=True) as connection,
        django_db_blocker.unblock(),
        django_on(NAME, "service"),
    ):
        write_simulated(connection, n_climbers=20, n_sessions=20, kinds=False)
        yield connection
    run_on_server("DROP DATABASE {} WITH (FORCE)", NAME)


@pytest.fixture
def start() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start `manage.py train`; whatever still runs in the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "train"],
            cwd=ROOT,
            env=server_environment(NAME, "service"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)


def wait_for(process: subprocess.Popen[bytes], condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert process.poll() is None, f"it ended with {process.returncode}"
        assert time.monotonic() < deadline, "it did not happen in three minutes"
        time.sleep(0.05)


def published(root: Root) -> tuple[int, int]:
    row = root.execute(
        "SELECT (SELECT count(*) FROM population_posteriors), (SELECT count(*) FROM model_outputs)"
    ).fetchone()
    assert row is not None
    return row  # type: ignore[return-value]


def test_killed_while_sampling_and_while_publishing(
    root: Root, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    first = start()
    wait_for(first, lambda: TrainingRun.objects.filter(stage="sampling").exists())
    with pytest.raises(TrainingIsRunning, match="stage: sampling"):
        trained_model(trigger="command")
    first.kill()
    first.wait(10)
    assert TrainingRun.objects.get().status == "running"

    with psycopg.connect(superuser_url(NAME)) as guard:
        # Whoever publishes has written the population by now, and waits for the climbers' rows.
        guard.execute("LOCK TABLE model_outputs IN EXCLUSIVE MODE")
        second = start()
        wait_for(
            second,
            lambda: root.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%INSERT INTO model_outputs%%'"
                " AND datname = %s",
                [NAME],
            ).fetchone(),
        )
        second.kill()
        second.wait(10)
    wait_for_no_backend(root)
    assert published(root) == (0, 0)
    killed, interrupted = TrainingRun.objects.order_by("started_at")
    assert (killed.status, killed.reasons) == ("failed", ["its process ended in the stage “sampling”"])
    assert interrupted.status == "sampled"

    outcome = trained_model(trigger="command")
    assert outcome.status == "published", outcome
    assert published(root) == (1, 20)
    interrupted, last = TrainingRun.objects.order_by("started_at")[1:]
    assert interrupted.status == "failed"
    assert "goes on from there" in interrupted.reasons[0]
    assert last.pk == outcome.run_id
    assert last.sampled == interrupted.sampled
    assert "sampling" not in last.durations
    assert f"took up what run {interrupted.pk} had drawn" in " ".join(last.notes)


def wait_for_no_backend(root: Root) -> None:
    """Until the server has noticed that the killed process is gone."""
    for _ in range(600):
        gone = root.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name = 'climbiq-service'"
            " AND state <> 'idle'",
            [NAME],
        ).fetchone()
        if gone == (0,):
            return
        time.sleep(0.05)
    raise AssertionError("the killed process' statement goes on")
