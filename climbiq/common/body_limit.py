"""Refuses bodies that are too large before Django gathers them: it would write all of one to disk first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LINGER_SECONDS: Final = 2.0


class BodyLimit:
    """Wrap an ASGI application; a body over `limit_bytes`, announced or not, is answered 413 at once.

    A body in chunks does not announce its length, and DRF takes it for none: it is gathered here, within the limit,
    and passed on with its length.
    """

    def __init__(self, application: Application, *, limit_bytes: int) -> None:
        self.application = application
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            await self._serve_chunked(scope, receive, send)
        elif _whole(headers.get(b"content-length", b"")) > self.limit_bytes:
            await self._refuse(scope, receive, send)
        else:
            # The server reads no more than was announced.
            await self.application(scope, receive, send)

    async def _serve_chunked(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > self.limit_bytes:
                await self._refuse(scope, receive, send)
                return
            if not message.get("more_body", False):
                break
        waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replayed() -> Message:
            return waiting.pop() if waiting else await receive()

        named = [(name, value) for name, value in scope["headers"] if name != b"transfer-encoding"]
        length = (b"content-length", str(len(body)).encode())
        await self.application({**scope, "headers": [*named, length]}, replayed, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.dumps(
            {
                "type": "urn:climbiq:problem:too-large",
                "title": "The request is too large",
                "status": 413,
                "detail": f"A request can have {self.limit_bytes:,} bytes at most.",
                "instance": scope["path"],
            }
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _linger(receive)
        await send({"type": "http.response.body", "body": b""})


async def _linger(receive: Receive) -> None:
    """Let a client that is still sending notice: closing at once would make its system throw our answer away."""
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _whole(text: bytes) -> int:
    return int(text) if text.isdigit() else 0
