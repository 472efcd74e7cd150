"""Preparing a server: with few rights, never over another program's tables."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from climbiq.accounts import database
from climbiq.accounts.database import UnsuitableServer, add_rls_key, retire_old_keys, setup_database
from tests.fixtures.database import PASSWORDS, run_on_server, superuser_url

NEW = "climbiq_setup"


@pytest.fixture
def maker(template_database: str) -> Iterator[str]:
    """The URL of an account that may make roles and databases, and nothing else."""
    del template_database
    run_on_server("CREATE ROLE maker LOGIN CREATEROLE CREATEDB PASSWORD 'm'")
    for role in PASSWORDS:
        run_on_server("GRANT {} TO maker WITH ADMIN OPTION", f"climbiq_{role}")
    yield f"postgresql://maker:m@/{NEW}?{urlsplit(superuser_url(NEW)).query}"
    run_on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", NEW)
    for role in ("climbiq_newcomer", "maker"):
        with psycopg.connect(superuser_url("postgres"), autocommit=True) as server:
            if server.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None:
                server.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
                server.execute(f"DROP OWNED BY {role}")
                server.execute(f"DROP ROLE {role}")


def test_an_account_that_may_make_roles_is_enough(maker: str) -> None:
    setup_database(url=maker, passwords=PASSWORDS)
    setup_database(url=maker, passwords=PASSWORDS)
    with psycopg.connect(maker.replace(NEW, "postgres")) as server:
        database._ensure_role(server, "climbiq_newcomer", "pw")


def test_a_role_that_may_do_too_much_is_refused(maker: str) -> None:
    run_on_server("CREATE ROLE climbiq_newcomer BYPASSRLS")
    with (
        psycopg.connect(superuser_url("postgres")) as server,
        pytest.raises(UnsuitableServer, match="NOBYPASSRLS"),
    ):
        database._ensure_role(server, "climbiq_newcomer", "pw")
    del maker


def test_another_programs_database_is_left_as_it_is(maker: str) -> None:
    run_on_server("CREATE DATABASE {} OWNER maker", NEW)
    setup_database(url=maker, passwords=PASSWORDS)  # empty: ours from now on
    run_on_server("ALTER DATABASE {} OWNER TO maker", NEW)
    with psycopg.connect(superuser_url(NEW)) as theirs:
        theirs.execute("CREATE TABLE orders (id integer)")
    with pytest.raises(UnsuitableServer, match="tables of another program"):
        setup_database(url=maker, passwords=PASSWORDS)
    with psycopg.connect(superuser_url(NEW)) as theirs:
        owner = theirs.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        )
        assert owner.fetchone() == ("maker",)


def test_former_keys_go_when_asked(cloned_database: str) -> None:
    url, new = superuser_url(cloned_database), b"n" * 32
    assert add_rls_key(url=url, key=new)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM app.rls_key").fetchone() == (2,)
        connection.commit()
        assert retire_old_keys(url=url, key=new) == 1
        assert connection.execute("SELECT key FROM app.rls_key").fetchall() == [(new,)]
