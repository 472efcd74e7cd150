"""Puts a recommendation into words, detached from whoever asked: a client that leaves changes nothing.

One producer over all processes, by lease. It continues from what is stored, so after a crash the next process
tells only the tips that were not finished, and nothing is asked of Claude twice that was already paid for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from climbiq.common.leases import LeaseLost
from recommendations.narration.base import Chunk, Complete, NarrationRequest, Restart, narrate_tip
from recommendations.narration.choice import narrators, subject_of
from recommendations.services import event_log
from recommendations.services.event_log import Lease, StoredEvent, in_own_transaction
from recommendations.streaming.pen import Pen

log = logging.getLogger(__name__)

RENEW_EVERY_SECONDS: Final = event_log.LEASE_SECONDS / 3
# After this many writers died over one recommendation, its words are made here, without Claude.
TRUSTED_ATTEMPTS: Final = 3
LAST_ATTEMPT: Final = 6

_tasks: dict[UUID, asyncio.Task[None]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is to be told, read back from the stored events."""

    tips: tuple[Mapping[str, Any], ...]
    prediction: Mapping[str, Any]
    stats: Mapping[str, Any]
    started: frozenset[int]
    completed: frozenset[int]

    @classmethod
    def from_events(cls, events: tuple[StoredEvent, ...]) -> Script:
        """Collect the numbers and how far the telling got."""
        by_name: dict[str, Mapping[str, Any]] = {}
        started: set[int] = set()
        completed: set[int] = set()
        for stored in events:
            data = json.loads(stored.data)
            if stored.event == "nlg_start":
                started.add(int(data["index"]))
            elif stored.event == "nlg_complete":
                completed.add(int(data["index"]))
            else:
                by_name[stored.event] = data
        return cls(
            tips=tuple(by_name.get("recommendations", {}).get("items", ())),
            prediction=by_name.get("prediction", {}),
            stats=by_name.get("stats", {}),
            started=frozenset(started),
            completed=frozenset(completed),
        )


def is_producing(recommendation_id: UUID) -> bool:
    """Whether this process is telling it right now."""
    task = _tasks.get(recommendation_id)
    return task is not None and not task.done()


def start_producing(lease: Lease) -> None:
    """Begin telling in the background of the running loop; the task is kept until it ends."""
    key = lease.recommendation_id
    task = asyncio.create_task(_produce_safely(lease), name=f"recommendation {key}")
    _tasks[key] = task
    task.add_done_callback(lambda done: _tasks.pop(key, None) if _tasks.get(key) is done else None)


async def _produce_safely(lease: Lease) -> None:
    heart = asyncio.create_task(_keep_lease(lease))
    try:
        await _produce(lease)
    except LeaseLost:
        log.info("recommendation %s is written elsewhere", lease.recommendation_id)
    except asyncio.CancelledError:
        # The process stops: let the next one take over at once instead of after the lease.
        with suppress(Exception):
            await asyncio.shield(in_own_transaction(lease.user_id, lambda: event_log.give_up(lease)))
        raise
    except Exception:
        log.exception("recommendation %s: telling failed", lease.recommendation_id)
        if lease.token >= LAST_ATTEMPT:
            await _end_with_error(lease)
    finally:
        heart.cancel()


async def _end_with_error(lease: Lease) -> None:
    """Say so and stop: a telling that always fails must not be tried for ever. The numbers stand."""
    problem = {
        "v": 1,
        "type": "urn:climbiq:problem:words-failed",
        "title": "The words could not be written",
        "status": 500,
        "detail": "The numbers are complete; there will be no words for them.",
    }
    with suppress(Exception):
        async with Pen.of(lease) as pen:
            pen.write("error", problem)
            pen.write("done", {"v": 1})


async def _keep_lease(lease: Lease) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY_SECONDS)
        try:
            await in_own_transaction(lease.user_id, lambda: event_log.renew(lease))
        except LeaseLost:
            return
        except Exception:
            log.exception("recommendation %s: lease not renewed", lease.recommendation_id)


async def _produce(lease: Lease) -> None:
    script, notes, spent = await in_own_transaction(lease.user_id, lambda: _read(lease))
    trusted = lease.token <= TRUSTED_ATTEMPTS and spent < settings.NLG_DAILY_LIMIT
    async with Pen.of(lease) as pen:
        # Without a tip there is still something to say: why today needs no change.
        for index, tip in enumerate(script.tips or (None,)):
            if index not in script.completed:
                await _tell(pen, script, index, tip, notes=notes, trusted=trusted)
                if notes is not None:  # consent may be taken back, or the session deleted, between two tips
                    notes = await in_own_transaction(lease.user_id, lambda: event_log.notes_for_claude(lease))
        pen.write("done", {"v": 1})


def _read(lease: Lease) -> tuple[Script, str | None, int]:
    """What is to be told, the climber's own words about it, and what Claude has worded for them today."""
    events = event_log.read_after(recommendation_id=lease.recommendation_id, seq=0)
    return (
        Script.from_events(events),
        event_log.notes_for_claude(lease),
        event_log.worded_by_claude_today(lease),
    )


async def _tell(
    pen: Pen,
    script: Script,
    index: int,
    tip: Mapping[str, Any] | None,
    *,
    notes: str | None,
    trusted: bool,
) -> None:
    narrator, fallback = narrators(trusted=trusted)
    request = NarrationRequest(
        tip=tip,
        prediction=script.prediction,
        stats=script.stats,
        notes=notes,
        may_quote_notes=notes is not None,
        subject=subject_of(pen.lease.user_id),
    )
    again = {"restart": True} if index in script.started else {}
    pen.write("nlg_start", {"v": 1, "index": index, **again})
    async with aclosing(narrate_tip(narrator=narrator, fallback=fallback, request=request)) as items:
        async for item in items:
            match item:
                case Chunk(text=text):
                    pen.write("nlg_chunk", {"v": 1, "index": index, "text": text})
                case Restart():
                    pen.write("nlg_start", {"v": 1, "index": index, "restart": True})
                case Complete(text=text, source=source, fallback=is_fallback):
                    words = {"text": text, "source": source, "fallback": is_fallback}
                    pen.write("nlg_complete", {"v": 1, "index": index, **words})
            await asyncio.sleep(0)  # a template's words cost no wait: let the others have their turn
