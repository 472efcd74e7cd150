"""Everything the database holds about one person, as one ZIP of JSON and CSV.

Rows are read a few at a time and written at once, so memory holds the compressed file and nothing more.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from climbiq.accounts.models import User
from climbiq.accounts.rls import LONG_LIFETIME_SECONDS, Identity, bind
from climbiq.common.personal_data import PersonalTable, column_of, personal_tables
from climbiq.domain.formulas import with_guard
from climbiq.domain.variables import VARIABLES

ROWS_AT_ONCE: Final = 200
SPOOL_BYTES: Final = 1_000_000
# Their columns are the registry's.
_FORMS: Final = frozenset({"baseline_assessments", "pre_session_data", "post_session_data"})


@dataclass(frozen=True, slots=True)
class Written:
    """How much of one table is in the file."""

    table: PersonalTable
    rows: int


class _Encoder(DjangoJSONEncoder):
    """Numbers as numbers: the database's decimals are short ones."""

    def default(self, o: Any) -> Any:
        if isinstance(o, Decimal):
            return int(o) if o == o.to_integral_value() else float(o)
        return super().default(o)


def own_export(*, user: User, now: datetime) -> bytes:
    """Write the data of whoever asks; their claims are prolonged, because many rows take long to read."""
    bind(Identity.of(user), lifetime=LONG_LIFETIME_SECONDS)
    return export_of(user=user, now=now)


def export_of(*, user: User, now: datetime) -> bytes:
    """Write one person's data, as far as the role at the database may read it.

    Parameters
    ----------
    user : User
        Whose.
    now : datetime
        Stands in the README.

    Returns
    -------
    file : bytes
        A ZIP: `README.txt`, `columns.csv`, and `json/<table>.json` and `csv/<table>.csv` for each table with rows.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        written = [_write_table(archive, table, user) for table in personal_tables()]
        archive.writestr("columns.csv", _columns(w.table for w in written if w.rows))
        archive.writestr("README.txt", _readme(user, now, written))
    return whole.getvalue()


def file_name(*, now: datetime) -> str:
    """Name the file.

    >>> file_name(now=datetime(2026, 3, 1, 12))
    'climbiq-data-2026-03-01.zip'
    """
    return f"climbiq-data-{now.date().isoformat()}.zip"


def _write_table(archive: zipfile.ZipFile, table: PersonalTable, user: User) -> Written:
    fields = table.exported()
    names = [column_of(field) for field in fields]
    rows = (
        table.rows(person=user.pk)
        .order_by("pk")
        .values_list(*(field.attname for field in fields))
        .iterator(chunk_size=ROWS_AT_ONCE)
    )
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES, "w+b") as spool:
        count = _write_json(archive, table.name, names, _into_csv(spool, names, rows))
        if count:
            spool.seek(0)
            with archive.open(f"csv/{table.name}.csv", "w") as entry:
                shutil.copyfileobj(spool, entry)
    return Written(table, count)


def _write_json(
    archive: zipfile.ZipFile, table: str, names: list[str], rows: Iterator[tuple[Any, ...]]
) -> int:
    """Write a list of objects; no file where there is no row."""
    first = next(rows, None)
    if first is None:
        return 0
    count = 0
    with archive.open(f"json/{table}.json", "w") as entry:
        for row in _with_first(first, rows):
            entry.write(b",\n" if count else b"[\n")
            text = json.dumps(dict(zip(names, row, strict=True)), cls=_Encoder, ensure_ascii=False)
            entry.write(text.encode("utf-8", "replace"))
            count += 1
        entry.write(b"\n]\n")
    return count


def _with_first(first: tuple[Any, ...], rest: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield first
    yield from rest


def _into_csv(
    spool: IO[bytes], names: list[str], rows: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Pass rows on and write each of them as CSV on its way."""
    spool.write(_line(names))
    for row in rows:
        spool.write(_line([_cell(value) for value in row]))
        yield row


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return with_guard(json.dumps(value, cls=_Encoder, ensure_ascii=False))
    return with_guard(str(value)) if isinstance(value, str) else str(value)


def _columns(tables: Iterable[PersonalTable]) -> bytes:
    """Say what each column is, from the registry where it knows the column."""
    known = {column: v for v in VARIABLES.values() for column in (v.column, v.actual_column) if column}
    lines = [_line(["table", "column", "meaning", "unit", "scale"])]
    for table in tables:
        for field in table.exported():
            column = column_of(field)
            variable = known.get(column) if table.name in _FORMS else None
            if variable is None:
                meaning = table.data.meanings.get(column) or str(field.verbose_name)
                lines.append(_line([table.name, column, meaning, "", ""]))
                continue
            scale = "; ".join(f"{point:g} {word}" for point, word in variable.anchors.items())
            lines.append(_line([table.name, column, variable.label, variable.unit, scale]))
    return b"".join(lines)


def _readme(user: User, now: datetime, written: list[Written]) -> str:
    present = [w for w in written if w.rows]
    absent = [w for w in written if not w.rows]
    withheld = [
        f"* {w.table.name}: {', '.join(columns)}: {why}."
        for w in present
        for why, columns in _by_reason(w.table)
    ]
    return "\n".join(
        [
            f"Everything ClimbIQ holds about {user.email}, {now:%d %B %Y, %H:%M} UTC",
            "",
            "Each table is in this file twice: as JSON, exactly, and as CSV for a spreadsheet. In CSV, text that a",
            "spreadsheet would run as a formula begins with an apostrophe. Times are in UTC.",
            "columns.csv says what each column holds. To load your sessions into another account, download the",
            "diary from its own page instead.",
            "",
            "In this file",
            *(f"* {w.table.name}: {w.table.data.what} ({w.rows:,})" for w in present),
            "",
            "What is left out, and why",
            *withheld,
            "",
            "Nothing is held about you in",
            *(f"* {w.table.name}: {w.table.data.what}" for w in absent),
            "",
        ]
    )


def _by_reason(table: PersonalTable) -> Iterator[tuple[str, list[str]]]:
    reasons: dict[str, list[str]] = {}
    for column, why in table.data.withheld.items():
        reasons.setdefault(why, []).append(column)
    yield from reasons.items()
