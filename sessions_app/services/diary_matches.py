"""Which rows of a file are in the diaries already, which complete a plan, and which are new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sessions_app.domain.diary import DiaryProblem, DiaryRow
from sessions_app.models import Session
from sessions_app.services.guards import hold_diary

__all__ = ["Matched", "import_key_of", "match_rows", "unclear_rows"]

_OPEN: Final = frozenset({"planned", "in_progress", None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The rows of a file, by what becomes of them.

    Attributes
    ----------
    new : tuple of DiaryRow
    plans : tuple of (DiaryRow, UUID)
        Rows that say how an open plan went, with the key of its session.
    there : int
        How many are there already, and stay as they are.
    unclear : tuple of DiaryRow
        Rows of a day with several open plans: nobody can tell which of them is meant.
    """

    new: tuple[DiaryRow, ...]
    plans: tuple[tuple[DiaryRow, UUID], ...]
    there: int
    unclear: tuple[DiaryRow, ...]


def match_rows(*, rows: Iterable[DiaryRow], owners: Mapping[str, UUID]) -> Matched:
    """Hold each row against its diary.

    A row is the session of its `session_id`, or of the same start, or the one that the same row made before. One that
    says neither key nor start is its day's session, where one took place or was skipped that day; else it tells how
    the day's plan went.
    """
    diaries = _Diaries(set(owners.values()))
    new: list[DiaryRow] = []
    plans: list[tuple[DiaryRow, UUID]] = []
    unclear: list[DiaryRow] = []
    there = 0
    for row in rows:
        candidates = diaries.candidates(owners[row.climber], row)
        if candidates is None:
            new.append(row)
        elif len(candidates) > 1:
            unclear.append(row)
        elif candidates:
            plans.append((row, candidates[0]))
            diaries.end(owners[row.climber], candidates[0])
        else:
            there += 1
    return Matched(new=tuple(new), plans=tuple(plans), there=there, unclear=tuple(unclear))


def unclear_rows(*, rows: Iterable[DiaryRow], owners: Mapping[str, UUID]) -> dict[int, DiaryProblem]:
    """The rows that cannot be loaded because of what is in the diaries, by line. The diaries are held from here on."""
    for owner in sorted(set(owners.values())):
        hold_diary(owner)
    message = "Several sessions are planned for this day. Give the session_id of the one meant, as an export has it."
    unclear = match_rows(rows=rows, owners=owners).unclear
    return {row.line: DiaryProblem(line=row.line, message=message) for row in unclear}


def import_key_of(row: DiaryRow) -> str:
    """The same for the same row of the same file, for ever."""
    if row.session_id is not None:
        return f"diary:session:{row.session_id}"
    if row.started_at is not None:
        return f"diary:start:{row.started_at.astimezone(UTC).isoformat()}"
    return f"diary:day:{row.session_date.isoformat()}"


class _Diaries:
    """What the diaries hold already, by everything that a row may be recognised by."""

    def __init__(self, owners: set[UUID]) -> None:
        self.known: dict[UUID | tuple[UUID, str] | tuple[UUID, datetime], UUID] = {}
        self.open: dict[UUID, date] = {}
        self.plans: defaultdict[tuple[UUID, date], list[UUID]] = defaultdict(list)
        self.over: set[tuple[UUID, date]] = set()
        rows = Session.objects.filter(user_id__in=owners).values_list(
            "pk", "user_id", "session_date", "started_at", "import_key", "status"
        )
        for key, owner, day, start, import_key, status in rows.iterator():
            self.known[key] = key
            if start is not None:
                self.known.setdefault((owner, start), key)
            if import_key:
                self.known[owner, import_key] = key
            if status in _OPEN:
                self.open[key] = day
                self.plans[owner, day].append(key)
            else:
                self.over.add((owner, day))

    def candidates(self, owner: UUID, row: DiaryRow) -> list[UUID] | None:
        """The open plans that the row may be about; none where it is there already, None where it is new."""
        known = self.known
        key = known.get((owner, import_key_of(row))) or (row.session_id and known.get(row.session_id))
        if key is None and row.started_at is not None:
            key = known.get((owner, row.started_at))
        if key is not None:
            return [key] if key in self.open and row.status == "completed" else []
        on_day = owner, row.session_date
        if row.started_at is not None or row.session_id is not None:
            return None
        if on_day in self.over:
            return []
        plans = self.plans.get(on_day)
        if not plans:
            return None
        return plans if row.status == "completed" else []

    def end(self, owner: UUID, key: UUID) -> None:
        """One row ends a plan; the next of its day finds it over."""
        day = self.open.pop(key)
        self.plans[owner, day].remove(key)
        self.over.add((owner, day))
