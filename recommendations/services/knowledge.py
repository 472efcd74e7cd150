"""What is known about a climber now, and what a session taught: read, computed, nothing stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from climbiq.accounts.models import User
from recommendations.domain.guesses import GuessScores, score_guesses
from recommendations.domain.own_model import OwnModel, own_model
from recommendations.domain.taught import Taught, what_a_session_taught
from recommendations.selectors import rated_guesses, recommendations_of
from recommendations.services.own_sessions import SESSIONS_READ, as_treated_session, own_sessions
from recommendations.services.shared_data import ServedPopulation, population_in_force
from sessions_app.domain.records import SessionRecord
from sessions_app.selectors import SessionNotFound, context_for, session_of

__all__ = ["Known", "Lesson", "SessionNotFound", "what_is_known", "what_it_taught"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The climber's model as of now, what it was conditioned on, and how its forecasts did beside the climber's own."""

    model: OwnModel
    served: ServedPopulation
    guesses: GuessScores


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A session and what it taught; None while it is not rated."""

    session: SessionRecord
    taught: Taught | None
    served: ServedPopulation


def what_is_known(*, by: User) -> Known:
    """Everything that the model holds of the climber `by`, the session they have just logged included.

    Raises
    ------
    NoPriors
        No priors are loaded.
    """
    climber = context_for(user_id=by.pk, limit=SESSIONS_READ)
    served = population_in_force(versions=climber.versions)
    model = own_model(
        sessions=own_sessions(history=climber.history), population=served.population, drift=served.drift
    )
    guesses = score_guesses(guesses=rated_guesses(user_id=by.pk))
    return Known(model=model, served=served, guesses=guesses)


def what_it_taught(*, by: User, session_id: UUID) -> Lesson:
    """What one of the climber's sessions taught, from those before it; of one day the one that began first is first.

    Computed from how the sessions read now: a correction, of it or of one before it, counts.

    Raises
    ------
    SessionNotFound
        `session_id` is not a session of this climber's.
    NoPriors
        No priors are loaded.
    """
    session = session_of(user_id=by.pk, session_id=session_id)
    climber = context_for(user_id=by.pk, limit=SESSIONS_READ, before=session.session_date)
    served = population_in_force(versions=climber.versions)
    if session.status != "completed" or session.quality is None:
        return Lesson(session=session, taught=None, served=served)
    keys = [record.id for record in climber.history]
    place = keys.index(session.id) if session.id in keys else -1
    taught = what_a_session_taught(
        earlier=own_sessions(history=climber.history[place + 1 :]),
        session=as_treated_session(session),
        population=served.population,
        drift=served.drift,
        planned=session.planned if session.changes else None,
    )
    if session.changes:
        # What the climber was told then is what they compare with, whatever the model would say of the plan by now.
        advice = recommendations_of(user_id=by.pk, session_id=session_id).first()
        if advice is not None and advice.shown_quality is not None:
            taught = replace(taught, for_plan=advice.shown_quality)
    return Lesson(session=session, taught=taught, served=served)
