"""Bells inside one process: whoever writes an event wakes the readers of that recommendation at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class Wakeups:
    """Readers listen for a recommendation; writers ring. Forgets a recommendation with its last reader."""

    def __init__(self) -> None:
        self._bells: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def listening(self, recommendation_id: UUID) -> Iterator[asyncio.Event]:
        """A bell that is set whenever an event of this recommendation was written in this process."""
        bell = asyncio.Event()
        self._bells[recommendation_id].add(bell)
        try:
            yield bell
        finally:
            bells = self._bells[recommendation_id]
            bells.discard(bell)
            if not bells:
                del self._bells[recommendation_id]

    def ring(self, recommendation_id: UUID) -> None:
        """Wake the readers."""
        for bell in self._bells.get(recommendation_id, ()):
            bell.set()


WAKEUPS = Wakeups()
