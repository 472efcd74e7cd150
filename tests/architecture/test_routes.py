"""Every route against every kind of visitor. A route that is not on the table fails the test.

The columns: nobody, Alice (whose rows the ids are), Bob (another climber), a coach, an operator, Alice by a
read-only token. `GET` throughout; what writes refuses it (405) or asks first.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from climbiq.accounts import rls
from climbiq.accounts.tokens import create_token
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.models import PreSessionData, Session
from tests.architecture.route_matrix import ADMIN, MATRIX, VISITORS


def routes(
    resolver: URLResolver, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every named route with its namespace, and every unnamed one by its pattern."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern, path, inner)
        elif isinstance(pattern, URLPattern):
            name = space + (pattern.name or path)
            yield name, path, dict(pattern.pattern.converters)


@pytest.fixture
def visitors(alice, bob, carol, olga, settings) -> dict[str, Client]:
    settings.DEMO = True  # staff need no second factor here
    settings.STREAMS_PER_USER = settings.STREAMS_PER_PROCESS = 1000  # nobody reads these streams to their end
    clients = {name: Client() for name in VISITORS}
    for name, user in (("alice", alice), ("bob", bob), ("coach", carol), ("operator", olga)):
        clients[name].force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    _, token = create_token(user=alice, name="read", scope="read", expires_at=None)
    clients["token"] = Client(headers={"Authorization": f"Bearer {token}"})
    return clients


@pytest.fixture
def ids(alice) -> dict[str, Any]:
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice, planned_caffeine_mg=0, stress_level=5)
    with rls.as_user(alice.pk):
        made = make_recommendation(
            by=alice,
            asked=Asked(conditions=None, session_id=session.pk),
            now=datetime(2026, 11, 20, 12, tzinfo=UTC),
            tells=False,
        )
    token, _ = create_token(user=alice, name="row", scope="read", expires_at=None)
    return {
        "session_id": session.pk,
        "recommendation_id": made.recommendation_id,
        "token_id": token.pk,
        "rule_id": uuid.UUID(int=1),
        "index": 0,
        "uidb36": "1",
        "key": "x-y",
    }


def address(name: str, path: str, ids: dict[str, Any]) -> str:
    wanted = {key: ids[key] for key in ids if f":{key}>" in path or f"<{key}>" in path}
    return reverse(name, kwargs=wanted)


def test_every_route_is_on_the_table():
    found = {name for name, _, _ in routes(get_resolver()) if not name.startswith(("admin:", "admin/"))}
    assert found == set(MATRIX)


def test_every_route_answers_everybody_as_the_table_says(visitors, ids):
    wrong = []
    for name, path, _ in routes(get_resolver()):
        if name not in MATRIX:
            continue
        expected = MATRIX[name].split()
        got = []
        for visitor in VISITORS:
            response = visitors[visitor].get(address(name, path, ids))
            got.append(str(response.status_code))
        if got != expected:
            wrong.append(f'"{name}": "{" ".join(got)}",  # is on the table as {" ".join(expected)}')
    assert not wrong, "\n".join(wrong)


def test_the_admin_is_for_coaches_and_accounts_are_for_operators(visitors):
    wrong = []
    for name, _, converters in routes(get_resolver()):
        if not name.startswith("admin:") or converters or name == "admin:admin/(?P<url>.*)$":
            continue
        kind = next((k for k in ADMIN if name.startswith(f"admin:{k}")), None)
        assert kind is not None, f"{name} is not on the table"
        if kind == "app_list":
            continue
        got = [
            str(visitors[visitor].get(reverse(name)).status_code)
            for visitor in ("nobody", "alice", "coach", "operator")
        ]
        if got != ADMIN[kind].split():
            wrong.append(f"{name}: {' '.join(got)}, on the table {ADMIN[kind]}")
    assert not wrong, "\n".join(wrong)
