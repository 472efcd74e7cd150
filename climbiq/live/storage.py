"""Where events wait: numbered without a gap for each channel, read without holding a connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from django.db import connection, connections
from django_eventstream.event import Event as StreamedEvent
from django_eventstream.models import Event, EventCounter
from django_eventstream.storage import EventDoesNotExist, StorageBase

# The counter's row stays locked until the event is committed: numbers become visible in their order.
_APPEND: Final = """
WITH counter AS (
    INSERT INTO django_eventstream_eventcounter AS c (name, value, updated) VALUES (%s, 1, now())
    ON CONFLICT (name) DO UPDATE SET value = c.value + 1, updated = now()
    RETURNING value
)
INSERT INTO django_eventstream_event (channel, type, data, eid, created)
SELECT %s, %s, %s, value, now() FROM counter
RETURNING eid
"""
# In the order of the names, so that two of these never wait for each other.
_APPEND_TO_MANY: Final = """
WITH counter AS (
    INSERT INTO django_eventstream_eventcounter AS c (name, value, updated)
    SELECT channel, 1, now() FROM unnest(%s::text[]) AS channel ORDER BY channel
    ON CONFLICT (name) DO UPDATE SET value = c.value + 1, updated = now()
    RETURNING name, value
)
INSERT INTO django_eventstream_event (channel, type, data, eid, created)
SELECT name, %s, %s, value, now() FROM counter
"""


class ReleasingStorage(StorageBase):  # type: ignore[misc]
    """Events in PostgreSQL.

    django-eventstream's own keeps one connection for every open stream, and loses the first event after its
    predecessor was thrown away.
    """

    def append_event(self, channel: str, event_type: str, data: Any) -> StreamedEvent:
        """Store one event. Call it outside a transaction, or the channel waits for its end."""
        text = json.dumps(data)
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, [channel, channel, event_type, text])
            number = cursor.fetchone()[0]
        return StreamedEvent(channel, event_type, text, id=number)

    def append_to_many(self, channels: Sequence[str], event_type: str, data: Any) -> None:
        """Store the same event in many channels, all different. Call it outside a transaction, as above."""
        with connection.cursor() as cursor:
            cursor.execute(_APPEND_TO_MANY, [list(channels), event_type, json.dumps(data)])

    def get_events(self, channel: str, last_id: int, limit: int = 100) -> list[StreamedEvent]:
        """Read what came after `last_id`, in order; EventDoesNotExist when some of it is no longer there."""
        try:
            # The counter first: whatever it counts is visible to the query after it.
            current = self._current(channel)
            if last_id == current:
                return []
            rows = list(Event.objects.filter(channel=channel, eid__gt=last_id).order_by("eid")[:limit])
        finally:
            _release()
        if not rows or rows[0].eid != last_id + 1:
            raise EventDoesNotExist(f"what followed event {last_id} is not there", current)
        return [StreamedEvent(channel, row.type, row.data, id=row.eid) for row in rows]

    def get_current_id(self, channel: str) -> int:
        """Return the number of the channel's latest event; 0 before the first."""
        try:
            return self._current(channel)
        finally:
            _release()

    def _current(self, channel: str) -> int:
        value = EventCounter.objects.filter(name=channel).values_list("value", flat=True).first()
        return int(value or 0)


def _release() -> None:
    """Give back the connection of this thread, which may idle for minutes now."""
    for used in connections.all(initialized_only=True):
        if not used.in_atomic_block:
            used.close()
