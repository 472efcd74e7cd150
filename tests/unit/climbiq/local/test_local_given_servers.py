"""A PostgreSQL that somebody named: what is found out before anything starts."""

from __future__ import annotations

import pytest

from climbiq.local.given_servers import UnusableServer, check_postgres
from tests.fixtures.database import superuser_url


def test_a_database_that_is_yet_to_be_made_is_no_reason_to_refuse() -> None:
    check_postgres(superuser_url("of_tomorrow"))


def test_a_server_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("climbiq.local.given_servers.OLDEST_POSTGRES", 99)
    with pytest.raises(UnusableServer, match="99 or newer is needed"):
        check_postgres(superuser_url("of_tomorrow"))


def test_nobody_there(tmp_path) -> None:
    with pytest.raises(UnusableServer, match="cannot be used"):
        check_postgres(f"postgresql://me@/climbiq?host={tmp_path}")
