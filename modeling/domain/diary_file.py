"""From the bytes of anybody's diary file to a frame that the evaluation can use, or to what is wrong with it.

More is taken here than where diaries are loaded to stay: decimals in a rating, columns that nobody knows, values out of
range. Numbers and dates that cannot be read are refused all the same, with their line and column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from climbiq.domain.texts import quotable
from climbiq.domain.values import BadValue
from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.diary import CLIMBER, DATE, KINDS, QUALITY
from sessions_app.domain.diary import DiaryProblem, UnreadableDiary, read_records
from sessions_app.domain.diary.columns import COLUMNS
from sessions_app.domain.diary.dates import HOW_TO_WRITE, WRITTEN_DAY, written_day
from sessions_app.domain.reading import read_value

DEVIATED: Final = "deviated_from_plan"
_REQUIRED: Final = (CLIMBER, DATE, QUALITY)
_BLANK: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
_NO: Final = frozenset({"0", "no", "false", "n", "f", "nein"})
_DECIMAL_COMMA: Final = re.compile(r"-?\d+,\d{1,2}")
_DAY: Final = re.compile(WRITTEN_DAY + r"(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class DiaryFile:
    """What a file holds.

    Attributes
    ----------
    frame
        Climber, date (days from any origin), quality, and every model variable and kind that the file has, as treated.
    problems
        What could not be read; those rows are not in the frame.
    notes
        Columns that were not used.
    """

    frame: pd.DataFrame
    problems: tuple[DiaryProblem, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a column of the file goes: a name of the frame, perhaps what was done instead of the plan."""

    place: int
    header: str
    name: str
    is_actual: bool = False


def read_diary_file(*, raw: bytes) -> DiaryFile:
    """Read a diary: one row a climber and session, commas, semicolons or tabs, with or without a byte order mark.

    Needed are climber, session_date and session_quality; model variables and kinds of sessions are read under any of
    their names, treatments as they really were (the actual value where there is one, unless the row says that all went
    as planned). Blank means not recorded.

    Raises
    ------
    UnreadableDiary
        Not UTF-8, broken quotes, a needed column missing or a column there twice.

    Examples
    --------
    >>> found = read_diary_file(raw=b"climber;session_date;session_quality;sleep_hours\\nann;2026-05-04;6,5;7:30\\n"
    ...                             b"ann;2026-05-05;7;long\\n")
    >>> found.frame[["session_quality", "sleep_hours"]].to_numpy().tolist()
    [[6.5, 7.5]]
    >>> str(found.problems[0])
    'line 3, sleep_hours: long is no number.'
    """
    records = read_records(raw=raw)
    line, header = next(records, (1, []))
    columns, notes = _columns(header, line)
    deviated = next((c.place for c in columns if c.name == DEVIATED), None)
    read: dict[str, list[float | str | None]] = {c.name: [] for c in columns if c.name != DEVIATED}
    problems: list[DiaryProblem] = []
    for line, cells in records:
        row = _row(cells, columns, width=len(header), deviated=deviated, line=line)
        if isinstance(row, list):
            problems += row
            continue
        for name, values in read.items():
            values.append(row.get(name))
    words = {CLIMBER, *KINDS}
    frame = pd.DataFrame(
        {name: pd.Series(v, dtype=object if name in words else float) for name, v in read.items()}
    )
    return DiaryFile(frame, tuple(problems), notes)


def _columns(header: Sequence[str], line: int) -> tuple[list[_Column], tuple[str, ...]]:
    wanted = {*_REQUIRED, DEVIATED, *MODEL_VARIABLES, *KINDS}
    found: dict[tuple[str, bool], list[_Column]] = {}
    unknown: list[str] = []
    for place, cell in enumerate(header):
        name = cell.strip().casefold()
        known = COLUMNS.get(name)
        if known is None and name:
            unknown.append(quotable(cell.strip()))
        elif known is not None and known.name in wanted:
            is_actual = known.part == "actual"
            found.setdefault((known.name, is_actual), []).append(_Column(place, name, known.name, is_actual))
    problems = [f"There is no column {name}." for name in _REQUIRED if (name, False) not in found]
    chosen = []
    for (name, _), same in found.items():
        if len({column.header for column in same}) < len(same):
            problems.append(f"The column {same[0].header} is there twice.")
        # Beside the registered name an alias is the plan that it was made from.
        chosen.append(next((column for column in same if column.header == name), same[0]))
    if problems:
        raise UnreadableDiary([DiaryProblem(line=line, message=message) for message in problems])
    return chosen, ((f"columns not used: {', '.join(unknown)}",) if unknown else ())


def _row(
    cells: Sequence[str], columns: Sequence[_Column], *, width: int, deviated: int | None, line: int
) -> dict[str, float | str | None] | list[DiaryProblem]:
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        return [DiaryProblem(line=line, message=f"{len(cells)} values for {width} columns.")]
    as_planned = deviated is not None and cells[deviated].strip().casefold() in _NO
    row: dict[str, float | str | None] = {}
    problems = []
    for column in columns:
        text = cells[column.place].strip()
        if column.name == DEVIATED or text.casefold() in _BLANK or (column.is_actual and as_planned):
            continue
        try:
            value = _value(column, text)
        except BadValue as bad:
            problems.append(DiaryProblem(line=line, column=column.header, message=bad.message))
            continue
        if column.is_actual or column.name not in row:
            row[column.name] = value
    return problems or row


def _value(column: _Column, text: str) -> float | str:
    if column.name in {CLIMBER, *KINDS}:
        return text
    if column.name == DATE:
        return _day(text)
    try:
        number = float(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    try:  # 7:30 for hours, and what else people write
        return float(read_value(VARIABLES[column.name], text))  # type: ignore[arg-type]  # a number's value
    except (BadValue, TypeError):
        raise BadValue(column.name, f"{quotable(text)} is no number.") from None


def _day(text: str) -> float:
    match = _DAY.fullmatch(text)
    try:
        if match is not None:
            return float(written_day(match[1]).toordinal())
    except ValueError:
        pass
    raise BadValue(DATE, f"{quotable(text)} is no date: write it as {HOW_TO_WRITE}.")
