"""Prepares a PostgreSQL server for us: three roles, their passwords, one database. Safe to repeat.

The owner migrates. The app serves people: it is neither owner nor superuser and cannot bypass row-level
security. The service works in the background with explicit policies and narrow grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

from climbiq.environment import ROLES, DatabaseAddress, parse_database_url

OLDEST_SERVER: Final = 150_000


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
    """
    address = parse_database_url(url)
    with _connect(address, "postgres") as server:
        if server.info.server_version < OLDEST_SERVER:
            raise UnsuitableServer(f"PostgreSQL 15 or newer is needed, this is {server.info.server_version}")
        for role in ROLES:
            _ensure_role(server, f"climbiq_{role}", passwords[role])
        _ensure_database(server, address.name)
    with _connect(address, address.name) as database:
        for statement in (
            "ALTER SCHEMA public OWNER TO climbiq_owner",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO climbiq_app, climbiq_service",
        ):
            database.execute(statement)


def add_rls_key(*, url: str, key: bytes) -> bool:
    """Make sure the database accepts claims signed with `key`; False when the tables are not there yet."""
    address = parse_database_url(url)
    with _connect(address, address.name) as database:
        if database.execute("SELECT to_regclass('app.rls_key')").fetchone() == (None,):
            return False
        database.execute("INSERT INTO app.rls_key (key) VALUES (%s) ON CONFLICT DO NOTHING", [key])
    return True


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
    name = sql.Identifier(role)
    exists = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if not exists:
        server.execute(sql.SQL("CREATE ROLE {}").format(name))
    server.execute(
        sql.SQL(
            "ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}"
        ).format(name, sql.Literal(password))
    )
    server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))


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
