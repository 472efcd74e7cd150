"""What `make run` runs, in order, and as which database role. Edit this to add a step or a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The superuser is whoever DATABASE_URL names; the three others are the application's own.
Role = Literal["superuser", "owner", "app", "service"]


@dataclass(frozen=True, slots=True)
class Step:
    """A `manage.py` command that has to succeed before the programs start."""

    command: tuple[str, ...]
    role: Role
    demo_only: bool = False  # only into a cluster that we created ourselves
    inputs: tuple[str, ...] = ()  # glob patterns: skipped while these files are unchanged; none: always run


@dataclass(frozen=True, slots=True)
class LongRunning:
    """A program that runs until Ctrl-C: a Python module and its arguments.

    `{host}`, `{port}` and `{data_dir}` in the arguments are filled in.
    """

    name: str
    command: tuple[str, ...]
    role: Role


STATIC_INPUTS = ("requirements.txt", "climbiq/settings.py", "[!.]*/static/**/*", "climbiq/*/static/**/*")
STEPS: tuple[Step, ...] = (
    Step(("setup_database",), "superuser"),
    Step(("migrate", "--no-input", "--verbosity=0", "--skip-checks"), "owner"),
    Step(("load_literature_priors", "--skip-checks"), "service"),
    Step(("collectstatic", "--no-input", "--verbosity=0"), "app", inputs=STATIC_INPUTS),
    Step(("seed_demo", "--if-empty", "--skip-checks"), "service", demo_only=True),
)

WEB = (
    *("uvicorn", "climbiq.asgi:application", "--host", "{host}", "--port", "{port}"),
    *("--no-proxy-headers", "--lifespan", "off", "--timeout-graceful-shutdown", "3", "--no-access-log"),
)
_CELERY = ("celery", "--quiet", "-A", "climbiq.celery_app")  # quiet: no banners
_CELERY_WORKER = (*_CELERY, "worker")
WORKER = (*_CELERY_WORKER, "-Q", "default", "--hostname", "default@%h")
# Training takes minutes and memory: one at a time, in a process of its own, so that no other job waits for it, and
# in a new one every time, which gives the memory back.
TRAINER = (
    *(*_CELERY_WORKER, "-Q", "training", "--hostname", "training@%h"),
    *("--concurrency", "1", "--max-tasks-per-child", "1"),
)
BEAT = (*_CELERY, "beat", "--schedule", "{data_dir}/beat")

PROGRAMS: tuple[LongRunning, ...] = (
    LongRunning("web", WEB, "app"),
    LongRunning("worker", WORKER, "service"),
    LongRunning("trainer", TRAINER, "service"),
    LongRunning("beat", BEAT, "service"),
)
