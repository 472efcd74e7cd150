"""What a request or a task binds is gone for the next borrower of its pooled connection, in production's own shape.

The login is the app role itself, no role is switched, and the pool has one connection: whoever comes next gets it. The
same where one powerful login plays all roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import ProgrammingError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from climbiq.accounts import rls
from climbiq.accounts.middleware import RowLevelSecurity
from climbiq.accounts.models import User
from sessions_app.models import Session
from tests.factories.people import PASSWORD, _hash
from tests.fixtures.database import django_on, superuser_url

ADDRESS = "alice@example.org"


@pytest.fixture(params=["app", None], ids=["the app's own login", "one login for all"])
def pool_of_one(request, cloned_database, django_db_blocker, monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "RLS_SET_ROLE", "" if request.param else "climbiq_app")
    wrapper: Any = connections["default"]
    with django_db_blocker.unblock(), django_on(cloned_database, request.param):
        options = {
            **wrapper.settings_dict["OPTIONS"],
            "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
        }
        monkeypatch.setitem(wrapper.settings_dict, "OPTIONS", options)
        yield
        wrapper.close()
        wrapper.close_pool()


@pytest.fixture
def alice_id(cloned_database) -> Any:
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as root:
        return root.execute(
            "INSERT INTO users (email, password, display_name, is_superuser) VALUES (%s, %s, 'A', false) RETURNING id",
            [ADDRESS, _hash()],
        ).fetchone()[0]


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
        return pid


def left_behind() -> tuple[str, str]:
    """The claims and the role that the next borrower finds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.claims', true), ''), current_setting('role')")
        claims, role = cursor.fetchone()
        return claims, role


def returned_and_borrowed_again() -> None:
    connection.close()


def assert_clean(pid: int) -> None:
    returned_and_borrowed_again()
    assert backend() == pid, "the pool has one connection, and it is another one"
    assert left_behind() == ("", "none")
    if not settings.RLS_SET_ROLE:  # a powerful login sees everything between two requests, and may
        with pytest.raises(ProgrammingError, match="no claims bound"):
            Session.objects.count()


def test_nothing_of_a_page_is_left(pool_of_one, alice_id):
    pid = backend()
    client = Client()
    assert client.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD}).status_code == 302
    assert_clean(pid)
    assert client.get("/sessions/").status_code == 200
    assert_clean(pid)
    assert client.get("/sessions/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert_clean(pid)


def test_nothing_of_an_api_request_is_left(pool_of_one, alice_id):
    from climbiq.accounts.tokens import create_token

    pid = backend()
    with rls.as_user(alice_id):
        alice = User.objects.defer("password").get(pk=alice_id)
        _, token = create_token(user=alice, name="t", scope="write", expires_at=None)
    assert_clean(pid)
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/sessions/")
    assert answer.status_code == 200
    assert_clean(pid)


def test_nothing_of_a_task_is_left(pool_of_one, alice_id):
    pid = backend()
    with rls.as_user(alice_id):
        assert Session.objects.count() == 0
    assert_clean(pid)
    with pytest.raises(ZeroDivisionError), rls.as_user(alice_id):
        raise ZeroDivisionError
    assert_clean(pid)


def test_who_is_nobody_inherits_nothing(pool_of_one, alice_id):
    """Should claims ever stay on a connection, a page that nobody is logged in to must not act for their person."""
    with rls.as_user(alice_id):
        claims, _ = rls.current_binding(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.claims', %s, false)", [claims])
    found: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append(left_behind()[0])
        return HttpResponse()

    request = RequestFactory().get("/accounts/login/")
    request.user = AnonymousUser()
    RowLevelSecurity(view)(request)
    assert found == [""]
