"""What keeps the web from serving: a login that no policy holds, no priors."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import Client

from climbiq.common.checks import policies_hold_the_web

FAULTS = {
    "climbiq_app": "",
    "climbiq_service": "",
    "climbiq_owner": "owns the tables",
    "bypasser": "bypasses row-level security",
    "superuser": "is a superuser",
}


@pytest.fixture
def log_in(db, settings):
    """Make the test's connection look like one of the web that logged in under another name."""

    def become(name: str) -> None:
        settings.DATABASE_ROLE, settings.RLS_SET_ROLE = "app", ""
        with connection.cursor() as cursor:
            if name not in {"climbiq_app", "climbiq_service", "climbiq_owner"}:
                right = "SUPERUSER" if name == "superuser" else "BYPASSRLS"
                cursor.execute(f"CREATE ROLE {name} {right}")
                cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
                cursor.execute(f"GRANT SELECT ON django_migrations TO {name}")
            cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {name}")

    return become


@pytest.mark.parametrize(("name", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_login_that_policies_do_not_hold_is_not_ready(
    client: Client, log_in, name: str, fault: str
) -> None:
    log_in(name)
    answer = client.get("/readyz")
    found = policies_hold_the_web(None, databases=["default"])
    if not fault:
        assert (answer.status_code, found) == (200, [])
        return
    assert answer.status_code == 503
    assert f"The database account {name} {fault}" in answer.json()["detail"]
    assert [error.id for error in found] == ["climbiq.E003"]
    assert policies_hold_the_web(None, databases=None) == []


def test_the_check_is_among_those_of_the_database(log_in) -> None:
    log_in("climbiq_owner")
    assert "climbiq.E003" in {e.id for e in run_checks(tags=["database"], databases=["default"])}


@pytest.mark.parametrize(("role", "takes"), [("app", "climbiq_app"), ("service", ""), ("owner", "")])
def test_whoever_takes_a_role_or_is_not_the_web_may_log_in_as_they_like(
    client: Client, log_in, settings, role: str, takes: str
) -> None:
    log_in("climbiq_owner")
    settings.DATABASE_ROLE, settings.RLS_SET_ROLE = role, takes
    assert client.get("/readyz").status_code == 200


def test_without_priors_nothing_can_be_recommended(client: Client, db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE population_priors SET is_current = false")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "There are no priors yet: run manage.py load_literature_priors."
