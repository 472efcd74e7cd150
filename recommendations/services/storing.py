"""Stores a recommendation with everything it was made from: one statement, whatever its length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from psycopg.types.json import Jsonb

from climbiq.live.services import notify
from recommendations.services.event_log import LEASE_SECONDS, Lease, StoredEvent, as_line, as_rows
from sessions_app.selectors import SessionNotFound

Event = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of one recommendation.

    Attributes
    ----------
    evidence
        Rules with versions, priors, model, history used: enough to compute every number again.
    shadow
        What the model would have said under an override; never shown.
    """

    user_id: UUID
    session_id: UUID | None
    idempotency_key: str | None
    request_digest: str | None
    conditions: Mapping[str, Any]
    evidence: Mapping[str, Any]
    shadow: Mapping[str, Any] | None
    overridden_by_rule: UUID | None
    expected_quality: float | None
    own_forecast: float | None
    rules_version: int
    prior_version: int
    model_version: str
    created_at: datetime
    events: Sequence[Event]

    @property
    def is_done(self) -> bool:
        return bool(self.events) and self.events[-1][0] == "done"


# The session's own row keeps the advice too; without a session that part finds nothing to update. Of the advice before
# it stays which it was, and the guess: only the first was made before anything was seen.
# The session is held first, as whoever deletes it does: until this is committed it stays, and one that is gone is null.
INSERT = """
WITH held AS MATERIALIZED (
    SELECT id FROM sessions WHERE id = %s AND user_id = %s FOR KEY SHARE),
made AS (
    INSERT INTO recommendations (
        id, user_id, session_id, idempotency_key, request_digest, conditions, evidence, shadow, overridden_by_rule,
        expected_quality, own_forecast, own_forecast_at, revealed_at, rules_version, prior_version, model_version,
        last_seq, is_done, done_at, lease_token, lease_until, created_at)
    VALUES (%s, %s, (SELECT id FROM held), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
        CASE WHEN %s THEN clock_timestamp() + make_interval(secs => %s) END, %s)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING
    RETURNING id, user_id, session_id),
attached AS (
    UPDATE pre_session_data b SET recommendations_shown = %s::text::jsonb
        || CASE WHEN b.recommendations_shown ->> 'recommendation_id' IS NULL THEN '{}' ELSE jsonb_build_object(
            'earlier', coalesce(b.recommendations_shown -> 'earlier', '[]')
                || jsonb_build_array(b.recommendations_shown -> 'recommendation_id')) END
        || CASE WHEN jsonb_typeof(b.recommendations_shown -> 'own_forecast') = 'number' THEN jsonb_build_object(
            'own_forecast', b.recommendations_shown -> 'own_forecast') ELSE '{}' END
    FROM made WHERE b.session_id = made.session_id AND b.user_id = made.user_id)
INSERT INTO recommendation_events (recommendation_id, seq, user_id, event, data)
SELECT made.id, n, made.user_id, event, data
FROM made, json_to_recordset(%s::text::json) AS told (n int, event text, data text)
RETURNING (SELECT session_id FROM made)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is in the tables now: the events as they are sent and kept."""

    lease: Lease
    events: tuple[StoredEvent, ...]


def store(record: Record, *, with_lease: bool) -> Stored | None:
    """Write the record and its first events; None when the idempotency key was used in this very moment.

    Once this is committed, the climber's open pages hear of it, whoever asked and however: its numbers are there.

    Parameters
    ----------
    with_lease : bool
        Whether this process goes on to tell it. A finished recommendation needs no writer.

    Raises
    ------
    SessionNotFound
        The session was deleted since it was read.
    """
    key = uuid4()
    telling = with_lease and not record.is_done
    summary = None if record.session_id is None else as_line(_summary(key, record))
    lines = [(name, as_line(data)) for name, data in record.events]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*_values(key, record, telling=telling), summary, as_rows(lines)])
        stored = cursor.fetchone()
    if stored is None:
        return None
    if stored[0] != record.session_id:
        raise SessionNotFound(str(record.session_id))
    notify(user_id=record.user_id, kind="recommendation_ready", object_id=key)
    return Stored(
        lease=Lease(recommendation_id=key, user_id=record.user_id, token=1),
        events=tuple(
            StoredEvent(seq=seq, event=name, data=line) for seq, (name, line) in enumerate(lines, start=1)
        ),
    )


def _values(key: UUID, record: Record, *, telling: bool) -> list[Any]:
    guessed = record.created_at if record.own_forecast is not None else None
    return [
        record.session_id,
        record.user_id,
        key,
        record.user_id,
        record.idempotency_key,
        record.request_digest,
        Jsonb(dict(record.conditions)),
        Jsonb(dict(record.evidence)),
        None if record.shadow is None else Jsonb(dict(record.shadow)),
        record.overridden_by_rule,
        record.expected_quality,
        record.own_forecast,
        guessed,
        record.created_at,
        record.rules_version,
        record.prior_version,
        record.model_version,
        len(record.events),
        record.is_done,
        record.created_at if record.is_done else None,
        1,
        telling,
        LEASE_SECONDS,
        record.created_at,
    ]


def _summary(key: UUID, record: Record) -> dict[str, Any]:
    """What the session's own row keeps of the advice."""
    by_name = dict(record.events)
    return {
        "recommendation_id": str(key),
        "shown_at": record.created_at.isoformat(),
        "rule_override": by_name.get("rule_override"),
        "prediction": by_name.get("prediction"),
        "own_forecast": record.own_forecast,
        "items": by_name.get("recommendations", {}).get("items", []),
    }
