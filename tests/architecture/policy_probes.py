"""Questions put to the database as each kind of visitor, and the policies changed one at a time that they must notice.

What every table is asked is made from the catalogue, so a new table is asked too: who sees how many rows, who may
write a copy of each row, change one, delete it. What only a function or a trigger does is asked by hand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from climbiq.accounts.models import User
from climbiq.accounts.rls import Identity, sign

# Name → role of the claims; nobody has none, the service needs none.
VISITORS: Final[Mapping[str, str]] = {
    "nobody": "",
    "alice": "climber",
    "carol": "coach",
    "fay": "facilitator",
    "olga": "operator",
    "service": "",
}
Answer = list[tuple[Any, ...]] | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One statement of one visitor, or of the tables' owner; `look` asks afterwards, as the superuser, what has become of it."""

    who: str
    statement: sql.Composed | sql.SQL
    args: tuple[Any, ...] = ()
    look: sql.SQL | None = None


@dataclass(frozen=True, slots=True)
class Mutant:
    """One policy made to do nothing: gone, or one of its two conditions always true."""

    table: str
    policy: str
    change: str  # "dropped", "USING (true)", "WITH CHECK (true)"

    def statement(self) -> sql.Composed:
        names = (sql.Identifier(self.policy), sql.Identifier(self.table))
        if self.change == "dropped":
            return sql.SQL("DROP POLICY {} ON {}").format(*names)
        return sql.SQL("ALTER POLICY {} ON {} " + self.change).format(*names)  # type: ignore[arg-type]


def mutants(database: psycopg.Connection[Any]) -> Iterator[Mutant]:
    """Every policy of ours without it, and without each of its conditions."""
    for table, policy, using, check in database.execute(
        "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2"
    ).fetchall():
        yield Mutant(table, policy, "dropped")
        if using not in (None, "true"):
            yield Mutant(table, policy, "USING (true)")
        if check not in (None, "true"):
            yield Mutant(table, policy, "WITH CHECK (true)")


def answers(
    database: psycopg.Connection[Any], probes: list[Probe], people: Mapping[str, User]
) -> Iterator[Answer]:
    """What each probe is answered, one at a time: rows, how many were written, or the SQLSTATE of the refusal."""
    for probe in probes:
        database.execute("SAVEPOINT probe")
        try:
            answer = _answer(database, probe, people)
        except psycopg.Error as refused:
            answer = refused.sqlstate
        database.execute("ROLLBACK TO SAVEPOINT probe")
        yield answer


def _answer(database: psycopg.Connection[Any], probe: Probe, people: Mapping[str, User]) -> Answer:
    role = f"climbiq_{probe.who}" if probe.who in {"service", "owner"} else "climbiq_app"
    database.execute(
        "SELECT set_config('app.claims', %s, true), set_config('role', %s, true)",
        [_claims(people, probe.who), role],
    )
    cursor = database.execute(probe.statement, probe.args)
    if probe.look is not None:
        database.execute("SELECT set_config('role', 'none', true)")
        cursor = database.execute(probe.look)
    return cursor.fetchall() if cursor.description else cursor.rowcount


def _claims(people: Mapping[str, User], who: str) -> str:
    if not VISITORS.get(who):
        return ""
    return sign(Identity(str(people[who].pk), VISITORS[who]), now=time.time())


def probes_of(database: psycopg.Connection[Any], table: str) -> list[Probe]:
    """The same questions of every table, put by everybody."""
    name = sql.Identifier(table)
    statements: list[tuple[sql.Composed, tuple[Any, ...]]] = [
        (sql.SQL("SELECT count(*) FROM {}").format(name), ())
    ]
    # A copy of a row breaks some unique key, but only once the policies have let it pass.
    if insertable := _columns(database, table, "INSERT"):
        columns = sql.SQL(", ").join(map(sql.Identifier, insertable))
        copy = sql.SQL(
            "INSERT INTO {0} ({1}) SELECT {1} FROM jsonb_populate_record(NULL::{0}, %s::jsonb)"
        ).format(name, columns)
        rows = database.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(name)).fetchall()
        statements += [(copy, tuple(row)) for row in rows]
    if changeable := _columns(database, table, "UPDATE"):
        column = sql.Identifier(changeable[0])
        statements.append((sql.SQL("UPDATE {0} SET {1} = {1}").format(name, column), ()))
    statements.append((sql.SQL("DELETE FROM {}").format(name), ()))
    return [
        Probe(who=who, statement=statement, args=args) for statement, args in statements for who in VISITORS
    ]


def _columns(database: psycopg.Connection[Any], table: str, privilege: str) -> list[str]:
    """The columns that the web application may write so."""
    rows = database.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' AND has_column_privilege('climbiq_app', attrelid, attnum, %s) ORDER BY attnum",
        [table, privilege],
    ).fetchall()
    return [name for (name,) in rows]
