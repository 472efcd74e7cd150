"""Reads a PostgreSQL catalogue into plain facts that can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import psycopg


@dataclass(frozen=True)
class Column:
    type: str
    not_null: bool
    default: str


@dataclass(frozen=True)
class ForeignKey:
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str


@dataclass
class Table:
    columns: dict[str, Column] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)
    keys: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    foreign_keys: set[ForeignKey] = field(default_factory=set)
    indexes: dict[str, str] = field(default_factory=dict)
    unique: set[str] = field(
        default_factory=set
    )  # everything that allows a value once: columns and condition
    exclusions: set[str] = field(default_factory=set)
    triggers: set[str] = field(default_factory=set)


COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r'"""
CONSTRAINTS = """
SELECT c.relname, k.contype::text, pg_get_constraintdef(k.oid),
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o),
       coalesce(t.relname, ''),
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o),
       k.confdeltype::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_class t ON t.oid = k.confrelid
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')"""
INDEXES = """
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"""
TRIGGERS = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' WHERE NOT t.tgisinternal"""


def read(url: str) -> dict[str, Table]:
    """Every table of schema public: columns, checks, keys, foreign keys, indexes, exclusions, triggers."""
    tables: dict[str, Table] = {}
    with psycopg.connect(url) as database:
        for table, column, kind, not_null, default in database.execute(COLUMNS):
            tables.setdefault(table, Table()).columns[column] = Column(kind, not_null, _plain(default))
        for table, kind, definition, columns, target, target_columns, action in database.execute(CONSTRAINTS):
            if kind == "c":
                tables[table].checks.add(_plain(definition))
            elif kind == "x":
                tables[table].exclusions.add(_plain(definition))
            elif kind == "f":
                tables[table].foreign_keys.add(
                    ForeignKey(tuple(columns), target, tuple(target_columns), action)
                )
            else:
                tables[table].keys.add((kind, tuple(columns)))
        for table, name, definition in database.execute(INDEXES):
            tables[table].indexes[name] = _plain(definition.split(" ON ", 1)[1])
            if definition.startswith("CREATE UNIQUE"):
                tables[table].unique.add(_plain(definition.split(" USING ", 1)[1]))
        for table, name in database.execute(TRIGGERS):
            tables[table].triggers.add(name)
    return tables


def _plain(text: str) -> str:
    """The same expression written the same way, whatever types its literals were cast through."""
    text = re.sub(
        r"::(?:text|numeric|integer|jsonb|character varying|uuid|bigint)(?:\(\d+(?:,\d+)?\))?(\[\])?",
        "",
        text,
    )
    text = re.sub(r"ARRAY\[\]|'\{\}'", "'{}'", text)
    text = re.sub(r"'(-?\d+(?:\.\d+)?)'", r"\1", text)
    text = re.sub(r"\((\d+(?:\.\d+)?)\)", r"\1", text)
    return re.sub(r"\s+", " ", text).replace("public.", "")
