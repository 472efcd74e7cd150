"""Tells people's open pages that something changed: what kind of thing, and its key. Never what is in it."""

from __future__ import annotations

import functools
import json
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django_eventstream.utils import get_storage
from django_eventstream.views import get_listener_manager
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from climbiq.live.channels import COACHES, channel_of
from climbiq.live.listeners import BELL

log = logging.getLogger(__name__)

_KIND: Final = re.compile(r"[a-z]+(_[a-z]+){0,4}")
_SECONDS: Final = 0.5
_TOGETHER: Final = 1000  # channels that one statement writes to


class NotAPointer(ValueError):
    """An event must name a kind and a key, and carry nothing else: channels are no place for health data."""


def notify(*, user_id: UUID | str, kind: str, object_id: UUID | str | None = None) -> None:
    """Tell one person, once this transaction is committed: `training_finished`, `recommendation_ready`, …

    It never fails the caller: what cannot be delivered now is stored and read later.

    Raises
    ------
    NotAPointer
        When `kind` is no plain name or `object_id` no UUID.
    """
    _after_commit(channel=channel_of(user_id), kind=kind, object_id=object_id)


def notify_coaches(*, kind: str, object_id: UUID | str | None = None) -> None:
    """Tell all coaches, once this transaction is committed: `consensus_reached`, …"""
    _after_commit(channel=COACHES, kind=kind, object_id=object_id)


def notify_all(*, user_ids: Iterable[UUID | str], kind: str, object_id: UUID | str | None = None) -> None:
    """Tell many people the same, once this transaction is committed: with one statement a thousand, and one ring."""
    key = _pointer(kind=kind, object_id=object_id)
    channels = sorted({channel_of(user_id) for user_id in user_ids})
    transaction.on_commit(
        functools.partial(_deliver_to_many, channels=channels, kind=kind, key=key), robust=True
    )


def _after_commit(*, channel: str, kind: str, object_id: UUID | str | None) -> None:
    key = _pointer(kind=kind, object_id=object_id)
    transaction.on_commit(
        functools.partial(_deliver, channel=channel, kind=kind, key=key),
        robust=True,
    )


def _pointer(*, kind: str, object_id: UUID | str | None) -> str | None:
    if not _KIND.fullmatch(kind):
        raise NotAPointer(f"{kind!r} is no kind of event")
    try:
        return None if object_id is None else str(UUID(str(object_id)))
    except ValueError:
        raise NotAPointer("an event points at an object by its UUID") from None


def _deliver(*, channel: str, kind: str, key: str | None) -> None:
    get_storage().append_event(channel, kind, {"kind": kind, "id": key})
    _ring(channel, kind)


def _deliver_to_many(*, channels: Sequence[str], kind: str, key: str | None) -> None:
    storage = get_storage()
    for start in range(0, len(channels), _TOGETHER):
        storage.append_to_many(channels[start : start + _TOGETHER], kind, {"kind": kind, "id": key})
    if channels:
        _ring(None, kind)


def _ring(channel: str | None, kind: str) -> None:
    """Wake the streams of one channel, or of all, in every process."""
    get_listener_manager().wake(channel)
    if not settings.REDIS_URL:
        return
    try:
        _redis(settings.REDIS_URL).publish(BELL, json.dumps({"channel": channel}))
    except (RedisError, OSError) as error:
        # The other processes look at the storage when Redis is back, or within half a minute without it.
        log.warning("live: could not ring for %s: %s", kind, type(error).__name__)


@functools.cache
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
    )
