"""Prepares a PostgreSQL server for us: three roles, their passwords, one database. Safe to repeat.

The owner migrates. The app serves people: it is neither owner nor superuser and cannot bypass row-level
security. The service works in the background with explicit policies and narrow grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

from climbiq.environment import APP_LIMITS, ROLES, DatabaseAddress, parse_database_url

OLDEST_SERVER: Final = 150_000
PREFIX: Final = "climbiq_"
_HOLDS_FOREIGN_TABLES: Final = """
SELECT (to_regclass('public.users') IS NULL OR to_regclass('public.django_migrations') IS NULL)
   AND EXISTS (SELECT FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema'))
"""


class UnsuitableServer(RuntimeError):
    """The PostgreSQL server cannot be used; the message says why."""


def setup_database(*, url: str, passwords: Mapping[str, str]) -> None:
    """Create roles and database from an account that may create both.

    Parameters
    ----------
    url : str
        A libpq URL whose account may create roles and whose path names the database to make.
    passwords : mapping
        Password by role: owner, app, service.

    Raises
    ------
    UnsuitableServer
        It is too old, its roles may do too much, or the database is another program's.
    """
    address = parse_database_url(url)
    with _connect(address, "postgres") as server:
        if server.info.server_version < OLDEST_SERVER:
            raise UnsuitableServer(f"PostgreSQL 15 or newer is needed, this is {server.info.server_version}")
        _refuse_somebody_elses(address, server)
        for role in ROLES:
            _ensure_role(server, f"{PREFIX}{role}", passwords[role])
        _limit_the_app(server)
        _ensure_database(server, address.name)
    with _connect(address, address.name) as database:
        for statement in (
            "ALTER SCHEMA public OWNER TO climbiq_owner",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO climbiq_app, climbiq_service",
        ):
            database.execute(statement)
        _close_large_objects(database)


def _close_large_objects(database: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let nobody store what no policy governs. Only a superuser may; without one it stays as PostgreSQL has it."""
    row = database.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row == (True,):
        database.execute(
            "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC"
        )


def add_rls_key(*, url: str, key: bytes) -> bool:
    """Make sure the database accepts claims signed with `key`; False when the tables are not there yet."""
    address = parse_database_url(url)
    with _connect(address, address.name) as database:
        if database.execute("SELECT to_regclass('app.rls_key')").fetchone() == (None,):
            return False
        database.execute("INSERT INTO app.rls_key (key) VALUES (%s) ON CONFLICT DO NOTHING", [key])
    return True


def retire_old_keys(*, url: str, key: bytes) -> int:
    """Make the database refuse claims signed with any key but `key`; returns how many keys went."""
    address = parse_database_url(url)
    with _connect(address, address.name) as database:
        return database.execute("DELETE FROM app.rls_key WHERE key <> %s", [key]).rowcount


def _connect(address: DatabaseAddress, name: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        dbname=name,
        host=address.host or None,
        port=address.port or None,
        user=address.user or None,
        password=address.password or None,
        autocommit=True,
        **address.options,  # type: ignore[arg-type]
    )


def _ensure_role(server: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    """Make or change a role with nothing but what an account with CREATEROLE may set, then look at the rest."""
    name = sql.Identifier(role)
    exists = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if exists else "CREATE")
    server.execute(
        sql.SQL("{} ROLE {} LOGIN NOINHERIT PASSWORD {}").format(verb, name, sql.Literal(password))
    )
    powers = server.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if powers != (False, False, False, False):
        raise UnsuitableServer(
            f"{role} exists and may do too much. As a superuser: "
            f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
        )
    server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))


def _limit_the_app(server: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make what one request waits for, or does, come to an end: its connection is shared by all people."""
    for name, limit in APP_LIMITS.items():
        server.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(f"{PREFIX}app"), sql.Identifier(name), sql.Literal(limit)
            )
        )


def _refuse_somebody_elses(address: DatabaseAddress, server: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise before anything is changed when the database exists and holds another program's tables."""
    found = server.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [address.name]
    ).fetchone()
    if found is None or found == (f"{PREFIX}owner",):
        return
    with _connect(address, address.name) as database:
        if database.execute(_HOLDS_FOREIGN_TABLES).fetchone() == (True,):
            raise UnsuitableServer(
                f"the database {address.name!r} holds the tables of another program. "
                "Name one in DATABASE_URL that is empty, or does not exist yet."
            )


def _ensure_database(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    database = sql.Identifier(name)
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        server.execute(sql.SQL("CREATE DATABASE {} OWNER climbiq_owner").format(database))
    for statement in (
        "ALTER DATABASE {} OWNER TO climbiq_owner",
        "REVOKE ALL ON DATABASE {} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {} TO climbiq_app, climbiq_service",
    ):
        server.execute(sql.SQL(statement).format(database))
