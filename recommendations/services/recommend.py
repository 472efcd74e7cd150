"""Makes a recommendation: gathers what is known, lets the domain decide, stores what it said and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from climbiq.accounts.models import User
from climbiq.common import idempotency
from climbiq.domain.literature import QUALITY_PRIORS
from climbiq.domain.training_history import PastSession, summarise_history
from climbiq.domain.zones import zone_of
from experts.services.rule_engine import RULE_ENGINE
from modeling.domain.recordable import ignored_conditions
from recommendations.domain import events as domain
from recommendations.domain import rounding
from recommendations.domain.context import RecommendationContext
from recommendations.domain.own_model import population_beliefs
from recommendations.models import Recommendation
from recommendations.selectors import with_advice
from recommendations.services.event_log import Lease, StoredEvent
from recommendations.services.own_sessions import SESSIONS_READ, own_sessions
from recommendations.services.shared_data import STATISTICS, Priors, ServedPopulation, population_in_force
from recommendations.services.storing import Record, store
from sessions_app.domain.derived import conditions_before, was_before
from sessions_app.domain.records import ClimberContext, SessionRecord
from sessions_app.selectors import SessionNotFound, context_for, session_of

MOST_NOTES: Final = 1000  # characters
OPEN: Final = frozenset({"planned", "in_progress"})


class KeyReused(idempotency.KeyReused):
    """The idempotency key belongs to a request that asked for something else: `recommendation_id`'s."""

    def __init__(self, recommendation_id: UUID | None = None) -> None:
        super().__init__()
        self.recommendation_id = recommendation_id


