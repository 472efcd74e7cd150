"""Reads recommendations: the record, its events by name, and the words told so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from recommendations.domain import rounding
from recommendations.domain.guesses import Guess
from recommendations.models import Recommendation, RecommendationEvent
from sessions_app.domain.records import SessionRecord


class RecommendationNotFound(LookupError):
    """There is none of that key, or it is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A recommendation as it was shown: payloads by event, final words by tip."""

    recommendation: Recommendation
    payloads: Mapping[str, Any]
    texts: Mapping[int, Mapping[str, Any]]
    # Tips that somebody has begun to tell, and perhaps finished.
    started: frozenset[int]
    last_seq: int
    # Up to here everything is whole: a reader that has only this goes on from here, words half told included.
    whole_until: int

    @property
    def is_done(self) -> bool:
        return "done" in self.payloads

    @property
    def notices(self) -> list[str]:
        """Warnings about what was planned, whoever advises: the model or a rule."""
        told = self.payloads.get("rule_override") or self.payloads.get("recommendations") or {}
        return list(told.get("notices", ()))

    @property
    def tips(self) -> list[dict[str, Any]]:
        """The tips with their words."""
        items = self.payloads.get("recommendations", {}).get("items", [])
        return [{**tip, **self.texts.get(int(tip["index"]), {})} for tip in items]


def recommendation_of(*, user_id: UUID, recommendation_id: UUID) -> Recommendation:
    """One recommendation of the climber's own.

    Raises
    ------
    RecommendationNotFound
    """
    found = Recommendation.objects.filter(pk=recommendation_id, user_id=user_id).first()
    if found is None:
        raise RecommendationNotFound(str(recommendation_id))
    return found


def shown(*, user_id: UUID, recommendation_id: UUID) -> Shown:
    """Read a recommendation with its events."""
    recommendation = recommendation_of(user_id=user_id, recommendation_id=recommendation_id)
    payloads: dict[str, Any] = {}
    texts: dict[int, Mapping[str, Any]] = {}
    started: set[int] = set()
    last = whole = 0
    events = RecommendationEvent.objects.filter(recommendation_id=recommendation_id).order_by("seq")
    for seq, event, data in events.values_list("seq", "event", "data"):
        last = seq
        payload = json.loads(data)
        if event not in {"nlg_start", "nlg_chunk"}:
            whole = seq
        if event == "nlg_start":
            started.add(int(payload["index"]))
        elif event == "nlg_complete":
            texts[int(payload["index"])] = {"text": payload["text"], "source": payload["source"]}
        elif not event.startswith("nlg_"):
            payloads[event] = payload
    return Shown(
        recommendation=recommendation,
        payloads=payloads,
        texts=texts,
        started=frozenset(started),
        last_seq=last,
        whole_until=whole,
    )


def recommendations_of(*, user_id: UUID, session_id: UUID | None = None) -> QuerySet[Recommendation]:
    """The climber's own, of one session or all, newest first, without the long columns that pages of one read."""
    found = Recommendation.objects.filter(user_id=user_id).order_by("-created_at", "-id")
    if session_id is not None:
        found = found.filter(session_id=session_id)
    return found.only(
        "id",
        "created_at",
        "session_id",
        "is_done",
        "overridden_by_rule_id",
        "expected_quality",
        "own_forecast",
    )


def rated_guesses(*, user_id: UUID) -> list[Guess]:
    """The climber's own forecasts of sessions that they have rated since, each beside ours.

    Ours is what they were shown in answer to their guess, as it was shown; later advice for the session, from changed
    answers, is not what they had guessed against. Where a rule spoke no number was shown, so there is none to compare.
    """
    rows = (
        Recommendation.objects.filter(
            user_id=user_id,
            own_forecast__isnull=False,
            expected_quality__isnull=False,
            overridden_by_rule__isnull=True,
            session__status="completed",
            session__post__session_quality__isnull=False,
        )
        .order_by("session_id", "created_at", "id")
        .distinct("session_id")
        .values_list(
            "session_id",
            "session__session_date",
            "own_forecast",
            "expected_quality",
            "session__post__session_quality",
        )
    )
    return [
        Guess(
            session_id=session_id,
            day=day,
            own=float(own),
            ours=rounding.quality(expected),
            observed=float(observed),
        )
        for session_id, day, own, expected, observed in rows
        if own is not None
        and expected is not None
        and observed is not None  # as asked for; types cannot tell
    ]


def latest_for_sessions(*, user_id: UUID, session_ids: list[UUID]) -> dict[UUID, UUID]:
    """The newest recommendation of each session."""
    rows = (
        Recommendation.objects.filter(user_id=user_id, session_id__in=session_ids)
        .order_by("session_id", "-created_at")
        .values_list("session_id", "id")
    )
    found: dict[UUID, UUID] = {}
    for session_id, recommendation_id in rows:
        found.setdefault(session_id, recommendation_id)
    return found


def with_advice(session: SessionRecord, *, user_id: UUID) -> SessionRecord:
    """The session with which advice was seen for it, also where it has no form, whose row would say so."""
    if session.recommendations_shown:
        return session
    advised = latest_for_sessions(user_id=user_id, session_ids=[session.id]).get(session.id)
    if advised is None:
        return session
    return replace(session, recommendations_shown={"recommendation_id": str(advised)})
