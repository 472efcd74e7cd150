"""Finished sessions of many climbers at once, as the model reads them: as treated, NULL kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import sql

from climbiq.common.fields import FIRST_DAY, LAST_DAY
from sessions_app.domain.columns import ACTUAL_COLUMNS, PLANNED_COLUMNS
from sessions_app.domain.records import as_treated
from sessions_app.models import Session

BATCH = 5_000
EPOCH: Final = date(1970, 1, 1)
NOT_SAID: Final = -1  # the code of a word that was not said
UNKNOWN: Final = -2  # … and of one that the vocabulary does not have

# No table with its CHECKs has others; one restored without them may, and one such row would stop everybody's training.
_ON_A_DAY: Final = {"session_date__range": (FIRST_DAY, LAST_DAY)}

_COPY_HEADER: Final = 19  # bytes: signature, flags, no extension
_COPY_TRAILER: Final = 2
_CHUNK_BYTES: Final = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedSession:
    """One completed session with its quality."""

    user_id: UUID
    session_date: date
    quality: int
    treated: dict[str, Any]


def finished_sessions(*, since: date | None = None) -> Iterator[FinishedSession]:
    """Read completed, rated sessions, grouped by climber and in order of time.

    For the background role: row-level security shows anybody else their own only.
    """
    rows = Session.objects.filter(status="completed", post__session_quality__isnull=False, **_ON_A_DAY)
    if since is not None:
        rows = rows.filter(session_date__gte=since)
    planned = [f"pre__{column}" for column in PLANNED_COLUMNS.values()]
    actual = [f"post__{column}" for column in ACTUAL_COLUMNS.values()]
    columns = (
        "user_id",
        "session_date",
        "post__session_quality",
        "post__deviated_from_plan",
        *planned,
        *actual,
    )
    ordered = rows.order_by("user_id", "session_date", "started_at", "created_at", "id")
    end = 4 + len(planned)
    for row in ordered.values_list(*columns).iterator(chunk_size=BATCH):
        yield FinishedSession(
            user_id=row[0],
            session_date=row[1],
            quality=row[2],
            treated=as_treated(
                planned=dict(zip(PLANNED_COLUMNS, map(_plain, row[4:end]), strict=True)),
                actual=dict(zip(ACTUAL_COLUMNS, row[end:], strict=True)),
                deviated=row[3],
            ),
        )


def sessions_on_no_day() -> int:
    """How many sessions nobody can learn from, because their date is none (background role)."""
    return Session.objects.exclude(**_ON_A_DAY).count()


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedColumns:
    """Completed, rated sessions as columns: n sessions of g climbers, grouped by climber and in order of time.

    Attributes
    ----------
    climbers
        The g climbers.
    start
        (g + 1,) climber u owns the rows start[u] to start[u + 1].
    day
        (n,) days since 1970.
    quality
        (n,) session quality.
    numbers
        Registry name → (n,) value as treated; NaN: not said.
    words
        Registry name → (n,) position in its vocabulary as treated; NOT_SAID or UNKNOWN where there is none.
    """

    climbers: tuple[UUID, ...]
    start: NDArray[np.int64]
    day: NDArray[np.float64]
    quality: NDArray[np.float64]
    numbers: Mapping[str, NDArray[np.float64]]
    words: Mapping[str, NDArray[np.int16]]


def finished_columns(
    *, numbers: Sequence[str], words: Mapping[str, Sequence[str]] | None = None
) -> FinishedColumns:
    """Read all completed, rated sessions in one query, a million of them in seconds (background role).

    The database says what each session was as treated (`sessions_app.domain.records.as_treated`) and sends rows of one
    width in PostgreSQL's binary format, which become arrays without passing through Python objects.

    Parameters
    ----------
    numbers
        Registry names of numeric pre-session variables.
    words
        Registry name of a pre-session variable with a vocabulary → its words.
    """
    vocabularies = words or {}
    kinds = [">u8", ">u8", ">i4", ">i4", *[">f8"] * len(numbers), *[">i2"] * len(vocabularies)]
    chunks: list[list[NDArray[Any]]] = [
        [np.ascontiguousarray(rows[f"{i}"], dtype=kind[1:]) for i, kind in enumerate(kinds)]
        for rows in _fixed_rows(_columns_query(numbers, vocabularies), _row_type(kinds))
    ]
    # One column after another, and its chunks dropped: the whole is never there twice.
    columns = [np.concatenate([chunk.pop(0) for chunk in chunks]) for _ in kinds]
    high, low, day, quality = columns[:4]
    n = day.size
    is_first = np.ones(n, dtype=np.bool_)
    is_first[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    start = np.append(np.flatnonzero(is_first), n)
    return FinishedColumns(
        climbers=tuple(UUID(int=(int(high[i]) << 64) | int(low[i])) for i in start[:-1]),
        start=start,
        day=day.astype(np.float64),
        quality=quality.astype(np.float64),
        numbers=dict(zip(numbers, columns[4:], strict=False)),
        words=dict(zip(vocabularies, columns[4 + len(numbers) :], strict=True)),
    )


def _row_type(kinds: Sequence[str]) -> np.dtype[np.void]:
    """One row of PostgreSQL's binary COPY: the number of fields, then each one's size and value.

    The first field, a UUID, is read as two numbers.
    """
    fields = [("fields", ">i2"), ("size0", ">i4"), ("0", kinds[0]), ("1", kinds[1])]
    for i, kind in enumerate(kinds[2:], start=2):
        fields += [(f"size{i}", ">i4"), (f"{i}", kind)]
    return np.dtype(fields)


def _fixed_rows(statement: sql.Composed, row: np.dtype[np.void]) -> Iterator[NDArray[np.void]]:
    """The rows of a COPY in pieces, at least one."""
    held = bytearray()
    skip = _COPY_HEADER
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            held += block
            if len(held) >= _CHUNK_BYTES:
                whole = skip + (len(held) - skip) // row.itemsize * row.itemsize
                yield np.frombuffer(bytes(held[skip:whole]), dtype=row)
                held, skip = held[whole:], 0
    yield np.frombuffer(bytes(held[skip : len(held) - _COPY_TRAILER]), dtype=row)


def _columns_query(numbers: Sequence[str], words: Mapping[str, Sequence[str]]) -> sql.Composed:
    """COPY of rows of one width: NULL becomes NaN or a code, so that no field is ever absent."""
    fields = [sql.SQL("coalesce({}::float8, 'NaN')").format(_treated(name)) for name in numbers] + [
        sql.SQL(
            "(CASE WHEN {0} IS NULL THEN {1} ELSE coalesce(array_position({2}::text[], {0}) - 1, {3}) END)::int2"
        ).format(_treated(name), sql.Literal(NOT_SAID), sql.Literal(list(vocabulary)), sql.Literal(UNKNOWN))
        for name, vocabulary in words.items()
    ]
    return sql.SQL(
        "COPY (SELECT s.user_id, s.session_date - date '1970-01-01', post.session_quality{}"
        " FROM sessions s JOIN post_session_data post ON post.session_id = s.id"
        " LEFT JOIN pre_session_data pre ON pre.session_id = s.id"
        " WHERE s.status = 'completed' AND post.session_quality IS NOT NULL AND s.session_date BETWEEN {} AND {}"
        " ORDER BY s.user_id, s.session_date, s.started_at, s.created_at, s.id) TO STDOUT (FORMAT binary)"
    ).format(
        sql.Composed([part for field in fields for part in (sql.SQL(", "), field)]),
        sql.Literal(FIRST_DAY),
        sql.Literal(LAST_DAY),
    )


def _treated(name: str) -> sql.Composed:
    """The actual value where the climber deviated and gave one, else the plan."""
    planned = sql.Identifier("pre", PLANNED_COLUMNS[name])
    if name not in ACTUAL_COLUMNS:
        return sql.Composed([planned])
    actual = sql.Identifier("post", ACTUAL_COLUMNS[name])
    return sql.SQL("coalesce(CASE WHEN post.deviated_from_plan THEN {} END, {})").format(actual, planned)
