"""Load diaries: many rows at once, the same file twice without a trace, all of it or nothing."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils.text import slugify

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues
from sessions_app.domain.columns import ACTUAL_COLUMNS, OUTCOME_COLUMNS, PLANNED_COLUMNS
from sessions_app.domain.diary import DiaryProblem, DiaryRow
from sessions_app.domain.extras import AFTERWARDS, CIRCUMSTANCES, DEVIATED
from sessions_app.domain.gyms import GymName
from sessions_app.domain.records import DERIVED
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.services.bulk import insert_rows
from sessions_app.services.derive import derive_anew
from sessions_app.services.diary_matches import Matched, import_key_of, match_rows, unclear_rows
from sessions_app.services.diary_plans import complete_plan
from sessions_app.services.gyms import add_gym

__all__ = ["DIARY_DOMAIN", "Loaded", "RowRefused", "climbers_of_diaries", "count_rows", "load_rows"]

DIARY_DOMAIN: Final = "diary.invalid"  # a domain that can never receive mail
BATCH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a file: sessions added, plans completed, rows that were there before.

    Attributes
    ----------
    days : tuple of date
        The first and the last day of what was added or completed; none where nothing was.
    """

    added: int
    completed: int
    already_there: int
    days: tuple[date, ...]


class RowRefused(ValueError):
    """One row contradicts what is in the diary; nothing of the file is loaded."""

    def __init__(self, problem: DiaryProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def load_rows(
    *,
    rows: Iterable[DiaryRow],
    owners: Mapping[str, UUID],
    now: datetime,
    on_rows: Callable[[int], object] | None = None,
    most_gyms: int | None = None,
) -> Loaded:
    """Add the sessions that are not in the diaries yet, and complete the plans that rows tell the end of.

    What took place already stays as it is: :func:`~sessions_app.services.diary_matches.match_rows` says which row is
    which session. Days since and times of day that a file has no column for are derived.

    Parameters
    ----------
    rows : iterable of DiaryRow
    owners : mapping
        Climber as the file names them → whose diary it is.
    now : datetime
        Written as the moment of entry.
    on_rows : callable or None
        Called with the number of rows dealt with since the last call.
    most_gyms : int or None
        How many new gyms one person may name in a day; None: an operator loads for others.

    Raises
    ------
    RowRefused
    """
    wanted = list(rows)
    with transaction.atomic():
        # Held from here on: two loads into one diary would each find it without the other's rows.
        for problem in unclear_rows(rows=wanted, owners=owners).values():
            raise RowRefused(problem)
        matched = match_rows(rows=wanted, owners=owners)
        named = [*matched.new, *(row for row, _ in matched.plans)]
        gyms = _gyms(named, owners=owners, now=now, most=most_gyms)
        days: dict[UUID, set[date]] = {}
        if on_rows is not None:
            on_rows(matched.there)
        for batch in _batches(matched.new):
            _insert(batch, owners=owners, gyms=gyms, now=now)
            for row in batch:
                days.setdefault(owners[row.climber], set()).add(row.session_date)
            if on_rows is not None:
                on_rows(len(batch))
        people = User.objects.defer("password").in_bulk({owners[row.climber] for row, _ in matched.plans})
        for row, session_id in matched.plans:
            _complete(people[owners[row.climber]], session_id, row, gyms=gyms, now=now)
            if on_rows is not None:
                on_rows(1)
        for user in User.objects.defer("password").filter(pk__in=days).order_by("pk"):
            derive_anew(by=user, days=days[user.pk], now=now)
    return _loaded(matched)


def count_rows(*, rows: Iterable[DiaryRow], owners: Mapping[str, UUID]) -> Loaded:
    """Say what :func:`load_rows` would do."""
    return _loaded(match_rows(rows=rows, owners=owners))


def _loaded(matched: Matched) -> Loaded:
    days = [row.session_date for row in (*matched.new, *(row for row, _ in matched.plans))]
    return Loaded(
        added=len(matched.new),
        completed=len(matched.plans),
        already_there=matched.there,
        days=(min(days), max(days)) if days else (),
    )


def climbers_of_diaries(*, names: Iterable[str]) -> tuple[dict[str, UUID], int]:
    """Find or make an account for each climber that files name; the mapping, and how many are new.

    Names are told apart to the letter: "Ana" and "ana" are two people. The accounts have no usable password.
    """
    wanted = list(dict.fromkeys(names))
    with transaction.atomic():
        _lock("diary|climbers")
        accounts = User.objects.filter(email__endswith=f"@{DIARY_DOMAIN}").values_list(
            "pk", "display_name", "email"
        )
        found = {name: key for key, name, _ in accounts}
        taken = {email for _, _, email in accounts}
        new = [name for name in wanted if name not in found]
        for name in new:
            email = _address(name, taken)
            taken.add(email)
            user = User(email=email, display_name=name, password=make_password(None))
            user.save(force_insert=True)
            found[name] = user.pk
    return {name: found[name] for name in wanted}, len(new)


def _gyms(
    rows: Sequence[DiaryRow], *, owners: Mapping[str, UUID], now: datetime, most: int | None
) -> Mapping[GymName, UUID]:
    """Their keys; those that nobody has added yet are added, in one order, so that no two loads wait for each other."""
    first = {row.gym: row for row in reversed(rows) if row.gym is not None}
    ordered = sorted(first, key=lambda gym: (gym.label.casefold(), gym.label))
    keys: dict[GymName, UUID] = {}
    for gym in ordered:
        row = first[gym]
        try:
            keys[gym] = add_gym(by=owners[row.climber], gym=gym, now=now, most=most)[0].id
        except BadValues as bad:
            raise RowRefused(DiaryProblem(line=row.line, column="gym", message=str(bad))) from bad
    return keys


def _complete(
    by: User, session_id: UUID, row: DiaryRow, *, gyms: Mapping[GymName, UUID], now: datetime
) -> None:
    gym_id = None if row.gym is None else gyms[row.gym]
    try:
        complete_plan(by=by, session_id=session_id, row=row, gym_id=gym_id, now=now)
    except BadValues as bad:
        name, message = next(iter(bad.problems.items()))
        raise RowRefused(DiaryProblem(line=row.line, column=name, message=message)) from bad


def _insert(
    rows: Sequence[DiaryRow], *, owners: Mapping[str, UUID], gyms: Mapping[GymName, UUID], now: datetime
) -> None:
    keyed = [(row, {"session_id": uuid.uuid4(), "user_id": owners[row.climber]}) for row in rows]
    insert_rows(Session, [_session(row, keys, gyms=gyms, now=now) for row, keys in keyed])
    insert_rows(PreSessionData, [_pre(row, keys) for row, keys in keyed if _says_anything(row)])
    insert_rows(PostSessionData, [_post(row, keys) for row, keys in keyed if row.status == "completed"])


def _says_anything(row: DiaryRow) -> bool:
    return any(value is not None for value in row.planned.values())


def _session(
    row: DiaryRow, keys: Mapping[str, UUID], *, gyms: Mapping[GymName, UUID], now: datetime
) -> dict[str, Any]:
    return {
        "id": keys["session_id"],
        "user_id": keys["user_id"],
        "session_date": row.session_date,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "status": row.status,
        "gym_id": None if row.gym is None else gyms[row.gym],
        "import_key": import_key_of(row),
        "updated_at": now,
        **{v.name: row.circumstances.get(v.name) for v in CIRCUMSTANCES},
    }


def _pre(row: DiaryRow, keys: Mapping[str, UUID]) -> dict[str, Any]:
    return {
        **keys,
        # A column of the file says what it says, blanks included; what the file has no column for is derived.
        "derived_said": [name for name in DERIVED if name in row.planned],
        **{column: row.planned.get(name) for name, column in PLANNED_COLUMNS.items()},
    }


def _post(row: DiaryRow, keys: Mapping[str, UUID]) -> dict[str, Any]:
    return {
        **keys,
        "deviated_from_plan": row.deviated,
        "deviation_details": row.deviation_details,
        **{column: row.outcomes.get(name) for name, column in OUTCOME_COLUMNS.items()},
        **{column: row.actual.get(name) for name, column in ACTUAL_COLUMNS.items()},
        **{v.name: row.words.get(v.name) for v in AFTERWARDS if v is not DEVIATED},
    }


def _address(name: str, taken: set[str]) -> str:
    slug = slugify(name)[:40] or "climber"
    digest = hashlib.sha256(name.encode()).hexdigest()
    tails = ("", *(f"-{digest[:length]}" for length in range(6, 33)))
    return next(email for tail in tails if (email := f"{slug}{tail}@{DIARY_DOMAIN}") not in taken)


def _batches(rows: Iterable[DiaryRow]) -> Iterator[list[DiaryRow]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
