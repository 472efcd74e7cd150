"""One row of a diary: from its cells to values, or to what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import UUID

from climbiq.domain.formulas import without_guard
from climbiq.domain.json_objects import BadJSON, read_object
from climbiq.domain.texts import UnstorableText, clean_text
from climbiq.domain.values import BadValue, BadValues
from sessions_app.domain.days import local_day, problem_with_day
from sessions_app.domain.deviation import said_to_deviate, settle_deviation
from sessions_app.domain.diary.columns import DiaryColumn
from sessions_app.domain.diary.dates import HOW_TO_WRITE, WRITTEN_DAY, written_day
from sessions_app.domain.gyms import GymName, read_gym
from sessions_app.domain.reading import read_value

__all__ = ["DiaryProblem", "DiaryRow", "parse_row"]

MAX_NAME_CHARS: Final = 80
MAX_DETAILS_CHARS: Final = 10_000

_DAY: Final = re.compile(WRITTEN_DAY + r"(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_OFFSET: Final = re.compile(r":\d\d(?:\.\d+)?(?:[zZ]|[+-]\d\d(?::?\d\d)?)$")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryProblem:
    """What is wrong, and where: the line of the file, and the column where it is one cell's fault."""

    line: int
    message: str
    column: str = ""

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.column}' if self.column else ''}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryRow:
    """One session out of a file. None is "not recorded".

    Attributes
    ----------
    line : int
        Where its row begins in the file.
    climber : str
        As it is written there; "" where the file has no such column.
    planned, actual, outcomes, words : dict
        Registry name (words: column) → value; actual holds only what differs from the plan.
    """

    line: int
    session_date: date
    climber: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    session_id: UUID | None = None
    gym: GymName | None = None
    status: str = "completed"
    deviated: bool = False
    deviation_details: dict[str, Any] | None = None
    circumstances: dict[str, Any] = field(default_factory=dict)
    planned: dict[str, Any] = field(default_factory=dict)
    actual: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)

    @property
    def occasion(self) -> tuple[str, date | UUID, datetime | None]:
        """What no two rows of one file may share: the climber and, in an export, the session; else day and start."""
        return (
            self.climber,
            self.session_id or self.session_date,
            self.started_at if self.session_id is None else None,
        )


def parse_row(
    *, cells: Mapping[str, tuple[DiaryColumn, str]], line: int, today: date, zone: tzinfo
) -> DiaryRow | list[DiaryProblem]:
    """Convert one row; every fault of it at once.

    Parameters
    ----------
    cells : mapping
        Header as written → column and text.
    today : date
        No session that took place may lie after it.
    zone : tzinfo
        Of times without one, and of the day that a time lies on.
    """
    problems: dict[str, str] = {}
    parts: dict[str, dict[str, Any]] = {
        part: {} for part in ("row", "planned", "actual", "outcome", "word", "circumstance")
    }
    for header, (column, text) in cells.items():
        try:
            parts[column.part][column.name] = _value(
                column, text, zone=zone, day=parts["row"].get("session_date")
            )
        except BadValue as bad:
            problems[header] = bad.message
    own = parts["row"]
    if own.get("session_date") is None:
        problems.setdefault("session_date", "A date is needed.")
    elif not problems:
        problems |= _problems_with_times(own, today=today, zone=zone, says_where=_says_where(cells))
    outcomes, words, actual = parts["outcome"], parts["word"], parts["actual"]
    if own.get("status") not in {None, "completed"} and _says_anything(outcomes, words, actual):
        problems.setdefault("status", "A session with an outcome is completed.")
    try:
        explanations = {n: words.get(n, own.get(n)) for n in ("deviation_reason", "deviation_details")}
        said = said_to_deviate(said=words.pop("deviated_from_plan", None), explanations=explanations)
        deviated, changed = settle_deviation(planned=parts["planned"], actual=actual, deviated=said)
    except BadValues as bad:
        problems |= bad.problems
    if problems:
        return [DiaryProblem(line=line, column=name, message=text) for name, text in problems.items()]
    return DiaryRow(
        line=line,
        **{name: value for name, value in own.items() if value is not None},
        deviated=deviated,
        circumstances=parts["circumstance"],
        planned=parts["planned"],
        actual={name: value for name, value in changed.items() if value is not None},
        outcomes=outcomes,
        words=words,
    )


