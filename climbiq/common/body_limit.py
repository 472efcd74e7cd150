"""Refuses bodies that are too large before Django gathers them: it would write all of one to disk first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

LINGER_SECONDS: Final = 2.0


class BodyLimit:
    """Wrap an ASGI application; a body over `limit_bytes`, announced or not, is answered 413 at once."""

    def __init__(self, application: Application, *, limit_bytes: int) -> None:
        self.application = application
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        if _announced(scope) > self.limit_bytes:
            await self._refuse(scope, receive, send)
            return
        taken = 0
        is_refused = False

        async def counted() -> Message:
            nonlocal taken, is_refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit_bytes:
                is_refused = True
                await self._refuse(scope, receive, send)
                # Django drops a request whose client has gone.
                return {"type": "http.disconnect"}
            return message

        async def unless_refused(message: Message) -> None:
            if not is_refused:
                await send(message)

        await self.application(scope, counted, unless_refused)

    async def _refuse(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
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


def _announced(scope: dict[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
