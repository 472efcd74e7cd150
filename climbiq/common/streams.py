"""Server-sent events: the only place that builds a streaming response.

A stream lives for minutes, so it may hold nothing that is scarce: no database connection (its generator opens and
closes its own), no slot after the client has gone. Proxies must neither gather nor compress it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
import weakref
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.renderers import JSONRenderer

from climbiq.common.problems import problem_response

log = logging.getLogger(__name__)

__all__ = ["EventStreamRenderer", "format_event", "format_line", "sse_response"]

CONTENT_TYPE: Final = "text/event-stream"
KEEP_ALIVE_SECONDS: Final = 15.0
RECONNECT_MS: Final = 2000
# Logging out, or losing a role, takes effect on a stream when it ends.
LIFETIME_SECONDS: Final = 15 * 60.0
RETRY_SECONDS: Final = (5, 20)

_HEADERS: Final = {
    "Cache-Control": "no-cache, no-transform",
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
}


def format_event(event_id: str, event: str, data: Any) -> bytes:
    r"""Write one event; the data as JSON on one line, so that no line break can end it early.

    >>> format_event("7:1", "prediction", {"text": "a\nb"})
    b'id: 7:1\nevent: prediction\ndata: {"text": "a\\nb"}\n\n'
    """
    return format_line(event_id, event, json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False))


def format_line(event_id: str, event: str, line: str) -> bytes:
    """Write one event whose data is one line of JSON already."""
    for part in (event_id, event, line):
        if "\n" in part or "\r" in part or "\0" in part:
            raise ValueError("an event's id, name and data are one line each")
    identity = f"id: {event_id}\n" if event_id else ""
    return f"{identity}event: {event}\ndata: {line}\n\n".encode("utf-8", "replace")


def sse_response(
    events: AsyncGenerator[bytes, None],
    *,
    user_id: UUID | str,
    lifetime_seconds: float = LIFETIME_SECONDS,
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
) -> HttpResponse | StreamingHttpResponse:
    """Stream events to one person, or answer 503 when they, or this process, have too many streams open.

    Parameters
    ----------
    events : async generator of bytes
        Whole events, as `format_event` writes them. It is closed when the client leaves, so its `finally` runs.
    user_id : UUID
        Whose stream it is.
    lifetime_seconds : float
        The stream ends after this long; the client then comes back with `Last-Event-ID`.
    keep_alive_seconds : float
        A comment is sent after this much silence, so that proxies and clients know that we are there.
    """
    slot = _Slot.take(str(user_id))
    if slot is None:
        low, high = RETRY_SECONDS
        wait = random.randint(low, high)  # noqa: S311  spreads the clients' return, guards nothing
        return problem_response(
            status=503,
            kind="too-many-streams",
            detail="Too many event streams are open. Close one, or come back shortly.",
            headers={"Retry-After": str(wait)},
        )
    content = _kept_alive(events, slot=slot, lifetime=lifetime_seconds, keep_alive=keep_alive_seconds)
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPE, headers=_HEADERS)
    # A client may leave before the first byte: then the generator never starts and its `finally` never runs.
    weakref.finalize(response, slot.release)
    response._resource_closers.append(slot.release)  # type: ignore[attr-defined]  # noqa: SLF001  what Django calls when a response is closed
    return response


_open: Counter[str] = Counter()
_lock: Final = threading.Lock()


class _Slot:
    """One place among a person's and the process' streams."""

    def __init__(self, user_id: str) -> None:
        self._user_id: str | None = user_id

    @classmethod
    def take(cls, user_id: str) -> _Slot | None:
        with _lock:
            if _open[user_id] >= settings.STREAMS_PER_USER or _open.total() >= settings.STREAMS_PER_PROCESS:
                return None
            _open[user_id] += 1
        return cls(user_id)

    def release(self) -> None:
        """Give it back; the second time does nothing."""
        with _lock:
            if self._user_id is None:
                return
            _open[self._user_id] -= 1
            if not _open[self._user_id]:
                del _open[self._user_id]
            self._user_id = None


async def _kept_alive(
    events: AsyncGenerator[bytes, None], *, slot: _Slot, lifetime: float, keep_alive: float
) -> AsyncGenerator[bytes, None]:
    """Pass events on, a comment in every silence, until they end or their time is over."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + lifetime
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
    pump = asyncio.create_task(_pump(events, queue))
    opening = f"retry: {RECONNECT_MS}\n\n".encode()
    try:
        while (left := ends_at - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(keep_alive, left)):
                    event = await queue.get()
            except TimeoutError:
                event = b": keep-alive\n\n"
            if event is None:
                return
            if event:
                yield opening + event
                opening = b""
    finally:
        slot.release()
        pump.cancel()
        await asyncio.wait([pump])


async def _pump(events: AsyncGenerator[bytes, None], queue: asyncio.Queue[bytes | None]) -> None:
    """Run the generator in one task from its start to its end: its timeouts and cancel scopes need that."""
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(event)
    except Exception:
        # The client sees the end of the stream and comes back; where from, its `Last-Event-ID` says.
        log.exception("a stream broke off")
    await queue.put(None)


class EventStreamRenderer(JSONRenderer):
    """Lets a DRF view be asked with `Accept: text/event-stream`; what it does not stream itself is JSON."""

    media_type = CONTENT_TYPE
    format = "sse"
