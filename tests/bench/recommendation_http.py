"""A recommendation as a climber gets it: over HTTP, from a warm web process, read to its last word.

Run as `python -m tests.bench.recommendation_http [REQUESTS]`. Two web processes, as `make run` starts them, over one
database each: one serves the priors, one a published population. Climbers with 150 sessions and a token ask in turn,
so nobody comes near the limits. The database writes to disk without waiting for it.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import tests.environment  # noqa: F401  the servers and secrets, before Django reads its settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

WARM_UP, MEASURED, BLOCK, OWN_SESSIONS = 40, 300, 20, 150
REQUESTS = 10_000  # over which the memory is watched
FEW = 5  # climbers ask in turn where time is measured
REQUESTS_EACH = 50  # of one climber, beside what was measured before: 120 an hour are allowed
BODY = {
    "current_conditions": {
        "sleep_hours": 6.5, "sleep_quality": 3, "stress_level": 4, "energy_level": 3, "soreness_level": 2,
        "motivation_level": 4, "caffeine_mg": 0, "warmup_duration_min": 10, "session_type": "project",
    }
}  # fmt: skip
PATH = "/api/v1/recommendations/pre-session"
PRIOR, PUBLISHED = "prior", "published"

Row = tuple[str, float, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """One recommendation, in milliseconds from its first byte sent; of the server's own account, until its answer."""

    first_event_ms: float
    numbers_ms: float
    done_ms: float
    server_ms: float
    database_ms: float
    queries: int


@dataclass(frozen=True, slots=True)
class Served:
    """A web process and those who may ask it."""

    address: str
    pid: int
    tokens: list[str]


def run(requests: int = REQUESTS) -> list[Row]:
    """Measure; returns (what, how much, unit)."""
    import django

    django.setup()
    from tests.fixtures.database import make_template

    make_template()
    many = FEW + requests // REQUESTS_EACH
    with _served(PRIOR, n_climbers=FEW) as prior, _served(PUBLISHED, n_climbers=many) as published:
        sites = {PRIOR: prior, PUBLISHED: published}
        rows = _rows(_side_by_side(sites))
        rows += [
            (f"{name}: processor time of one, in all", _processor_ms(site), "ms")
            for name, site in sites.items()
        ]
        return rows + (_memory(published, requests) if requests else [])


def _side_by_side(sites: dict[str, Served]) -> dict[str, list[Visit]]:
    """Ask both in turn, so that whatever else the machine does hits both."""
    for site in sites.values():
        list(islice(_visits(site), WARM_UP))
    visits: dict[str, list[Visit]] = {name: [] for name in sites}
    for _ in range(MEASURED // BLOCK):
        for name, site in sites.items():
            visits[name] += islice(_visits(site), BLOCK)
    return visits


def _visits(site: Served) -> Iterator[Visit]:
    """One visit after the other over one connection, each by the next climber."""
    address = urlsplit(site.address)
    client = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    body = json.dumps(BODY).encode()
    for token in cycle(site.tokens):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        arrived: dict[bytes, float] = {}
        start = perf_counter()
        client.request("POST", PATH, body, headers)
        answer = client.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read()!r}")
        while line := answer.readline():
            if line.startswith(b"event: "):
                arrived.setdefault(line[7:-1], (perf_counter() - start) * 1e3)
        yield Visit(
            first_event_ms=arrived[b"meta"],
            numbers_ms=arrived[b"stats"],
            done_ms=arrived[b"done"],
            server_ms=float(answer.headers["x-server-ms"]),
            database_ms=float(answer.headers["x-database-ms"]),
            queries=int(answer.headers["x-queries"]),
        )


def _rows(visits: dict[str, list[Visit]]) -> list[Row]:
    rows: list[Row] = []
    for name, of_path in visits.items():
        for what in ("first event", "numbers", "done"):
            times = sorted(getattr(v, f"{what.replace(' ', '_')}_ms") for v in of_path)
            points = (0.5, 0.95, 0.99) if what != "numbers" else (0.5,)
            rows += [
                (f"{name}: {what}, p{100 * share:.0f}", times[int(share * len(times))], "ms")
                for share in points
            ]
        server = statistics.median(v.server_ms for v in of_path)
        database = statistics.median(v.database_ms / v.server_ms for v in of_path)
        rows.append((f"{name}: in the server until it answers, p50", server, "ms"))
        rows.append((f"{name}: of that, in the database", database * 100, "%"))
        rows.append((f"{name}: queries", max(v.queries for v in of_path), "queries"))
    for what in ("first_event_ms", "done_ms"):
        medians = {n: statistics.median(getattr(v, what) for v in of) for n, of in visits.items()}
        label = what.removesuffix("_ms").replace("_", " ")
        rows.append((f"{label}: published over prior", medians[PUBLISHED] / medians[PRIOR], "×"))
    return rows


