"""Diary files: one row a climber and day, or several a day with `started_at`. Plain text in and out."""

from __future__ import annotations

from sessions_app.domain.diary.columns import EXPORT_COLUMNS, DiaryColumn
from sessions_app.domain.diary.reading import Diary, UnreadableDiary, read_diary, read_records
from sessions_app.domain.diary.rows import DiaryProblem, DiaryRow
from sessions_app.domain.diary.writing import write_diary

__all__ = [
    "EXPORT_COLUMNS",
    "Diary",
    "DiaryColumn",
    "DiaryProblem",
    "DiaryRow",
    "UnreadableDiary",
    "read_diary",
    "read_records",
    "write_diary",
]
