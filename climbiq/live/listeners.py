"""Wakes the streams of this process when something was stored, here or in another process.

A message only says that a channel has news: the stream then reads the storage from where it stands. So a message
that is lost, doubled or late can neither lose nor double nor reorder an event.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

from django.conf import settings
from django_eventstream import views
from django_eventstream.views import ListenerManager
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

BELL: Final = "climbiq:live"
FIRST_WAIT_SECONDS: Final = 0.2
LONGEST_WAIT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 10.0
PING_SECONDS: Final = 5.0
# Also without any message every stream looks at the storage this often: Redis may be away for long.
SWEEP_SECONDS: Final = 30.0


class WakingListeners(ListenerManager):  # type: ignore[misc]
    """django-eventstream's listeners of one process, woken by one supervised connection to Redis."""

    def __init__(self) -> None:
        super().__init__()
        self._watch: asyncio.Task[None] | None = None

    def add_listener(self, listener: Any) -> None:
        """Take a stream in; the first one starts the watch."""
        with self.lock:
            for channel in listener.channels:
                self.listeners_by_channel.setdefault(channel, set()).add(listener)
            loop = asyncio.get_running_loop()
            if self._watch is None or self._watch.done() or self._watch.get_loop() is not loop:
                # Kept, because the loop itself only holds its tasks weakly.
                self._watch = loop.create_task(_watch(self))

    def add_to_queues(self, channel: str, event: Any) -> None:
        """Never hand an event over: it would race with the storage."""
        del event
        self.wake(channel)

    def wake(self, channel: str | None = None) -> None:
        """Make the streams of one channel, or all, read the storage again."""
        with self.lock:
            channels = self.listeners_by_channel if channel is None else [channel]
            listeners = {x for name in channels for x in self.listeners_by_channel.get(name, ())}
            for listener in listeners:
                listener.overflow = True
                listener.wake_threadsafe()


def install() -> None:
    """Put ours in the place of django-eventstream's; its version is pinned because of this line."""
    views.listener_manager = WakingListeners()


async def _watch(listeners: WakingListeners) -> None:
    sweep = asyncio.create_task(_sweep(listeners))
    try:
        await _listen_for_ever(listeners)
    finally:
        sweep.cancel()


async def _sweep(listeners: WakingListeners) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        listeners.wake()


async def _listen_for_ever(listeners: WakingListeners) -> None:
    """Stay subscribed whatever happens to Redis: a lost connection is made again, for as long as it takes."""
    wait = FIRST_WAIT_SECONDS
    while settings.REDIS_URL:
        try:
            client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PING_SECONDS)
            async with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(BELL)
                wait = FIRST_WAIT_SECONDS
                listeners.wake()  # for what was stored while we were deaf
                await _pass_on(subscription, client=client, listeners=listeners)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("live: no word from Redis (%s); trying again in %.1f s", type(error).__name__, wait)
        except Exception:
            log.exception("live: the watch failed; trying again in %.1f s", wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def _pass_on(subscription: Any, *, client: Redis, listeners: WakingListeners) -> None:
    while True:
        message = await subscription.get_message(timeout=SILENCE_SECONDS)
        if message is None:
            # Silence, or a connection that died without a word.
            async with asyncio.timeout(PING_SECONDS):
                await client.ping()
        elif message["type"] == "message":
            listeners.wake(json.loads(message["data"])["channel"])
