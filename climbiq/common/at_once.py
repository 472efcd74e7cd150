"""How many requests of one person, or one address, this process works on at once: before any takes a connection.

The database's connections are few and shared. Whoever sends forty slow requests would otherwise hold all of them, and
everybody else waits. Here the fourth waits for one of the first three, in a queue of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["AtOnce", "Place"]

MOST_WAITING: Final = 100  # of one person or address
PATIENCE_SECONDS: Final = 5.0
KEPT_CREDENTIALS: Final = 20_000

Who = tuple[Literal["person", "address"], str]


@dataclass(slots=True)
class _Queue:
    """The requests of one person or address: how many are worked on, and who waits."""

    working: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Place:
    """A request's place among those that are worked on; given back once, by whichever thread is through with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, crowd: AtOnce, who: Who) -> None:
        self._loop, self._crowd, self._who = loop, crowd, who
        self._lock = threading.Lock()
        self._state: Literal["taken", "working", "left"] = "taken"

    def begin(self) -> bool:
        """In the working thread, before the work; False where its client has left already."""
        with self._lock:
            if self._state == "left":
                return False
            self._state = "working"
            return True

    def end(self) -> None:
        """In the working thread, after the work."""
        self._leave()

    def abandon(self) -> None:
        """In the event loop, when nobody waits for the answer any more: work that runs keeps its place to its end."""
        with self._lock:
            if self._state == "working":
                return
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            if self._state == "left":
                return
            self._state = "left"
        with suppress(RuntimeError):  # the loop was closed meanwhile: the process ends
            self._loop.call_soon_threadsafe(self._crowd.leave, self._who)


class AtOnce:
    """Counts requests under way, by person where a credential's owner is known, else by the client's address.

    A credential is known after its first answer, so a made-up one never counts for anything but its address. All
    methods but :meth:`learn` belong to the event loop.

    Parameters
    ----------
    of_person, of_address : int
        How many of each are worked on at once.
    patience_seconds : float
        How long another one waits for its turn.
    """

    def __init__(
        self, *, of_person: int, of_address: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._most = {"person": of_person, "address": of_address}
        self._patience_seconds = patience_seconds
        self._queues: dict[Who, _Queue] = {}
        self._people: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, credential: str, person: str) -> None:
        """Remember whose credential it is; the one that was used longest ago is forgotten first."""
        with self._lock:
            self._people[credential] = person
            self._people.move_to_end(credential)
            while len(self._people) > KEPT_CREDENTIALS:
                self._people.popitem(last=False)

    async def enter(self, *, credential: str, address: str) -> Place | None:
        """Wait for a place; None where there was none in time, or too many wait already.

        Parameters
        ----------
        credential : str
            A digest of what the client shows; blank for none.
        address : str
            The client's.
        """
        with self._lock:
            person = self._people.get(credential) if credential else None
        who: Who = ("address", address) if person is None else ("person", person)
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(who, _Queue())
        if queue.working < self._most[who[0]]:
            queue.working += 1
            return Place(loop, self, who)
        if len(queue.waiting) >= MOST_WAITING:
            return None
        turn: asyncio.Future[None] = loop.create_future()
        queue.waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience_seconds):
                await turn
        except TimeoutError:
            self._give_up(who, turn)
            return None
        except asyncio.CancelledError:
            self._give_up(who, turn)
            raise
        return Place(loop, self, who)

    def leave(self, who: Who) -> None:
        """Hand a place to the one that has waited longest, or back."""
        queue = self._queues[who]
        while queue.waiting:
            turn = queue.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        queue.working -= 1
        if not queue.working:
            del self._queues[who]

    def _give_up(self, who: Who, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            # Its turn came in the very moment in which it went.
            self.leave(who)
            return
        with suppress(KeyError, ValueError):  # passed over, or the last one left, since
            self._queues[who].waiting.remove(turn)
