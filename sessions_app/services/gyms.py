"""Gyms belong to everybody: whoever misses one adds it, and nobody adds it twice, nor too many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from climbiq.accounts.models import User
from climbiq.domain.values import BadValues
from sessions_app.domain.gyms import GymName, KnownGym
from sessions_app.models import Gym, GymAddition
from sessions_app.selectors.gyms import gym_of_label
from sessions_app.services.guards import hold_diary

__all__ = ["MOST_A_DAY", "MOST_BY_FILES", "add_gym", "confirm_gyms", "delete_unused_gyms", "merge_gyms"]

MOST_A_DAY: Final = 10
MOST_BY_FILES: Final = 100  # a diary of years names more than a day does


def add_gym(*, by: UUID, gym: GymName, now: datetime, most: int | None = MOST_A_DAY) -> tuple[KnownGym, bool]:
    """Add a gym, unless one is written like it, whatever the case; and whether it is new.

    Of two who add the same in one moment the second waits for the first, and gets its gym.

    Parameters
    ----------
    by : UUID
        Who adds it.
    most : int or None
        How many one person adds in a day; None: an operator loads diaries for others.

    Raises
    ------
    BadValues
        This person has added enough for a day.
    """
    known = gym_of_label(label=gym.label)
    if known is not None:
        return known, False
    hold_diary(by)  # two requests at once would each count without the other's
    lately = GymAddition.objects.filter(user_id=by, added_at__gt=now - timedelta(days=1)).count()
    if most is not None and lately >= most:
        raise BadValues({"gym": f"You have added {lately} gyms today. Leave this one out until tomorrow."})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gyms (name, city) VALUES (%s, %s) ON CONFLICT (label_key) DO NOTHING RETURNING id",
            [gym.name, gym.city],
        )
        row = cursor.fetchone()
    if row is not None:
        GymAddition.objects.create(user_id=by, gym_id=row[0], added_at=now)
        return KnownGym(id=row[0], gym=gym), True
    known = gym_of_label(label=gym.label)
    assert known is not None  # noqa: S101  the unique key found it
    return known, False


def confirm_gyms(*, by: User, gym_ids: Iterable[UUID], now: datetime) -> int:
    """Offer gyms to everybody, whoever has been there; how many were not offered so yet. Policies ask who acts."""
    del by
    return Gym.objects.filter(pk__in=list(gym_ids), confirmed_at=None).update(confirmed_at=now)


def merge_gyms(*, by: User, into: UUID, others: Iterable[UUID]) -> None:
    """Make several gyms one: sessions follow. The database asks who acts."""
    del by
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.merge_gyms(%s, %s)", [into, [key for key in others if key != into]])


def delete_unused_gyms(*, by: User, gym_ids: Iterable[UUID]) -> int:
    """Delete those of the gyms where nobody has climbed; how many. The database asks who acts."""
    del by
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.delete_unused_gyms(%s)", [list(gym_ids)])
        return int(cursor.fetchone()[0])
