"""A whole night from the database to what is published, in a process of its own: time of each stage, peak memory.

Run as `python -m tests.bench.nightly_training`: 1,000 climbers × 60 sessions, then 10,000 × 100, a million sessions
(`--no-large` leaves them out). `--no-kinds` leaves the kinds of sessions out, `--small` is 200 × 40 alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

import tests.environment  # noqa: F401  the servers and secrets, before Django reads its settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

SMALL, ORDINARY, LARGE = (200, 40), (1_000, 60), (10_000, 100)
Row = tuple[str, float, str]


def run(*, sizes: list[tuple[int, int]], kinds: bool = True) -> list[Row]:
    """Measure; returns (what, how much, unit)."""
    import django

    django.setup()
    from tests.fixtures.database import copy_template, make_template

    make_template()
    rows: list[Row] = []
    for n_climbers, n_sessions in sizes:
        name = f"climbiq_bench_{n_climbers}"
        copy_template(name)
        rows += _night(name, n_climbers, n_sessions, kinds=kinds)
    return rows


def _night(name: str, n_climbers: int, n_sessions: int, *, kinds: bool) -> list[Row]:
    import psycopg

    from tests.factories.climbing_logs import write_simulated
    from tests.fixtures.database import run_on_server, superuser_url

    size = f"{n_climbers:,} × {n_sessions}"
    with psycopg.connect(superuser_url(name), autocommit=True) as root:
        began = perf_counter()
        write_simulated(root, n_climbers=n_climbers, n_sessions=n_sessions, kinds=kinds)
        root.execute("ANALYZE")
        sys.stdout.write(f"{size} written in {perf_counter() - began:.0f} s\n")
        seconds, peak_mb = _train(name)
        run = root.execute(
            "SELECT status, reasons, notes, durations, diagnostics, n_sessions FROM training_runs"
            " ORDER BY started_at DESC LIMIT 1"
        ).fetchone()
        bytes_of_outputs = root.execute("SELECT pg_total_relation_size('model_outputs')").fetchone()
    run_on_server("DROP DATABASE {} WITH (FORCE)", name)
    if run is None or bytes_of_outputs is None:
        raise RuntimeError("the command left no run behind")
    status, reasons, notes, durations, diagnostics, sessions = run
    sys.stdout.write(f"{size}: {status} {reasons} {notes} {diagnostics}\n")
    from modeling.domain.training_stages import in_order

    return [
        *((f"{size}: {stage}", spent, "s") for stage, spent in in_order(durations=durations)),
        (f"{size}: from the command to {status}", seconds, "s"),
        (f"{size}: sessions read a second", sessions / durations["reading"], "sessions"),
        (f"{size}: peak memory of the process", peak_mb, "MB"),
        (f"{size}: table of climbers' models", bytes_of_outputs[0] / 1e6, "MB"),
    ]


def _train(name: str) -> tuple[float, float]:
    """Run the command as an operator would: its seconds, start of the process included, and its peak memory."""
    from tests.fixtures.database import server_environment
    from tests.fixtures.servers import ROOT

    began = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "train"], cwd=ROOT, env=server_environment(name, "service")
    )
    _, _, usage = os.wait4(process.pid, 0)
    return perf_counter() - began, usage.ru_maxrss / 1024.0


def main() -> None:
    """Print what was measured."""
    flags = sys.argv[1:]
    sizes = [SMALL] if "--small" in flags else [ORDINARY] if "--no-large" in flags else [ORDINARY, LARGE]
    for what, value, unit in run(sizes=sizes, kinds="--no-kinds" not in flags):
        sys.stdout.write(f"{what:<60} {value:>12,.2f} {unit}\n")


if __name__ == "__main__":
    main()
