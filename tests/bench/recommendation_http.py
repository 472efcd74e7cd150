"""A recommendation over real HTTP: time to the first event, its share in the database, queries, memory.

Run as `python -m tests.bench.recommendation_http`. One climber with 60 sessions and a token asks again and again.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import tests.environment  # noqa: F401  the servers and secrets, before Django reads its settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

WARM_UP, REQUESTS, OWN_SESSIONS = 20, 300, 60
BODY = {
    "current_conditions": {
        "sleep_hours": 6.5, "sleep_quality": 3, "stress_level": 4, "energy_level": 3, "soreness_level": 2,
        "motivation_level": 4, "caffeine_mg": 0, "warmup_duration_min": 10, "session_type": "project",
    }
}  # fmt: skip
PATH = "/api/v1/recommendations/pre-session"


def run() -> list[tuple[str, float, str]]:
    """Measure; returns (what, how much, unit)."""
    import django

    django.setup()
    from tests.fixtures.database import copy_template, make_template
    from tests.fixtures.servers import Site

    make_template()
    copy_template("climbiq_bench")
    token = _climber("climbiq_bench")
    site = Site(
        "climbiq_bench", environment={"CLIMBIQ_DEBUG": "0", "CLIMBIQ_RECOMMENDATION_RATE": "1000000/hour"}
    )
    try:
        address = site.start()
        process = next(iter(site.processes.values()))
        times, memory = _over_http(address, token, process.pid)
    finally:
        site.stop()
    share, queries = _in_process("climbiq_bench", token)
    return [
        ("first event over HTTP, p50", statistics.median(times) * 1e3, "ms"),
        ("first event over HTTP, p95", sorted(times)[int(len(times) * 0.95)] * 1e3, "ms"),
        ("share of the request spent in the database", share * 100, "%"),
        ("queries of a warm request", queries, "queries"),
        (f"memory growth over {REQUESTS} requests", memory, "MiB"),
    ]


def _over_http(address: str, token: str, pid: int) -> tuple[list[float], float]:
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    times = []
    before = 0.0
    with httpx.Client(timeout=30) as client:
        for number in range(WARM_UP + REQUESTS):
            if number == WARM_UP:
                before = _resident(pid)
            start = perf_counter()
            with client.stream("POST", address + PATH, json=BODY, headers=headers) as response:
                times += [
                    perf_counter() - start
                    for line in response.iter_lines()
                    if line.startswith("event: prediction")
                ]
                assert response.status_code == 200
    return times[WARM_UP:], _resident(pid) - before


def _in_process(name: str, token: str) -> tuple[float, float]:
    """The same request without HTTP, as the app role: how much of it is the database's."""
    from django.conf import settings
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client

    from tests.fixtures.database import _point_at

    cache.clear()
    _point_at(name, "app")
    settings.STREAMS_PER_USER = 10**6  # nobody reads these streams to their end
    client = Client(
        SERVER_NAME="localhost", headers={"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    )
    shares, queries = [], 0
    for number in range(WARM_UP + 60):
        spent: list[float] = []
        start = perf_counter()
        with _timing(connection, spent):
            response = client.post(PATH, BODY, content_type="application/json")
        total = perf_counter() - start
        assert response.status_code == 200, response.content
        response.close()
        if number >= WARM_UP:
            shares.append(sum(spent) / total)
            queries = len(spent)
    connection.close()
    return statistics.median(shares), queries


@contextmanager
def _timing(connection: Any, spent: list[float]) -> Iterator[None]:
    def wrapper(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        start = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append(perf_counter() - start)

    with connection.execute_wrapper(wrapper):
        yield


def _climber(name: str) -> str:
    """A climber with sessions and a token."""
    import hashlib

    import psycopg

    from tests.fixtures.database import superuser_url

    token = "ciq_" + "b" * 43
    with psycopg.connect(superuser_url(name), autocommit=True) as root:
        user = root.execute(
            "INSERT INTO users (email, password, display_name, is_superuser)"
            " VALUES ('bench@example.org', '!', 'B', false) RETURNING id"
        ).fetchone()[0]
        root.execute(
            "INSERT INTO api_tokens (user_id, name, prefix, digest, scope) VALUES (%s, 't', 'ciq', %s, 'write')",
            [user, hashlib.sha256(b"pepper-for-tests" + token.encode()).digest()],
        )
        for n in range(OWN_SESSIONS):
            session = root.execute(
                "INSERT INTO sessions (user_id, session_date, status) VALUES (%s, current_date - %s::int, 'completed')"
                " RETURNING id",
                [user, 2 * n + 1],
            ).fetchone()[0]
            root.execute(
                "INSERT INTO pre_session_data (session_id, sleep_hours, sleep_quality, stress_level, energy_level,"
                " soreness_level, planned_caffeine_mg, planned_warmup_min, planned_session_type)"
                " VALUES (%s, %s, %s, %s, %s, 2, %s, 15, 'project')",
                [session, 6 + n % 4, 1 + n % 5, 1 + n % 5, 1 + n % 4, 50 * (n % 5)],
            )
            root.execute(
                "INSERT INTO post_session_data (session_id, session_quality) VALUES (%s, %s)",
                [session, 3 + n % 7],
            )
    return token


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    for what, how_much, unit in run():
        sys.stdout.write(f"{what:<58}{how_much:8.1f} {unit}\n")
