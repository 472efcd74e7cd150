"""The events of a recommendation as rows: gapless, in order, written by one process at a time.

Every statement runs in its own short transaction as the climber, and gives its connection back. A writer holds
a lease; when its process dies the lease runs out, and whoever the client reconnects to takes over with a higher
token. A writer whose token is no longer the latest can write nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection

from climbiq.accounts import rls
from climbiq.common.leases import LeaseLost

LEASE_SECONDS: Final = 4.0

# One statement, however many.
_APPEND: Final = """
WITH writer AS (
    UPDATE recommendations SET last_seq = last_seq + %s, is_done = %s, done_at = CASE WHEN %s THEN now() END,
        lease_until = clock_timestamp() + make_interval(secs => %s),
        texts = nullif(coalesce(texts, '{}') || %s::text::jsonb, '{}')
    WHERE id = %s AND lease_token = %s AND NOT is_done RETURNING last_seq)
INSERT INTO recommendation_events (recommendation_id, seq, user_id, event, data)
SELECT %s, last_seq - %s + n, %s, event, data
FROM writer, json_to_recordset(%s::text::json) AS told (n int, event text, data text)"""

T = TypeVar("T")
Told = tuple[str, Mapping[str, Any]]  # an event's name and data


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One event as the client gets it: `data` is one line of JSON."""

    seq: int
    event: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write one recommendation's events."""

    recommendation_id: UUID
    user_id: UUID
    token: int


def as_line(data: Mapping[str, Any]) -> str:
    """JSON on one line: nothing in it can end a frame."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def as_rows(events: Iterable[tuple[str, str]]) -> str:
    """Number names and lines as one parameter, for PostgreSQL to take apart again: as an array, each is escaped."""
    rows = [{"n": n, "event": event, "data": line} for n, (event, line) in enumerate(events, start=1)]
    return json.dumps(rows, ensure_ascii=False)


async def in_own_transaction(user_id: UUID, work: Callable[[], T]) -> T:
    """Run database work as one climber in a worker thread; hold no connection afterwards."""

    def run() -> T:
        try:
            with rls.as_user(user_id):
                return work()
        finally:
            if not connection.in_atomic_block:
                connection.close()

    return await sync_to_async(run, thread_sensitive=False)()


def read_after(*, recommendation_id: UUID, seq: int) -> tuple[StoredEvent, ...]:
    """Events with a higher number, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, event, data FROM recommendation_events"
            " WHERE recommendation_id = %s AND seq > %s ORDER BY seq",
            [recommendation_id, seq],
        )
        return tuple(StoredEvent(seq=s, event=e, data=d) for s, e, d in cursor.fetchall())


def take_lease(*, recommendation_id: UUID, user_id: UUID) -> Lease | None:
    """Become the writer, unless somebody is or everything is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recommendations SET lease_token = lease_token + 1,"
            " lease_until = clock_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND NOT is_done AND (lease_until IS NULL OR lease_until < clock_timestamp())"
            " RETURNING lease_token",
            [LEASE_SECONDS, recommendation_id],
        )
        row = cursor.fetchone()
    return Lease(recommendation_id=recommendation_id, user_id=user_id, token=row[0]) if row else None


def renew(lease: Lease) -> None:
    """Stay the writer while waiting for words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recommendations SET lease_until = clock_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND lease_token = %s AND NOT is_done",
            [LEASE_SECONDS, lease.recommendation_id, lease.token],
        )
        if cursor.rowcount != 1:
            raise LeaseLost


def append(lease: Lease, events: Sequence[Told]) -> None:
    """Write the next events together and renew the lease; a tip's final words are kept with the evidence too."""
    texts = {
        str(data["index"]): {"text": data["text"], "source": data["source"]}
        for event, data in events
        if event == "nlg_complete"
    }
    is_done = events[-1][0] == "done"
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND,
            [
                *(len(events), is_done, is_done, LEASE_SECONDS, as_line(texts)),
                *(lease.recommendation_id, lease.token),
                *(lease.recommendation_id, len(events), lease.user_id),
                as_rows((event, as_line(data)) for event, data in events),
            ],
        )
        if cursor.rowcount != len(events):
            raise LeaseLost


def worded_by_claude_today(lease: Lease) -> int:
    """How many of the climber's recommendations of the last 24 hours Claude has worded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM recommendations WHERE user_id = %s AND created_at > now() - interval '24 hours'"
            " AND texts::text LIKE %s",
            [lease.user_id, '%"source": "claude"%'],
        )
        return int(cursor.fetchone()[0])


def give_up(lease: Lease) -> None:
    """Let another process take over now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recommendations SET lease_until = NULL WHERE id = %s AND lease_token = %s",
            [lease.recommendation_id, lease.token],
        )


def notes_for_claude(lease: Lease) -> str | None:
    """The climber's own words about the day, if they allow Claude to read them now: asked each time they are sent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.evidence ->> 'notes' FROM recommendations r JOIN users u ON u.id = r.user_id"
            " WHERE r.id = %s AND u.sends_notes_to_claude",
            [lease.recommendation_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None
