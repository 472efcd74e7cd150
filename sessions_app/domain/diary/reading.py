"""From the bytes of a file to rows, with the line of everything that is wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final
from uuid import UUID

from climbiq.domain.texts import quotable
from sessions_app.domain.diary.columns import COLUMNS, DiaryColumn, why_unknown
from sessions_app.domain.diary.rows import DiaryProblem, DiaryRow, parse_row

__all__ = ["Diary", "UnreadableDiary", "read_diary", "read_records"]

MAX_GYMS: Final = 100  # everybody sees the names: a slip in the columns must not flood their list
_SEPARATORS: Final = (",", ";", "\t")


class UnreadableDiary(ValueError):
    """Not one row can be read: wrong encoding, no header, unknown columns, broken quotes."""

    def __init__(self, problems: list[DiaryProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """The rows that can be loaded and what is wrong with the others."""

    rows: tuple[DiaryRow, ...]
    problems: tuple[DiaryProblem, ...]

    @property
    def climbers(self) -> tuple[str, ...]:
        """Every name, in the order of the file."""
        return tuple(dict.fromkeys(row.climber for row in self.rows))

    def without(self, refused: Mapping[int, DiaryProblem]) -> Diary:
        """The diary without the rows on these lines, whose problems are among the others in the file's order."""
        return Diary(
            rows=tuple(row for row in self.rows if row.line not in refused),
            problems=tuple(sorted((*self.problems, *refused.values()), key=lambda problem: problem.line)),
        )


def read_diary(
    *,
    raw: bytes,
    today: date,
    zone: tzinfo,
    needs_climber: bool,
    max_rows: int | None = None,
    on_row: Callable[[], object] | None = None,
) -> Diary:
    """Read a diary file.

    Parameters
    ----------
    raw : bytes
        UTF-8, with or without a byte order mark; commas, semicolons or tabs; any line ends; quotes as spreadsheets
        write them. A blank cell is "not recorded".
    today : date
        No session that took place may lie after it.
    zone : tzinfo
        Of times without one.
    needs_climber : bool
        Whether every row must name its climber; else there may be one name at most.
    max_rows : int or None
        A file with more is refused as a whole.
    on_row : callable or None
        Called for every row read.

    Returns
    -------
    Diary
        Of two rows about the same occasion the second is a problem.

    Raises
    ------
    UnreadableDiary

    >>> from datetime import UTC
    >>> found = read_diary(raw=b"session_date,sleep_hours\\n2026-05-04,7.5\\n2026-05-05,99\\n",
    ...                    today=date(2026, 5, 9), zone=UTC, needs_climber=False)
    >>> found.rows[0].planned, str(found.problems[0])
    ({'sleep_hours': 7.5}, 'line 3, sleep_hours: Sleep must be between 0 and 16 h.')
    """
    records = read_records(raw=raw)
    line, header = next(records, (1, []))
    columns = _header(header, line=line, needs_climber=needs_climber)
    rows: list[DiaryRow] = []
    problems: list[DiaryProblem] = []
    seen: dict[tuple[str, date | UUID, datetime | None], int] = {}
    gyms: set[str] = set()
    for count, (line, cells) in enumerate(records, start=1):
        if max_rows is not None and count > max_rows:
            message = (
                f"A file can have {max_rows:,} rows at most. Split it and load the parts one after the other."
            )
            raise UnreadableDiary([DiaryProblem(line=line, message=message)])
        if on_row is not None:
            on_row()
        found = _parsed(cells, columns, line=line, today=today, zone=zone)
        if isinstance(found, list):
            problems += found
            continue
        problem = _problem_among(found, seen=seen, rows=rows, needs_climber=needs_climber)
        if problem is not None:
            problems.append(problem)
            continue
        if found.gym is not None:
            gyms.add(found.gym.label.casefold())
            if len(gyms) > MAX_GYMS and not needs_climber:
                message = f"One diary can name {MAX_GYMS} different gyms at most."
                problems.append(DiaryProblem(line=line, column="gym", message=message))
                continue
        rows.append(found)
    return Diary(rows=tuple(rows), problems=tuple(problems))


def read_records(*, raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line that each record of a CSV file begins on, and its cells; blank lines are left out.

    Raises
    ------
    UnreadableDiary
        Not UTF-8, or broken quotes.

    >>> list(read_records(raw="\\ufeffday;hours\\r\\n\\r\\n2026-05-04;7,5\\r\\n".encode()))
    [(1, ['day', 'hours']), (3, ['2026-05-04', '7,5'])]
    """
    yield from _records(_decoded(raw))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "The file is not UTF-8. Save it as “CSV UTF-8”."
        raise UnreadableDiary([DiaryProblem(line=line, message=message)]) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"The quotes or the length of this row are broken ({error})."
        raise UnreadableDiary([DiaryProblem(line=line, message=message)]) from None


def _separator(text: str) -> str:
    """The separator that the first line has most of; names of columns contain none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=first.count)


def _header(header: list[str], *, line: int, needs_climber: bool) -> list[tuple[str, DiaryColumn]]:
    if len(header) > 2 * len(COLUMNS):
        message = f"{len(header)} columns are too many: a diary has at most {len(COLUMNS)}."
        raise UnreadableDiary([DiaryProblem(line=line, message=message)])
    names = [cell.strip().casefold() for cell in header]
    problems: list[str] = []
    found: list[tuple[str, DiaryColumn]] = []
    taken: dict[tuple[str, str], str] = {}
    for position, name in enumerate(names, start=1):
        column = COLUMNS.get(name)
        if column is None:
            problems.append(why_unknown(quotable(name)) if name else f"Column {position} has no name.")
            continue
        known = (column.part, column.name)
        earlier = taken.get(known)
        taken.setdefault(known, name)
        if earlier is not None:
            problems.append(
                f'"{name}" is there twice' + (f", also as {earlier}." if earlier != name else ".")
            )
        found.append((name, column))
    required = ("climber", "session_date") if needs_climber else ("session_date",)
    problems += [f'There is no column "{name}".' for name in required if name not in names]
    if problems:
        raise UnreadableDiary([DiaryProblem(line=line, message=message) for message in problems])
    return found


def _parsed(
    cells: list[str], columns: list[tuple[str, DiaryColumn]], *, line: int, today: date, zone: tzinfo
) -> DiaryRow | list[DiaryProblem]:
    if len(cells) != len(columns):
        message = f"{len(cells)} values for {len(columns)} columns."
        return [DiaryProblem(line=line, message=message)]
    # The day first: a time like 18:30 is one of that day.
    ordered = sorted(zip(columns, cells, strict=True), key=lambda pair: pair[0][0] != "session_date")
    named = {name: (column, cell) for (name, column), cell in ordered}
    return parse_row(cells=named, line=line, today=today, zone=zone)


def _problem_among(
    row: DiaryRow,
    *,
    seen: dict[tuple[str, date | UUID, datetime | None], int],
    rows: list[DiaryRow],
    needs_climber: bool,
) -> DiaryProblem | None:
    if needs_climber and not row.climber:
        return DiaryProblem(line=row.line, column="climber", message="A name is needed.")
    if not needs_climber and rows and row.climber != rows[0].climber:
        names = f"{quotable(row.climber)} is another climber than {quotable(rows[0].climber)}"
        message = f"{names}: one diary, one climber."
        return DiaryProblem(line=row.line, column="climber", message=message)
    earlier = seen.setdefault(row.occasion, row.line)
    if earlier != row.line:
        message = f"The same day as line {earlier}. Where there were several sessions a day, give started_at."
        return DiaryProblem(line=row.line, message=message)
    return None
