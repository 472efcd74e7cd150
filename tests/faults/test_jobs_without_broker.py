"""Asking for work while the broker is gone, or there and silent: the request neither fails nor waits."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from climbiq.accounts.models import User
from climbiq.celery_app import app
from climbiq.jobs import doorbell
from climbiq.jobs.models import Job
from climbiq.jobs.services import enqueue
from climbiq.local.valkey import EmbeddedValkey

pytestmark = pytest.mark.faults


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedValkey]:
    """A broker of the test's own, in Celery's configuration."""
    server = EmbeddedValkey(tmp_path, durable=False).start()
    monkeypatch.setattr(app.conf, "broker_url", server.broker_url())
    monkeypatch.setattr(app.conf, "broker_write_url", server.broker_url())
    monkeypatch.setattr(doorbell, "_quiet_until", 0.0)
    yield server
    server.stop()


def seconds_to_ask(capture: Any, alice: User) -> float:
    started = time.monotonic()
    with capture(execute=True):
        enqueue(kind="purge", payload={}, requested_by=alice.pk)
    return time.monotonic() - started


def test_gone(
    broker: EmbeddedValkey, alice: User, django_capture_on_commit_callbacks: Any, caplog: Any
) -> None:
    assert seconds_to_ask(django_capture_on_commit_callbacks, alice) < 2
    assert "does not answer" not in caplog.text
    broker.stop()
    assert seconds_to_ask(django_capture_on_commit_callbacks, alice) < 1
    assert "the reaper will ring" in caplog.text
    assert Job.objects.filter(status="queued").count() == 2


def test_silent(
    broker: EmbeddedValkey, alice: User, django_capture_on_commit_callbacks: Any, caplog: Any
) -> None:
    process = broker._process
    assert process is not None
    seconds_to_ask(django_capture_on_commit_callbacks, alice)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert seconds_to_ask(django_capture_on_commit_callbacks, alice) < 3
        # It was given up on: the next ones do not even try for a while.
        assert seconds_to_ask(django_capture_on_commit_callbacks, alice) < 0.2
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert "the reaper will ring" in caplog.text
    assert Job.objects.count() == 3
