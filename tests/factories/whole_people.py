"""Somebody with a row in every table that holds anything of people, each with a word of theirs in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone
from django_eventstream.models import Event, EventCounter

from climbiq.accounts import rls
from climbiq.accounts.login_store import SessionStore
from climbiq.accounts.models import User
from climbiq.accounts.tokens import create_token
from climbiq.common.models import IdempotencyRecord
from climbiq.jobs.models import Job
from climbiq.live.channels import channel_of
from experts.models import (
    ExpertRule,
    ExpertScenarioResponse,
    RuleReviewSession,
    SyntheticScenario,
)
from modeling.models import ModelOutput, TrainingRun
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.models import DeletedSession, Gym, GymAddition, Session
from tests.factories.sessions import make_baseline, make_session

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def fill_account(person: User, word: str) -> None:
    """What everybody has: addresses, logins, keys, a second step, news, jobs."""
    address = EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    EmailConfirmation.objects.create(email_address=address, key=f"key-{word}", sent=NOW)
    Authenticator.objects.create(user=person, type="totp", data={"secret": f"secret-{word}"})
    create_token(user=person, name=word, scope="read", expires_at=timezone.now() + timedelta(days=9))
    session = SessionStore()
    session.update({"_auth_user_id": str(person.pk), "login_device": word, "login_began": 1_790_000_000})
    session.save()
    person.user_permissions.add(Permission.objects.order_by("pk").first())
    IdempotencyRecord.objects.create(
        user=person, key=word, method="POST", path="/x", body_digest="d", status=201,
        content_type="application/json", body=word.encode(),
    )  # fmt: skip
    Job.objects.create(kind="purge", status="succeeded", requested_by=person, result={"word": word})
    Event.objects.create(channel=channel_of(person.pk), type="message", data=f'"{word}"', eid=1)
    EventCounter.objects.create(name=channel_of(person.pk), value=1)


def fill_climber(person: User, word: str) -> UUID:
    """A climber's diary, what the model believes and what was advised; the recommendation's key."""
    make_baseline(person, age=31, weight_kg=Decimal("61.5"), injury_history=[{"what": word}], is_current=True)
    session = make_session(
        person,
        planned={"sleep_hours": 6.5, "stress_level": 5},
        actual={"caffeine_mg": 100},
        quality=7,
        status="in_progress",
        outcomes={"notes": f"=notes of {word}", "new_niggles": [{"location": "finger", "severity": 2}]},
    )
    with rls.as_user(person.pk):
        made = make_recommendation(
            by=person, asked=Asked(conditions=None, session_id=session.pk), now=NOW, tells=False
        )
    Session.objects.filter(pk=session.pk).update(status="completed")
    # A gym's name is everybody's, like the gyms that were there before anybody's additions were counted.
    GymAddition.objects.create(user=person, gym=Gym.objects.get_or_create(name="Rock Inn")[0])
    DeletedSession.objects.create(user=person, session_id=uuid4(), copy=word)
    ModelOutput.objects.create(user=person, coefficients={"word": word})
    return made.recommendation_id


def fill_coach(person: User, word: str) -> None:
    """A coach's rule with its log, judgment, meeting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.claims', %s, true)", [_claims(person)])
        ExpertRule.objects.create(
            name=f"rule of {word}",
            conditions={"field": "pre_session.stress_level", "op": ">=", "value": 5},
            actions=[{"type": "message", "message": "Breathe."}],
            rule_category="performance",
            created_by=person,
            contributors=[person.pk],
        )
        cursor.execute("SELECT set_config('app.claims', '', true)")
    scenario = SyntheticScenario.objects.create(
        baseline_snapshot={}, pre_session_snapshot={}, assigned_reviewers=[person.pk], ai_reasoning="hidden"
    )
    ExpertScenarioResponse.objects.create(scenario=scenario, expert=person, reasoning=f"because {word}")
    RuleReviewSession.objects.create(session_date="2026-11-01", participants=[person.pk])


def fill_operator(person: User, word: str) -> None:
    """What only an operator asks for, and a change in the admin."""
    TrainingRun.objects.create(requested_by=person, trigger="button")
    LogEntry.objects.create(
        user=person,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=str(person),
        action_flag=CHANGE,
        change_message=f"changed {word}",
    )


def _claims(person: User) -> str:
    import time

    return rls.sign(rls.Identity.of(person), now=time.time())


def tables_of(person: User) -> dict[str, int]:
    """How many rows of each described table are this person's."""
    from climbiq.common.personal_data import personal_tables

    counts: dict[str, Any] = {t.name: t.rows(person=person.pk).count() for t in personal_tables()}
    return counts