class SessionIsOver(RuntimeError):
    """Advice for what has taken place would take the place of what was advised before it."""

    def __init__(self) -> None:
        super().__init__("This session is over: there is nothing left to recommend for it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes
    ----------
    conditions
        Registered name → parsed value. None: take what the session says; names given here win over it.
    """

    conditions: Mapping[str, Any] | None
    session_id: UUID | None = None
    own_forecast: float | None = None
    idempotency_key: str | None = None

    @property
    def digest(self) -> str:
        """What must be the same when a key is used again."""
        body = {
            "conditions": None if self.conditions is None else dict(self.conditions),
            "session_id": str(self.session_id),
            "own_forecast": self.own_forecast,
        }
        return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A recommendation, new or the one its key already had."""

    recommendation_id: UUID
    lease: Lease | None = None
    is_new: bool = True
    events: tuple[StoredEvent, ...] = ()


def make_recommendation(*, by: User, asked: Asked, now: datetime, tells: bool) -> Made:
    """Make, store and return a recommendation for the climber `by`.

    Parameters
    ----------
    now : datetime
        Aware.
    tells : bool
        Whether this process goes on to put it into words; else whoever reads its events first does.

    Raises
    ------
    SessionNotFound
        `session_id` is not a session of this climber's.
    SessionIsOver
        It is completed, or skipped.
    KeyReused
        The idempotency key was used for another request.
    NoPriors
        No priors are loaded.
    """
    known = _already_made(by, asked)
    if known is not None:
        return known
    local_now = now.astimezone(zone_of(by.time_zone))
    # Of several guesses in one moment one is the first: the others wait, and find its advice.
    guesses = asked.own_forecast is not None and asked.session_id is not None
    climber = context_for(user_id=by.pk, limit=SESSIONS_READ, hold=guesses)
    session = None if asked.session_id is None else _find(climber, by, asked.session_id)
    if session is not None and session.status not in OPEN:
        raise SessionIsOver
    day = session.session_date if session is not None else local_now.date()
    climber = _until(climber, day=day, session=session)
    digest = asked.digest if asked.idempotency_key else None
    if session is not None and not guess_counts(session=session, today=local_now.date()):
        asked = replace(asked, own_forecast=None)
    served = population_in_force(versions=climber.versions)
    context = _context(climber, served, asked, session, day=day, now=local_now)
    result = domain.recommend(context=context)
    record = replace(_record(by, asked, session, context, result, served, now=now), request_digest=digest)
    stored = store(record, with_lease=tells)
    if stored is None:  # the same key, in this very moment, in another tab
        known = _already_made(by, asked)
        if known is None:
            raise KeyReused
        return known
    return Made(
        recommendation_id=stored.lease.recommendation_id,
        lease=stored.lease if tells and not record.is_done else None,
        events=stored.events,
    )


def guess_counts(*, session: SessionRecord, today: date) -> bool:
    """Whether the climber's own number still is a forecast: before ours was seen, before the session began, and not
    after its day."""
    return session.status == "planned" and session.session_date >= today and not session.recommendations_shown


def _find(climber: ClimberContext, by: User, session_id: UUID) -> SessionRecord:
    """The session among those already read; asked for only where it is older than all of them."""
    for record in climber.history:
        if record.id == session_id:
            return record
    return with_advice(session_of(user_id=by.pk, session_id=session_id), user_id=by.pk)


def _until(climber: ClimberContext, *, day: date, session: SessionRecord | None) -> ClimberContext:
    """What was known before the session."""

    def is_past(record: SessionRecord) -> bool:
        return record.session_date <= day if session is None else was_before(other=record, session=session)

    return replace(climber, history=tuple(r for r in climber.history if is_past(r)))


def _already_made(by: User, asked: Asked) -> Made | None:
    if asked.idempotency_key is None:
        return None
    row = (
        Recommendation.objects.filter(user_id=by.pk, idempotency_key=asked.idempotency_key)
        .values_list("id", "request_digest")
        .first()
    )
    if row is None:
        return None
    if row[1] != asked.digest:
        raise KeyReused(row[0])
    return Made(recommendation_id=row[0], is_new=False)


def _context(
    climber: ClimberContext,
    served: ServedPopulation,
    asked: Asked,
    session: SessionRecord | None,
    *,
    day: date,
    now: datetime,
) -> RecommendationContext:
    versions = climber.versions
    past = [record.as_past for record in climber.history]
    return RecommendationContext(
        conditions=_conditions(asked, session, past, day, now=now),
        now=now,
        today=float(day.toordinal()),
        rules=RULE_ENGINE.active_rules(version=versions["rules"]),
        population=served.population,
        drift=served.drift,
        baseline=None if climber.baseline is None else climber.baseline.values,
        own_sessions=own_sessions(history=climber.history),
        training_history=summarise_history(sessions=reversed(past), today=day),
        priors=served.priors.by_variable,
        population_stats=STATISTICS.at(versions["statistics"]),
        rules_version=versions["rules"],
        prior_version=served.priors.version,
        model_version=served.version,
        own_forecast=asked.own_forecast,
    )


def _conditions(
    asked: Asked, session: SessionRecord | None, past: Sequence[PastSession], day: date, *, now: datetime
) -> dict[str, Any]:
    """What was said now, over what the session's form says and what follows from the diary and the clock.

    A null that was given is an answer: "I don't know", and stays one.
    """
    zone = now.tzinfo
    assert zone is not None  # noqa: S101  the climber's own
    known = conditions_before(session=session, day=day, past=past, now=now, zone=zone)
    return {**known, **(asked.conditions or {})}


def _record(
    by: User,
    asked: Asked,
    session: SessionRecord | None,
    context: RecommendationContext,
    result: domain.Recommendation,
    served: ServedPopulation,
    *,
    now: datetime,
) -> Record:
    override = result.decision.override
    model = result.shown or result.shadow
    return Record(
        user_id=by.pk,
        session_id=session.id if session is not None else None,
        idempotency_key=asked.idempotency_key,
        request_digest=asked.digest if asked.idempotency_key else None,
        conditions={name: value for name, value in context.conditions.items() if value is not None},
        evidence={
            **result.evidence,
            "priors": _prior_rows(served.priors),
            # A trained run has its own: of the intercept, climbers' spread and noise too.
            **({} if served.run_id else {"quality_priors": QUALITY_PRIORS.as_dict()}),
            **({} if served.drift is None else {"drift": asdict(served.drift)}),
            "run_id": None if served.run_id is None else str(served.run_id),
            "population": _population_rows(served),
            "shadow_rules": _shadow_rules(context, now=now),
            **({"ignored_values": list(ignored)} if (ignored := _ignored(context)) else {}),
            **({"notes": notes} if (notes := _notes(by, context)) else {}),
        },
        shadow=None if result.shadow is None else result.shadow.as_payload(),
        overridden_by_rule=None if override is None else UUID(override.rule_id),
        expected_quality=None if model is None else model.prediction.expected_quality,
        own_forecast=asked.own_forecast,
        rules_version=context.rules_version,
        prior_version=context.prior_version,
        model_version=context.model_version,
        created_at=now,
        events=[(event.name, event.data) for event in result.events],
    )


def _prior_rows(priors: Priors) -> dict[str, Any]:
    return {
        name: {
            "population_mean": float(row["population_mean"]),
            "population_std": float(row["population_std"]),
            "individual_sd": float(row["individual_variance"] or 0),
            "literature_sources": row["literature_sources"],
            "expert_n_scenarios": row["expert_n_scenarios"],
        }
        for name, row in priors.rows.items()
    }


def _population_rows(served: ServedPopulation) -> dict[str, Any]:
    """What held for climbers, before this one's own sessions: trained, or the priors."""
    return {
        name: {"mean": rounding.coefficient(belief.mean), "sd": rounding.coefficient(belief.sd)}
        for name, belief in population_beliefs(population=served.population).items()
    }


def _shadow_rules(context: RecommendationContext, *, now: datetime) -> list[dict[str, Any]]:
    """The rules in shadow that would have matched: kept with the record, shown nowhere."""
    decision = RULE_ENGINE.shadow_rules(version=context.rules_version).decide(context.state(), now=now)
    return [
        {"rule_id": entry.rule_id, "version": entry.version, "outcome": entry.outcome}
        for entry in decision.trace
        if entry.outcome != "false"
    ]


def _ignored(context: RecommendationContext) -> tuple[str, ...]:
    """Values of the day and of earlier sessions that no form would take: the model counts them as not said."""
    return ignored_conditions(
        conditions=[context.named_conditions, *(past.conditions for past in context.own_sessions)]
    )


def _notes(by: User, context: RecommendationContext) -> str | None:
    """The climber's own words about the day, kept for Claude only where they allow it."""
    if not by.sends_notes_to_claude:
        return None
    said = context.named_conditions
    texts = [said.get("sleep_notes") or "", *(said.get("specific_objectives") or [])]
    return "\n".join(text for text in texts if text)[:MOST_NOTES] or None


__all__ = [
    "OPEN",
    "Asked",
    "KeyReused",
    "Made",
    "SessionIsOver",
    "SessionNotFound",
    "guess_counts",
    "make_recommendation",
]
