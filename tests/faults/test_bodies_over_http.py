"""Bodies that are too large, sent to the real server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.factories.served import add_account
from tests.fixtures.servers import Site

pytestmark = pytest.mark.faults

MEGABYTE = 1_000_000


def chunks(megabytes: int) -> Iterator[bytes]:
    """A body without an announced length."""
    for _ in range(megabytes):
        yield b"x" * MEGABYTE


def resident_bytes(pid: int) -> int:
    """How much memory a process holds (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_too_large_is_refused_early_and_the_server_stays_small(site: Site) -> None:
    user = add_account(site.database, email="alice@example.org")
    address = site.start()
    assert httpx.get(f"{address}/readyz").json() == {"status": "ok", "database": "ok", "cache": "ok"}
    url, headers = f"{address}/api/v1/users/me", user.headers | {"Content-Type": "application/json"}
    pid = next(iter(site.processes.values())).pid
    assert httpx.get(url, headers=headers).status_code == 200
    before = resident_bytes(pid)
    for body in (b"x" * 10 * MEGABYTE, b"x" * 50 * MEGABYTE, chunks(50)):
        started = time.monotonic()
        answer = httpx.patch(url, content=body, headers=headers, timeout=20)
        assert answer.status_code == 413
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert time.monotonic() - started < 5
    assert resident_bytes(pid) - before < 30 * MEGABYTE
    assert httpx.patch(url, json={"display_name": "Ann"}, headers=user.headers).status_code == 200
    in_chunks = httpx.patch(url, content=iter([b'{"display_name": ', b'"Bea"}']), headers=headers)
    assert in_chunks.json()["display_name"] == "Bea"
