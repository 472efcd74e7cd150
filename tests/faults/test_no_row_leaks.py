"""A thousand mixed requests over a pool of three connections: nobody ever gets another's row.

Every climber's sessions lie in a year of their own, so a year in an answer says whose row it was.
"""

from __future__ import annotations

import asyncio
import collections
import hashlib
import random
import re
from typing import Any

import httpx
import psycopg
import pytest

from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.faults

CLIMBERS = 12
REQUESTS = 1000
FIRST_YEAR = 2001
POOL = 3
KINDS = ("list", "list", "own", "other", "bad", "anonymous", "advice", "aborted", "me")
# Kind → the one status that it must be answered with, every time.
EXPECTED = {
    "list": 200,
    "own": 200,
    "other": 404,
    "bad": 400,
    "anonymous": 401,
    "advice": 201,
    "me": 200,
}
YEAR = re.compile(r"\b(20[01]\d)-\d\d-\d\d\b")


WEB_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename = 'climbiq_app'"


def settle(database: str) -> list[tuple[str, int, str]]:
    """Climbers with sessions: token, year, and the key of a session that is still to come."""
    found = []
    with psycopg.connect(superuser_url(database), autocommit=True) as root:
        for n in range(CLIMBERS):
            token = "ciq_" + hashlib.sha256(str(n).encode()).hexdigest()[:43]
            user = root.execute(
                "INSERT INTO users (email, password, display_name, is_superuser)"
                " VALUES (%s, '!', %s, false) RETURNING id",
                [f"leak{n}@example.org", f"Leak {n}"],
            ).fetchone()[0]
            root.execute(
                "INSERT INTO api_tokens (user_id, name, prefix, digest, scope) VALUES (%s, 't', 'ciq', %s, 'write')",
                [user, hashlib.sha256(b"pepper-for-tests" + token.encode()).digest()],
            )
            for month in (1, 2, 3):
                session = root.execute(
                    "INSERT INTO sessions (user_id, session_date, status) VALUES (%s, %s, 'completed') RETURNING id",
                    [user, f"{FIRST_YEAR + n}-{month:02d}-01"],
                ).fetchone()[0]
                root.execute(
                    "INSERT INTO pre_session_data (session_id, sleep_hours) VALUES (%s, 7)", [session]
                )
                root.execute(
                    "INSERT INTO post_session_data (session_id, session_quality) VALUES (%s, 6)", [session]
                )
            session = root.execute(  # still to come: advice on what is over is refused
                "INSERT INTO sessions (user_id, session_date, status) VALUES (%s, %s, 'planned') RETURNING id",
                [user, f"{FIRST_YEAR + n}-04-01"],
            ).fetchone()[0]
            root.execute("INSERT INTO pre_session_data (session_id, sleep_hours) VALUES (%s, 7)", [session])
            found.append((token, FIRST_YEAR + n, str(session)))
    return found


async def test_a_thousand_mixed_requests_leak_nothing(site):
    climbers = settle(site.database)
    address = site.start(CLIMBIQ_DB_POOL=str(POOL), CLIMBIQ_RECOMMENDATION_RATE="100000/hour")
    rng = random.Random(5)
    counted: collections.Counter[str] = collections.Counter()
    sent: collections.Counter[str] = collections.Counter()
    own_rows: collections.Counter[int] = collections.Counter()
    backends: set[int] = set()
    most_at_once = 0
    leaks: list[str] = []

    async def one(client: httpx.AsyncClient, number: int) -> None:
        token, year, _ = own = rng.choice(climbers)
        other = rng.choice([c for c in climbers if c is not own])
        headers = {"Authorization": f"Bearer {token}"}
        kind = rng.choice(KINDS)
        sent[kind] += 1
        path, method, body = "/api/v1/sessions/", "GET", None
        if kind == "own":
            path = f"/api/v1/sessions/{own[2]}"
        elif kind == "other":
            path = f"/api/v1/sessions/{other[2]}"
        elif kind == "bad":
            path, method, body = (
                "/api/v1/recommendations/pre-session",
                "POST",
                {"current_conditions": {"x": 1}},
            )
        elif kind == "anonymous":
            headers = {}
        elif kind == "advice":
            path, method, body = "/api/v1/recommendations/pre-session", "POST", {"session_id": own[2]}
            headers["Accept"] = "application/json"
        elif kind == "me":
            path = "/api/v1/users/me"
        try:
            request = client.request(method, address + path, headers=headers, json=body)
            if kind == "aborted":
                await asyncio.wait_for(request, timeout=rng.random() * 0.02)
            answer = await request if kind != "aborted" else None
        except (TimeoutError, httpx.HTTPError):
            counted["aborted"] += 1
            return
        if answer is None:
            return
        counted[f"{kind} {answer.status_code}"] += 1
        found = [int(word) for word in YEAR.findall(answer.text)]
        years = set(found) & {c[1] for c in climbers}
        own_rows[year] += found.count(year)
        allowed = {year} if kind in {"list", "own", "advice"} else set()
        if years - allowed or (kind == "other" and answer.status_code != 404):
            leaks.append(f"{kind} {answer.status_code} {years} {answer.text[:200]}")
        if kind == "list":
            assert years == {year}, answer.text[:300]

    async def watch(root: psycopg.AsyncConnection[Any]) -> None:
        """The server's own list of who is connected as the web application."""
        nonlocal most_at_once
        while True:
            rows = await (await root.execute(WEB_BACKENDS, [site.database])).fetchall()
            backends.update(pid for (pid,) in rows)
            most_at_once = max(most_at_once, len(rows))
            await asyncio.sleep(0.02)

    async with (
        httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=24)) as client,
        await psycopg.AsyncConnection.connect(superuser_url(site.database), autocommit=True) as root,
    ):
        watching = asyncio.create_task(watch(root))
        for start in range(0, REQUESTS, 50):
            await asyncio.gather(*(one(client, n) for n in range(start, start + 50)))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert leaks == []
    # The run did what it says: a thousand requests, each kind often and always answered alike.
    assert sum(sent.values()) == REQUESTS
    assert {kind: sent[kind] for kind in KINDS if sent[kind] < 70} == {}
    answered = {f"{kind} {status}": sent[kind] for kind, status in EXPECTED.items()}
    assert {key: n for key, n in counted.items() if not key.startswith("aborted")} == answered
    # Few backends served all of them, and never more at once than the pool has: connections were shared.
    assert 0 < most_at_once <= POOL
    assert len(backends) <= POOL + counted["aborted"]
    # And it would have seen a leak: everybody was shown rows of their own.
    assert set(own_rows) == {year for _, year, _ in climbers}
    assert min(own_rows.values()) >= 10, own_rows
