"""Insert many rows with one statement and one parameter.

Django's `bulk_create` spends most of its time on a placeholder for every cell; `COPY` is refused under row-level
security. One JSON document, unfolded by the database into the table's own row type, is neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

__all__ = ["insert_rows"]


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; columns that are not given get the table's defaults.

    Parameters
    ----------
    model : type of Model
        Whose table.
    rows : sequence of mapping
        Column → value; values as JSON knows them, or with a text that PostgreSQL reads: dates, times, UUIDs.
    """
    if not rows:
        return
    known = {field.column for field in model._meta.concrete_fields}  # noqa: SLF001
    columns = list(rows[0])
    if unknown := set(columns) - known:
        raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    names = ", ".join(map(connection.ops.quote_name, columns))
    document = json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) "  # noqa: S608  names out of the model
            f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)",
            [document],
        )
