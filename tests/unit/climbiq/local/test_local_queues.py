"""Every queue that a job can be in has its worker, and training has one of its own."""

from __future__ import annotations

from typing import get_args

from climbiq.jobs.registry import Queue
from climbiq.local.plan import PROGRAMS


def queues() -> dict[str, tuple[str, ...]]:
    """Queue → the command of the worker that takes it."""
    workers = [p.command for p in PROGRAMS if "worker" in p.command]
    return {queue: c for c in workers for queue in c[c.index("-Q") + 1].split(",")}


def test_every_queue_is_taken_by_one_worker():
    assert sorted(queues()) == sorted(get_args(Queue))
    assert len({id(command) for command in queues().values()}) == len(get_args(Queue))


def test_one_training_at_a_time():
    command = queues()["training"]
    assert command[command.index("--concurrency") + 1] == "1"


def test_workers_have_names_of_their_own():
    names = [c[c.index("--hostname") + 1] for c in queues().values()]
    assert len(set(names)) == len(names)
