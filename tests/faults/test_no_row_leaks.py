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
YEAR = re.compile(r"\b(20[01]\d)-\d\d-\d\d\b")


def settle(database: str) -> list[tuple[str, int, str]]:
    """Climbers with sessions: token, year, and a session's key."""
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
            session: Any = None
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
            found.append((token, FIRST_YEAR + n, str(session)))
    return found


async def test_a_thousand_mixed_requests_leak_nothing(site):
    climbers = settle(site.database)
    address = site.start(CLIMBIQ_DB_POOL="3", CLIMBIQ_RECOMMENDATION_RATE="100000/hour")
    rng = random.Random(5)
    counted: collections.Counter[str] = collections.Counter()
    leaks: list[str] = []

    async def one(client: httpx.AsyncClient, number: int) -> None:
        token, year, _ = own = rng.choice(climbers)
        other = rng.choice([c for c in climbers if c is not own])
        headers = {"Authorization": f"Bearer {token}"}
        kind = rng.choice(["list", "list", "own", "other", "bad", "anonymous", "advice", "aborted", "me"])
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
        years = set(map(int, YEAR.findall(answer.text))) & {c[1] for c in climbers}
        allowed = {year} if kind in {"list", "own", "advice"} else set()
        if years - allowed or (kind == "other" and answer.status_code != 404):
            leaks.append(f"{kind} {answer.status_code} {years} {answer.text[:200]}")
        if kind == "list":
            assert years == {year}, answer.text[:300]

    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=24)) as client:
        for start in range(0, REQUESTS, 50):
            await asyncio.gather(*(one(client, n) for n in range(start, start + 50)))
    assert leaks == []
    assert counted["list 200"] > 100, counted
    assert counted["other 404"] > 50, counted
    assert counted["anonymous 401"] > 50, counted
    assert not [key for key in counted if key.endswith(("500", "503", "429"))], counted