def _memory(site: Served, requests: int) -> list[Row]:
    """What the process grows by once it is warm; the second half tells whether it goes on."""
    client = _visits(replace(site, tokens=site.tokens[FEW:]))
    sizes = [_resident(site.pid)]
    for _ in range(2):
        list(islice(client, requests // 2))
        sizes.append(_resident(site.pid))
    return [
        (f"memory growth over {requests:,} requests", sizes[2] - sizes[0], "MiB"),
        ("of that, in the second half", sizes[2] - sizes[1], "MiB"),
    ]


@contextmanager
def _served(name: str, *, n_climbers: int) -> Iterator[Served]:
    from climbiq.local.testing import test_valkey
    from tests.fixtures.database import copy_template
    from tests.fixtures.servers import Site

    database = f"climbiq_bench_{name}"
    copy_template(database)
    tokens = _furnish(database, n_climbers=n_climbers, is_published=name == PUBLISHED)
    with tempfile.TemporaryDirectory() as static:
        environment = {
            "CLIMBIQ_DEBUG": "0",
            "CLIMBIQ_HASHED_STATIC": "1",
            "CLIMBIQ_STATIC_ROOT": static,
            "REDIS_URL": test_valkey().url(db=1 if name == PRIOR else 2),
        }
        site = Site(database, application="tests.bench.timed_site:application", environment=environment)
        try:
            address = site.start()
            yield Served(address, next(iter(site.processes.values())).pid, tokens)
        finally:
            site.stop()


def _furnish(database: str, *, n_climbers: int, is_published: bool) -> list[str]:
    """Climbers with their diaries, the demo's rules, statistics of them all; the climbers' tokens."""
    import psycopg
    from django.utils import timezone

    from climbiq.accounts.models import User
    from climbiq.accounts.tokens import PREFIX, SHOWN_CHARS, digest_of
    from experts.services.demo import add_demo_rules
    from modeling.services.population_statistics import (
        compute_population_statistics,
        publish_population_statistics,
    )
    from tests.factories.climbing_logs import write_simulated
    from tests.factories.published import publish_past_everything
    from tests.fixtures.database import django_on, superuser_url

    tokens = [PREFIX + f"{number:043d}" for number in range(n_climbers)]
    with psycopg.connect(superuser_url(database), autocommit=True) as root:
        # A spread is told of twenty climbers or more.
        climbers = write_simulated(root, n_climbers=max(n_climbers, 24), n_sessions=OWN_SESSIONS)
        for climber, token in zip(climbers, tokens, strict=False):
            root.execute(
                "INSERT INTO api_tokens (user_id, name, prefix, digest, scope) VALUES (%s, 'bench', %s, %s, 'write')",
                [climber, token[:SHOWN_CHARS], digest_of(token)],
            )
        if is_published:
            publish_past_everything(root)
    with django_on(database, None):
        now = timezone.now()
        coaches = [
            User.objects.create(email=f"coach-{n}@example.org", password="!", is_staff=True) for n in (1, 2)
        ]
        add_demo_rules(author=coaches[0], reviewer=coaches[1], now=now)
        publish_population_statistics(spreads=compute_population_statistics(today=now.date()))
    return tokens


def _processor_ms(site: Served) -> float:
    """What one recommendation, words included, keeps the web process busy for: the same however busy others are."""
    before = _busy_seconds(site.pid)
    list(islice(_visits(site), BLOCK))
    return (_busy_seconds(site.pid) - before) / BLOCK * 1e3


def _busy_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    for what, how_much, unit in run(*map(int, sys.argv[1:2])):
        sys.stdout.write(f"{what:<58}{how_much:8.1f} {unit}\n")