def _value(column: DiaryColumn, text: str, *, zone: tzinfo, day: date | None) -> Any:
    text = without_guard(text.strip())
    if column.variable is not None:
        return read_value(column.variable, text)
    if not text:
        return None
    match column.name:
        case "climber":
            return _name(text)
        case "session_date":
            return _day(text)
        case "session_id":
            return _key(text)
        case "gym":
            return _gym(text)
        case "deviation_details":
            return _details(text)
        case _:
            return _moment(column.name, text, zone=zone, day=day)


def _name(text: str) -> str:
    try:
        name = clean_text(text, one_line=True)
    except UnstorableText as error:
        raise BadValue("climber", f"The name {error}.") from None
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise BadValue("climber", f"A name has 1 to {MAX_NAME_CHARS} characters.")
    return name


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    try:
        if match is not None:
            return written_day(match[1])
    except ValueError:
        pass
    raise BadValue("session_date", f"Write the date as {HOW_TO_WRITE}.")


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadValue("session_id", "This is not one of our keys. Leave the column out.") from None


def _gym(text: str) -> GymName:
    try:
        return read_gym(name=text)
    except BadValues as bad:
        raise BadValue("gym", str(bad)) from None


def _details(text: str) -> dict[str, Any]:
    if len(text) > MAX_DETAILS_CHARS:
        raise BadValue("deviation_details", f"This can have {MAX_DETAILS_CHARS:,} characters at most.")
    try:
        return read_object(text)
    except BadJSON as bad:
        raise BadValue("deviation_details", f"This {bad}.") from None


def _moment(name: str, text: str, *, zone: tzinfo, day: date | None) -> datetime:
    clock = _CLOCK.fullmatch(text)
    if clock is not None and day is not None:
        return datetime(day.year, day.month, day.day, int(clock[1]), int(clock[2]), tzinfo=zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(name, "Write the time as 18:30, or as 2026-05-04T18:30+02:00.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _says_where(cells: Mapping[str, tuple[DiaryColumn, str]]) -> bool:
    """Whether the start carries its own offset, as an export writes it."""
    return any(
        column.name == "started_at" and _OFFSET.search(text.strip()) for column, text in cells.values()
    )


def _problems_with_times(
    own: Mapping[str, Any], *, today: date, zone: tzinfo, says_where: bool
) -> dict[str, str]:
    day: date = own["session_date"]
    is_done = own.get("status") in {None, "completed"}
    problem = problem_with_day(day=day, today=today, is_done=is_done)
    if problem:
        return {"session_date": problem}
    start, end = own.get("started_at"), own.get("ended_at")
    # A session of ours that took place in another time zone may begin on the day before or after by the clock here.
    abroad = says_where and own.get("session_id") is not None
    if start is not None and not _is_on(day, start, zone=UTC if abroad else zone, days_off=int(abroad)):
        return {"started_at": "This is not on the day of the session."}
    if end is not None and (start is None or not timedelta(0) <= end - start <= timedelta(hours=24)):
        return {"ended_at": "The end must be after the start, within a day."}
    return {}


def _is_on(day: date, moment: datetime, *, zone: tzinfo, days_off: int) -> bool:
    if abs((moment.date() - day).days) > 2:
        return False  # before any arithmetic: the ends of the calendar have no other time zone
    return abs((local_day(now=moment, zone=zone) - day).days) <= days_off


def _says_anything(*parts: Mapping[str, Any]) -> bool:
    return any(value is not None for part in parts for value in part.values())
