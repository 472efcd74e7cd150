"""A climber's own diary file: their rows, their time zone, whatever name the file gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from climbiq.accounts.models import User
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.diary import Diary, read_diary, write_diary
from sessions_app.selectors import gym_labels, whole_history_of
from sessions_app.services.diary import Loaded, count_rows, load_rows
from sessions_app.services.diary_matches import unclear_rows
from sessions_app.services.gyms import MOST_BY_FILES

# Two sessions a day for a quarter of a century; they load in seconds, on a busy machine in a minute.
MAX_ROWS: Final = 20_000

__all__ = ["count_own_diary", "load_own_diary", "read_own_diary", "write_own_diary"]


def read_own_diary(*, by: User, raw: bytes, now: datetime) -> Diary:
    """Read a file as one climber's diary, and hold that: a row that contradicts what is in it is a problem, too.

    Raises
    ------
    UnreadableDiary
    """
    zone = zone_of(by.time_zone)
    today = local_day(now=now, zone=zone)
    found = read_diary(raw=raw, today=today, zone=zone, needs_climber=False, max_rows=MAX_ROWS)
    unclear = unclear_rows(rows=found.rows, owners=dict.fromkeys(found.climbers, by.pk))
    return found.without(unclear)


def write_own_diary(*, by: User) -> str:
    """Write every session of one climber as the text of a file that loads again."""
    sessions = whole_history_of(user_id=by.pk)
    gyms = gym_labels(gym_ids=(session.gym_id for session in sessions if session.gym_id))
    return write_diary(sessions=sessions, zone=zone_of(by.time_zone), gyms=gyms)


def load_own_diary(*, by: User, diary: Diary, now: datetime) -> Loaded:
    """Load the good rows of a file."""
    owners = dict.fromkeys(diary.climbers, by.pk)
    return load_rows(rows=diary.rows, owners=owners, now=now, most_gyms=MOST_BY_FILES)


def count_own_diary(*, by: User, diary: Diary) -> Loaded:
    """Say what loading would do."""
    return count_rows(rows=diary.rows, owners=dict.fromkeys(diary.climbers, by.pk))
