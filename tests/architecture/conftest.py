"""Visitors of every kind, and the keys of Alice's rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.tokens import create_token
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.services.undo import delete_session
from tests.factories.expert_rules import stored_rule
from tests.factories.people import PASSWORD, make_coach
from tests.factories.sessions import make_session


@pytest.fixture
def visitors(alice, bob, carol, olga, settings) -> dict[str, Client]:
    """Their browsers, with a password given just now; nobody; a program with Alice's read-only token."""
    settings.DEMO = True  # staff need no second factor here
    settings.STREAMS_PER_USER = settings.STREAMS_PER_PROCESS = 1000  # nobody reads these streams to their end
    fay = make_coach(email="fay@example.org", display_name="Fay", is_facilitator=True)
    people = {"alice": alice, "bob": bob, "coach": carol, "facilitator": fay, "operator": olga}
    clients = {name: Client() for name in ("nobody", *people)}
    for name, person in people.items():
        clients[name].force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        clients[name].post(reverse("account_reauthenticate"), {"password": PASSWORD})
    _, token = create_token(user=alice, name="read", scope="read", expires_at=None)
    clients["token"] = Client(headers={"Authorization": f"Bearer {token}"})
    return clients


@pytest.fixture
def ids(alice) -> dict[str, Any]:
    """What addresses and bodies ask for: a session of today, one that she deleted with its copy, a draft of a rule."""
    now = timezone.now()
    session = make_session(alice, day=now.date(), planned={"stress_level": 5, "caffeine_mg": 0})
    gone = make_session(alice, day=now.date() - timedelta(days=9), planned={})
    with rls.as_user(alice.pk):
        made = make_recommendation(
            by=alice, asked=Asked(conditions=None, session_id=session.pk), now=now, tells=False
        )
        undo = delete_session(by=alice, session_id=gone.pk, now=now)
    token, _ = create_token(user=alice, name="row", scope="read", expires_at=None)
    return {
        "session_id": session.pk,
        "gone": gone.pk,
        "undo": undo,
        "recommendation_id": made.recommendation_id,
        "token_id": token.pk,
        "rule_id": stored_rule(name="Draft").pk,
        "index": 0,
        "uidb36": "1",
        "key": "x-y",
    }
