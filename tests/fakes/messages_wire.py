"""The Messages API on the wire: one response being sent, and answers that fit a JSON schema."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

USAGE = {
    "input_tokens": 20,
    "output_tokens": 12,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
}


class ReaderLeft(Exception):
    """The client closed the connection."""


class Dropped(Exception):
    """Raised on purpose: the server then closes the connection in the middle of the response."""


def smallest(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> Any:
    """The smallest instance of a JSON schema, as far as structured output uses them.

    >>> smallest({"type": "object", "properties": {"n": {"type": "integer"}, "of": {"enum": ["a", "b"]}}})
    {'n': 1, 'of': 'a'}
    """
    known = definitions or schema.get("$defs", {})
    if "$ref" in schema:
        return smallest(known[schema["$ref"].rsplit("/", 1)[1]], known)
    if "anyOf" in schema:
        return smallest(schema["anyOf"][0], known)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: smallest(part, known) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [smallest(schema.get("items", {"type": "string"}), known)]
        case "string":
            return "some words"
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
    return None


@dataclass(frozen=True, slots=True)
class SentPiece:
    """A piece of text, and when it went out (`time.time()`)."""

    text: str
    at: float


@dataclass
class Exchange:
    """One response being sent."""

    receive: Any
    send: Any
    number: int
    sent: list[SentPiece] = field(default_factory=list)

    def message(
        self, body: dict[str, Any], content: list[dict[str, Any]], stop_reason: str | None
    ) -> dict[str, Any]:
        return {
            "id": f"msg_fake_{self.number}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": USAGE,
        }

    async def json(self, status: int, content: Any, *headers: tuple[bytes, bytes]) -> None:
        await self._start(status, b"application/json", *headers)
        await self.raw(json.dumps(content).encode())
        await self.end()

    async def html(self, page: str) -> None:
        await self._start(200, b"text/html")
        await self.raw(page.encode())
        await self.end()

    async def error(self, status: int, kind: str) -> None:
        error = {"type": kind, "message": f"{kind} on purpose"}
        retry = [(b"retry-after", b"0")] if status == 429 else []
        content = {"type": "error", "error": error, "request_id": f"req_fake_{self.number}"}
        await self.json(status, content, *retry)

    async def start_stream(self) -> None:
        await self._start(200, b"text/event-stream; charset=utf-8")

    async def event(self, kind: str, **fields: Any) -> None:
        await self.raw(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())

    async def block(
        self,
        index: int,
        start: dict[str, Any],
        pieces: list[str],
        *,
        delay_seconds: float = 0.0,
        is_left_open: bool = False,
    ) -> None:
        await self.event("content_block_start", index=index, content_block=start)
        await self.event("ping")
        for piece in pieces:
            await self.wait(delay_seconds)
            self.sent.append(SentPiece(piece, time.time()))
            await self.event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
        if not is_left_open:
            await self.event("content_block_stop", index=index)

    async def raw(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def wait(self, seconds: float) -> None:
        """Let time pass, but not for a client that has left."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    continue
        except TimeoutError:
            return
        raise ReaderLeft

    async def silence(self) -> None:
        await self.wait(600)

    async def _start(self, status: int, kind: bytes, *headers: tuple[bytes, bytes]) -> None:
        own = [(b"content-type", kind), (b"request-id", f"req_fake_{self.number}".encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})


async def read_body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
