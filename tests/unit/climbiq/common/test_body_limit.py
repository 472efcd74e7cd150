"""The limit in front of Django: what is counted, and who answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from climbiq.common import body_limit
from climbiq.common.body_limit import BodyLimit

LIMIT = 100


class Exchange:
    """One request made of chunks, and what was answered."""

    def __init__(self, chunks: list[bytes], *, announced: str | None = None) -> None:
        self.chunks = list(chunks)
        self.taken = 0
        self.sent: list[Mapping[str, Any]] = []
        headers = (
            [(b"transfer-encoding", b"chunked")]
            if announced is None
            else [(b"content-length", announced.encode())]
        )
        self.scope = {"type": "http", "path": "/api/v1/x", "headers": headers}

    async def receive(self) -> Mapping[str, Any]:
        if not self.chunks:
            return {"type": "http.disconnect"}
        self.taken += 1
        return {"type": "http.request", "body": self.chunks.pop(0), "more_body": bool(self.chunks)}

    async def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


async def reads_it_all(scope: Any, receive: Any, send: Any) -> None:
    """An application that takes the body and says how long it was."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            await send({"type": "http.response.start", "status": 499, "headers": []})
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    length = dict(scope["headers"]).get(b"content-length", b"none")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode() + b" of " + length})


async def serve(exchange: Exchange) -> None:
    await BodyLimit(reads_it_all, limit_bytes=LIMIT)(exchange.scope, exchange.receive, exchange.send)


async def test_what_fits_passes_as_it_comes() -> None:
    exchange = Exchange([b"x" * 50, b"x" * 50], announced="100")
    await serve(exchange)
    assert (exchange.status, exchange.sent[1]["body"]) == (200, b"100 of 100")


async def test_chunks_that_fit_are_passed_on_with_their_length() -> None:
    exchange = Exchange([b"x" * 40, b"", b"x" * 60])
    await serve(exchange)
    assert (exchange.status, exchange.sent[1]["body"]) == (200, b"100 of 100")


async def test_a_client_that_leaves_in_the_middle_is_no_request() -> None:
    exchange = Exchange([])
    await serve(exchange)
    assert exchange.sent == []


async def test_what_says_that_it_is_too_large_never_reaches_the_application() -> None:
    exchange = Exchange([b"x" * 50] * 3, announced="150")
    await serve(exchange)
    assert exchange.status == 413
    body = json.loads(exchange.sent[1]["body"])
    assert (body["status"], body["instance"]) == (413, "/api/v1/x")
    assert dict(exchange.sent[0]["headers"])[b"content-type"] == b"application/problem+json"
    assert exchange.sent[-1] == {"type": "http.response.body", "body": b""}


async def test_what_turns_out_too_large_is_cut_off_and_answered_once() -> None:
    exchange = Exchange([b"x" * 60] * 5)
    await serve(exchange)
    starts = [m for m in exchange.sent if m["type"] == "http.response.start"]
    assert [m["status"] for m in starts] == [413]


async def test_a_client_that_goes_on_sending_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 0.05)
    exchange = Exchange([])

    async def endless() -> Mapping[str, Any]:
        import asyncio

        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"x" * 60, "more_body": True}

    await BodyLimit(reads_it_all, limit_bytes=LIMIT)(exchange.scope, endless, exchange.send)
    assert exchange.status == 413


async def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await BodyLimit(application, limit_bytes=LIMIT)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
