"""Writes a recommendation's events as they come: in order, and those that wait at the same time in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

from recommendations.services import event_log
from recommendations.services.event_log import Lease, Told, in_own_transaction
from recommendations.streaming.wakeups import WAKEUPS


class Pen:
    """In the hand of whoever holds the lease; telling does not wait for the database."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._waiting: list[Told] = []
        self._news = asyncio.Event()
        self._is_closed = False
        self._task = asyncio.create_task(self._write_all())

    @classmethod
    @asynccontextmanager
    async def of(cls, lease: Lease) -> AsyncIterator[Self]:
        """Write in the background; at the end, wait until everything is written.

        Raises
        ------
        LeaseLost
            Somebody else writes it now: nothing more was written.
        """
        pen = cls(lease)
        try:
            yield pen
            pen._is_closed = True
            pen._news.set()
            await pen._task
        finally:
            pen._task.cancel()

    def write(self, event: str, data: Mapping[str, Any]) -> None:
        """Put an event in line; raises what befell those before it."""
        if self._task.done():
            self._task.result()
        self._waiting.append((event, data))
        self._news.set()

    async def _write_all(self) -> None:
        while self._waiting or not self._is_closed:
            await self._news.wait()
            self._news.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                await in_own_transaction(self.lease.user_id, partial(event_log.append, self.lease, batch))
                WAKEUPS.ring(self.lease.recommendation_id)
