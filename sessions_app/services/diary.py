"""Load diaries: many rows at once, the same file twice without a trace, all of it or nothing."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils.text import slugify

from climbiq.accounts.models import User
from sessions_app.domain.columns import ACTUAL_COLUMNS, OUTCOME_COLUMNS, PLANNED_COLUMNS
from sessions_app.domain.diary import DiaryRow
from sessions_app.domain.extras import AFTERWARDS, CIRCUMSTANCES, DEVIATED
from sessions_app.domain.gyms import GymName
from sessions_app.domain.records import DERIVED
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.services.bulk import insert_rows
from sessions_app.services.derive import derive_anew
from sessions_app.services.guards import hold_diary
from sessions_app.services.gyms import add_gym

__all__ = ["DIARY_DOMAIN", "Loaded", "climbers_of_diaries", "count_rows", "load_rows"]

DIARY_DOMAIN: Final = "diary.invalid"  # a domain that can never receive mail
BATCH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many sessions were added, and how many of the file were there before."""

    added: int
    already_there: int


def load_rows(
    *,
    rows: Iterable[DiaryRow],
    owners: Mapping[str, UUID],
    now: datetime,
    on_rows: Callable[[int], object] | None = None,
) -> Loaded:
    """Add the sessions that are not in the diaries yet; those that are stay as they are.

    A row is the session of its `session_id`, or of the same start; one that says neither is that day's, whatever
    sessions the day has. Days since and times of day that a file has no column for are derived.

    Parameters
    ----------
    rows : iterable of DiaryRow
    owners : mapping
        Climber as the file names them → whose diary it is.
    now : datetime
        Written as the moment of entry.
    on_rows : callable or None
        Called with the number of rows dealt with since the last call.
    """
    wanted = list(rows)
    added = 0
    days: dict[UUID, set[date]] = {}
    with transaction.atomic():
        # Two loads into one diary would each find it without the other's rows.
        for owner in sorted(set(owners.values())):
            hold_diary(owner)
        there = _Known.of(set(owners.values()))
        gyms = _Gyms()
        for batch in _batches(wanted):
            fresh = [row for row in batch if not there.has(owners[row.climber], row)]
            _insert(fresh, owners=owners, gyms=gyms, now=now)
            for row in fresh:
                days.setdefault(owners[row.climber], set()).add(row.session_date)
            added += len(fresh)
            if on_rows is not None:
                on_rows(len(batch))
        for user in User.objects.defer("password").filter(pk__in=days).order_by("pk"):
            derive_anew(by=user, days=days[user.pk], now=now)
    return Loaded(added=added, already_there=len(wanted) - added)


def count_rows(*, rows: Iterable[DiaryRow], owners: Mapping[str, UUID]) -> Loaded:
    """Say what :func:`load_rows` would do."""
    wanted = list(rows)
    there = _Known.of(set(owners.values()))
    already = sum(there.has(owners[row.climber], row) for row in wanted)
    return Loaded(added=len(wanted) - already, already_there=already)


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


class _Known:
    """What the diaries hold already, by everything that a row may be recognised by."""

    def __init__(self) -> None:
        self.ids: set[UUID] = set()
        self.keys: set[tuple[UUID, str]] = set()
        self.starts: set[tuple[UUID, datetime]] = set()
        self.days: set[tuple[UUID, date]] = set()

    @classmethod
    def of(cls, owners: set[UUID]) -> _Known:
        known = cls()
        rows = Session.objects.filter(user_id__in=owners).values_list(
            "pk", "user_id", "session_date", "started_at", "import_key"
        )
        for key, owner, day, start, import_key in rows.iterator():
            known.ids.add(key)
            known.days.add((owner, day))
            if start is not None:
                known.starts.add((owner, start))
            if import_key:
                known.keys.add((owner, import_key))
        return known

    def has(self, owner: UUID, row: DiaryRow) -> bool:
        if (owner, _import_key(row)) in self.keys or row.session_id in self.ids:
            return True
        if row.started_at is not None:
            return (owner, row.started_at) in self.starts
        return row.session_id is None and (owner, row.session_date) in self.days


def _import_key(row: DiaryRow) -> str:
    """The same for the same row of the same file, for ever."""
    if row.session_id is not None:
        return f"diary:session:{row.session_id}"
    if row.started_at is not None:
        return f"diary:start:{row.started_at.astimezone(UTC).isoformat()}"
    return f"diary:day:{row.session_date.isoformat()}"


class _Gyms(dict[GymName, UUID]):
    """Their keys; those that nobody has added yet are added."""

    def __missing__(self, gym: GymName) -> UUID:
        self[gym] = add_gym(gym=gym)[0].id
        return self[gym]


def _insert(rows: list[DiaryRow], *, owners: Mapping[str, UUID], gyms: _Gyms, now: datetime) -> None:
    keyed = [(row, {"session_id": uuid.uuid4(), "user_id": owners[row.climber]}) for row in rows]
    insert_rows(Session, [_session(row, keys, gyms=gyms, now=now) for row, keys in keyed])
    insert_rows(PreSessionData, [_pre(row, keys) for row, keys in keyed if _says_anything(row)])
    insert_rows(PostSessionData, [_post(row, keys) for row, keys in keyed if row.status == "completed"])


def _says_anything(row: DiaryRow) -> bool:
    return any(value is not None for value in row.planned.values())


def _session(row: DiaryRow, keys: Mapping[str, UUID], *, gyms: _Gyms, now: datetime) -> dict[str, Any]:
    return {
        "id": keys["session_id"],
        "user_id": keys["user_id"],
        "session_date": row.session_date,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "status": row.status,
        "gym_id": None if row.gym is None else gyms[row.gym],
        "import_key": _import_key(row),
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


def _batches(rows: list[DiaryRow]) -> Iterator[list[DiaryRow]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
