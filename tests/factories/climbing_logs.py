"""Many climbers' finished sessions, written straight into the tables: simulated, so that the truth is known."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import pandas as pd
import psycopg

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.diary import CLIMBER, DATE, QUALITY
from modeling.domain.simulate import simulate_diary


def write_simulated(
    database: psycopg.Connection[tuple[object, ...]],
    *,
    n_climbers: int,
    n_sessions: int,
    seed: int = 1,
    kinds: bool = True,
) -> list[uuid.UUID]:
    """Write simulated climbers with their sessions past everything (COPY as the superuser); their keys."""
    frame = simulate_diary(n_climbers=n_climbers, n_sessions=n_sessions, seed=seed).frame
    return write_frame(database, frame, seed=seed, kinds=kinds)


def write_frame(
    database: psycopg.Connection[tuple[object, ...]],
    frame: pd.DataFrame,
    *,
    seed: int = 1,
    kinds: bool = True,
) -> list[uuid.UUID]:
    """Write a diary frame: plans where the frame has them, what was done instead where it deviated."""
    rng = np.random.default_rng(seed)
    names = list(dict.fromkeys(frame[CLIMBER]))
    users = {name: uuid.UUID(bytes=rng.bytes(16), version=4) for name in names}
    sessions = [uuid.UUID(bytes=rng.bytes(16), version=4) for _ in range(len(frame))]
    with database.cursor() as cursor:
        # Triggers would visit every row of a million; the rows are complete without them.
        cursor.execute("SET session_replication_role = replica")
        _copy(
            cursor,
            "users (id, email, password, display_name, is_superuser)",
            ((users[n], f"{users[n].hex}@example.org", "!", n, False) for n in names),
        )
        _copy(
            cursor,
            "sessions (id, user_id, session_date, status)",
            (
                (session, users[climber], day.date(), "completed")
                for session, climber, day in zip(sessions, frame[CLIMBER], frame[DATE], strict=True)
            ),
        )
        _copy(cursor, *_before(frame, sessions, users, rng, kinds=kinds))
        _copy(cursor, *_after(frame, sessions, users))
        cursor.execute("SET session_replication_role = origin")
    return list(users.values())


def _before(
    frame: pd.DataFrame,
    sessions: list[uuid.UUID],
    users: dict[str, uuid.UUID],
    rng: np.random.Generator,
    *,
    kinds: bool,
) -> tuple[str, Iterator[tuple[object, ...]]]:
    columns = [VARIABLES[name].column for name in MODEL_VARIABLES]
    values = [
        _plain(frame[c] if c in frame else frame[n]) for n, c in zip(MODEL_VARIABLES, columns, strict=True)
    ]
    types = rng.choice(list(SESSION_TYPES), size=len(frame)).tolist() if kinds else [None] * len(frame)
    efforts = rng.choice(list(INTENSITIES), size=len(frame)).tolist() if kinds else [None] * len(frame)
    table = f"pre_session_data (session_id, user_id, {', '.join(columns)}, planned_session_type, planned_intensity)"
    owners = [users[name] for name in frame[CLIMBER]]
    return table, zip(sessions, owners, *values, types, efforts, strict=True)


def _after(
    frame: pd.DataFrame, sessions: list[uuid.UUID], users: dict[str, uuid.UUID]
) -> tuple[str, Iterator[tuple[object, ...]]]:
    deviated = frame["deviated_from_plan"].tolist() if "deviated_from_plan" in frame else [False] * len(frame)
    owners = [users[name] for name in frame[CLIMBER]]
    quality = [int(q) for q in frame[QUALITY]]
    actual = [
        _plain(frame[c]) if c in frame else [None] * len(frame)
        for c in ("actual_caffeine_mg", "actual_warmup_min")
    ]
    table = (
        "post_session_data (session_id, user_id, session_quality, deviated_from_plan, actual_caffeine_mg,"
        " actual_warmup_min)"
    )
    return table, zip(sessions, owners, quality, deviated, *actual, strict=True)


def _plain(column: pd.Series) -> list[object]:
    """Whole numbers as such: most columns are integers."""
    return [None if v != v else int(v) if v == int(v) else v for v in column.tolist()]


def _copy(cursor: psycopg.Cursor[tuple[object, ...]], table: str, rows: Iterator[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:  # type: ignore[arg-type]
        for row in rows:
            copy.write_row(row)
