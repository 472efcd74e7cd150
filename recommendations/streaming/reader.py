"""Reads a recommendation's events as they are written, in this process or another, and resumes anywhere."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError

from climbiq.common.streams import format_line
from recommendations.services import event_log
from recommendations.services.event_log import Lease, StoredEvent, in_own_transaction
from recommendations.streaming.producer import is_producing, start_producing
from recommendations.streaming.wakeups import WAKEUPS

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.12  # while another process writes: its bell does not ring here
IDLE_SECONDS: Final = 1.0  # while this process writes: a net under the bell
CLAIM_EVERY_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 5.0  # how long a database that does not answer is waited for


class BadEventId(ValueError):
    """`Last-Event-ID` is not one of this recommendation's."""


def parse_event_id(text: str, *, recommendation_id: UUID) -> int:
    """The number in `<recommendation>:<number>`; a bare number is accepted too.

    >>> parse_event_id("12", recommendation_id=UUID(int=0))
    12
    """
    owner, _, number = text.strip().rpartition(":")
    if (owner and owner != str(recommendation_id)) or not (number.isascii() and number.isdigit()):
        raise BadEventId("Last-Event-ID is not an event of this recommendation")
    if len(number) > 9:
        raise BadEventId("Last-Event-ID is not an event of this recommendation")
    return int(number)


async def read_events(
    *,
    recommendation_id: UUID,
    user_id: UUID,
    after: int = 0,
    lease: Lease | None = None,
    first: Sequence[StoredEvent] = (),
) -> AsyncGenerator[bytes, None]:
    """Yield frames from `after` on until `done`, and see to it that somebody writes them.

    `first` are the events with which a new recommendation was stored: whoever has just made it need not read them
    back before the climber sees them. What is there together is sent together.
    """
    with WAKEUPS.listening(recommendation_id) as bell:
        try:
            if first:
                yield _frames(recommendation_id, first)
                after = first[-1].seq
        finally:
            # When the numbers are on their way, not to compete with them; and also when the climber has left.
            if lease is not None:
                start_producing(lease)
        if first and first[-1].event == "done":
            return
        if lease is not None:
            await _rung(bell, IDLE_SECONDS)
        claim_at = 0.0
        while True:
            bell.clear()
            events = await _patiently(recommendation_id, user_id, after)
            if events is None:
                return  # the client reconnects with the last number it saw
            if events:
                yield _frames(recommendation_id, events)
                after = events[-1].seq
                if events[-1].event == "done":
                    return
            producing = is_producing(recommendation_id)
            if not producing and time.monotonic() >= claim_at:
                claim_at = time.monotonic() + CLAIM_EVERY_SECONDS
                producing = await _try_to_produce(recommendation_id, user_id)
            await _rung(bell, IDLE_SECONDS if producing else POLL_SECONDS)


def _frames(recommendation_id: UUID, events: Sequence[StoredEvent]) -> bytes:
    return b"".join(format_line(f"{recommendation_id}:{e.seq}", e.event, e.data) for e in events)


async def _rung(bell: asyncio.Event, seconds: float) -> None:
    """Wait for the bell, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()


async def _patiently(recommendation_id: UUID, user_id: UUID, after: int) -> tuple[StoredEvent, ...] | None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await in_own_transaction(
                user_id, lambda: event_log.read_after(recommendation_id=recommendation_id, seq=after)
            )
        except DatabaseError:
            if time.monotonic() > give_up_at:
                log.exception("recommendation %s: events cannot be read", recommendation_id)
                return None
            await asyncio.sleep(0.3)


async def _try_to_produce(recommendation_id: UUID, user_id: UUID) -> bool:
    try:
        lease = await in_own_transaction(
            user_id, lambda: event_log.take_lease(recommendation_id=recommendation_id, user_id=user_id)
        )
    except DatabaseError:
        return False
    if lease is None:
        return False
    start_producing(lease)
    return True
