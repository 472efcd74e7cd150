"""Gyms belong to everybody: whoever misses one adds it, and nobody adds it twice."""

from __future__ import annotations

from django.db import connection

from sessions_app.domain.gyms import GymName, KnownGym
from sessions_app.selectors.gyms import gym_of_label

__all__ = ["add_gym"]


def add_gym(*, gym: GymName) -> tuple[KnownGym, bool]:
    """Add a gym, unless one is written like it, whatever the case; and whether it is new.

    Of two who add the same in one moment the second waits for the first, and gets its gym.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gyms (name, city) VALUES (%s, %s) ON CONFLICT (label_key) DO NOTHING RETURNING id",
            [gym.name, gym.city],
        )
        row = cursor.fetchone()
    if row is not None:
        return KnownGym(id=row[0], gym=gym), True
    known = gym_of_label(label=gym.label)
    assert known is not None  # noqa: S101  the unique key found it
    return known, False
