from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from sessions_app.domain.diary import Diary, DiaryProblem, UnreadableDiary, read_diary
from sessions_app.services.diary import RowRefused, climbers_of_diaries, load_rows
from sessions_app.services.diary_matches import unclear_rows

SHOWN: Final = 50
_EASTERNMOST: Final = timedelta(hours=14)  # whoever lives there writes tomorrow's date in UTC


class Command(BaseCommand):
    help = (
        "Load a diary: a CSV file with one row a climber and day. All of it or, when a row is bad, nothing; "
        "running it twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="CSV with climber, session_date, session_quality and more"
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="load the good rows and report the bad ones"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        diary = self._read(raw)
        _refuse_bad(diary, skip_bad=options["skip_bad"])
        with transaction.atomic(), _bar("loading", len(diary.rows)) as bar:
            owners, new = climbers_of_diaries(names=diary.climbers)
            diary = diary.without(unclear_rows(rows=diary.rows, owners=owners))
            _refuse_bad(diary, skip_bad=options["skip_bad"])
            try:
                loaded = load_rows(rows=diary.rows, owners=owners, now=timezone.now(), on_rows=bar.update)
            except RowRefused as refused:
                raise CommandError(f"{refused.problem}\nNothing was loaded.") from refused
        if diary.problems:
            self.stderr.write(_listed(diary.problems))
        completed = f"{_count(loaded.completed, 'plan')} completed, " if loaded.completed else ""
        self.stdout.write(
            f"{_count(loaded.added, 'session')} added for {_count(len(owners), 'climber')} ({new} new), "
            f"{completed}{loaded.already_there:,} already there, "
            f"{_count(len({p.line for p in diary.problems}), 'row')} left out"
        )

    def _read(self, raw: bytes) -> Diary:
        today = (timezone.now().astimezone(UTC) + _EASTERNMOST).date()
        with _bar("reading", raw.count(b"\n")) as bar:
            try:
                return read_diary(raw=raw, today=today, zone=UTC, needs_climber=True, on_row=bar.update)
            except UnreadableDiary as error:
                raise CommandError(f"{_listed(error.problems)}\nNothing was loaded.") from error


def _refuse_bad(diary: Diary, *, skip_bad: bool) -> None:
    if diary.problems and not skip_bad:
        raise CommandError(
            f"{_listed(diary.problems)}\nNothing was loaded. Mend the file, or give --skip-bad to leave out "
            f"{_count(len({p.line for p in diary.problems}), 'row')}."
        )


def _bar(what: str, total: int) -> tqdm[Any]:
    return tqdm(
        desc=what, total=total, unit="row", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False
    )


def _listed(problems: tuple[DiaryProblem, ...]) -> str:
    lines = [str(problem) for problem in problems[:SHOWN]]
    rest = len(problems) - SHOWN
    return "\n".join([*lines, *([f"… and {rest:,} more"] if rest > 0 else [])])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
