from __future__ import annotations

import json
import math
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

if TYPE_CHECKING:
    import pandas as pd

    from modeling.domain.diary import Diary
    from modeling.domain.scorecard import Scorecard

SHOWN: Final = 20
MOST_SIMULATED: Final = 2_000_000  # sessions; more is a slip of the finger
UNUSABLE: Final = 2  # the exit code of a wrong option, too
DEFAULT_SEED: Final = 20260101
ONLY_SIMULATED: Final = ("own_rhythms", "kinds", "missing", "unrounded")


class Command(BaseCommand):
    help = (
        "Would the model have predicted what came next? Train on the first part of everybody's sessions, predict the "
        "rest one by one, score it beside simple rivals. Of a diary file, of simulated climbers or, without either, of "
        "the platform's own sessions. A file or a simulation needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--diary", type=Path, metavar="CSV", help="a diary file, as `import_diary` reads it"
        )
        source.add_argument(
            "--simulate", type=_population, metavar="U,N", help="U simulated climbers with N sessions each"
        )
        simulated = parser.add_argument_group("what is simulated", "All need --simulate.")
        simulated.add_argument(
            "--own-rhythms",
            action="store_true",
            help="climbers differ in noise and in how fast their level drifts",
        )
        simulated.add_argument(
            "--kinds",
            action="store_true",
            help="sessions have a type and an intensity, with effects of their own",
        )
        simulated.add_argument(
            "--missing",
            type=_part,
            metavar="SHARE",
            help="share of the conditions not said (0.05 when not given)",
        )
        simulated.add_argument(
            "--unrounded",
            action="store_true",
            help="qualities with decimals, not whole ratings",
        )
        parser.add_argument(
            "--split", type=_share, default=0.6, help="share of each climber's days that trains (default 0.6)"
        )
        parser.add_argument("--cold-start", action="store_true", help="also leave climbers out (slower)")
        parser.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--seed", type=_seed, default=DEFAULT_SEED, help="of everything random")

    def handle(self, *args: Any, **options: Any) -> None:
        self._started = time.monotonic()
        card = self._scored(self._diary(options), options)
        if options["json"]:
            self.stdout.write(json.dumps(card.as_dict(), allow_nan=False))
            return
        from modeling.domain.score_table import score_table

        self.stdout.write(score_table(card=card))

    def _scored(self, diary: Diary, options: dict[str, Any]) -> Scorecard:
        from modeling.domain.cold_start import cold_start_curve, why_no_curve
        from modeling.domain.evaluation import NothingToEvaluate, evaluate

        self._say(f"{diary.data.outcome.size:,} sessions of {diary.data.n_groups:,} climbers")
        try:
            card = evaluate(
                data=diary.data,
                priors=diary.priors,
                split=options["split"],
                seed=options["seed"],
                on_stage=self._say,
            )
        except NothingToEvaluate as error:
            raise _unusable(f"Nothing to evaluate: {error}.", *diary.notes) from error
        if options["cold_start"]:
            curve = cold_start_curve(
                data=diary.data, priors=diary.priors, seed=options["seed"], on_stage=self._say
            )
            why_none = why_no_curve(data=diary.data)
            card = replace(card, cold_start=curve, notes=card.notes + ((why_none,) if why_none else ()))
        self._say("done")
        return replace(card, notes=diary.notes + card.notes)

    def _diary(self, options: dict[str, Any]) -> Diary:
        from modeling.domain.diary import InvalidDiary, read_diary

        if options["simulate"] is None and (given := _chosen(options)):
            raise _unusable(f"{', '.join(given)}: only with --simulate.")
        if options["diary"] is None and options["simulate"] is None:
            return self._of_the_platform()
        try:
            if options["diary"] is not None:
                frame, notes = self._file(options["diary"], skip_bad=options["skip_bad"])
                diary = read_diary(frame=frame)
                return replace(diary, notes=notes + diary.notes)
            return read_diary(frame=self._simulated(options))
        except InvalidDiary as error:
            raise _unusable(f"{options['diary']}: {error}.") from error

    def _file(self, path: Path, *, skip_bad: bool) -> tuple[pd.DataFrame, tuple[str, ...]]:
        from modeling.domain.diary_file import read_diary_file
        from sessions_app.domain.diary import UnreadableDiary

        self._say(f"reading {path}")
        try:
            file = read_diary_file(raw=path.read_bytes())
        except OSError as error:
            raise _unusable(f"{path}: {error.strerror}.") from error
        except UnreadableDiary as error:
            raise _unusable(*map(str, error.problems)) from error
        if not file.problems:
            return file.frame, file.notes
        bad = len({problem.line for problem in file.problems})
        if not skip_bad:
            raise _unusable(
                *map(str, file.problems),
                f"Mend the file, or give --skip-bad to leave out {bad:,} of its rows.",
            )
        return file.frame, (*file.notes, f"{bad:,} rows that could not be read left out")

    def _simulated(self, options: dict[str, Any]) -> pd.DataFrame:
        from modeling.domain.diary import QUALITY
        from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
        from modeling.domain.rhythm import DRIFTS, NOISE_SCALES
        from modeling.domain.simulate import simulate_diary

        n_climbers, n_sessions = options["simulate"]
        chosen: dict[str, Any] = {"kinds": options["kinds"], "whole_numbers": not options["unrounded"]}
        if options["own_rhythms"]:
            chosen |= {"drift": DRIFTS, "noise_scales": NOISE_SCALES}
        if options["missing"] is not None:
            chosen["missing_share"] = options["missing"]
        self._say(f"simulating {n_climbers:,} climbers with {n_sessions:,} sessions each")
        made = simulate_diary(n_climbers=n_climbers, n_sessions=n_sessions, seed=options["seed"], **chosen)
        # A diary has no quality beyond the scale: its rows would be left out, and only the middling ones stay.
        return made.frame.assign(**{QUALITY: made.frame[QUALITY].clip(LOWEST_QUALITY, HIGHEST_QUALITY)})

    def _of_the_platform(self) -> Diary:
        from modeling.domain.diary import InvalidDiary
        from modeling.services.evaluation import platform_diary

        self._say("reading the platform's sessions")
        try:
            return platform_diary()
        except OperationalError as error:
            message = str(error).strip().splitlines()[0]
            raise CommandError(
                f"The platform's database cannot be reached ({message}). A file (--diary) or simulated climbers"
                " (--simulate) need none."
            ) from error
        except InvalidDiary as error:
            raise _unusable(f"Nothing to evaluate: {error}.") from error

    def _say(self, stage: str) -> None:
        """On standard error, with the seconds so far."""
        self.stderr.write(f"{time.monotonic() - self._started:6.1f} s  {stage}", self.style.NOTICE)


def _unusable(*lines: str) -> CommandError:
    """What is wrong with the input, at most twenty lines of it and the last."""
    shown = (
        lines
        if len(lines) <= SHOWN
        else (*lines[: SHOWN - 1], f"… and {len(lines) - SHOWN:,} more", lines[-1])
    )
    return CommandError("\n".join(shown), returncode=UNUSABLE)


def _chosen(options: dict[str, Any]) -> list[str]:
    """Options of the simulation that were given, as they are typed."""
    given = [o for o in ONLY_SIMULATED if options[o] is not None and options[o] is not False]
    return [f"--{option.replace('_', '-')}" for option in given]


def _population(text: str) -> tuple[int, int]:
    try:
        n_climbers, n_sessions = (int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not two whole numbers like 50,60") from None
    if n_climbers < 1 or n_sessions < 1 or n_climbers * n_sessions > MOST_SIMULATED:
        raise ArgumentTypeError(f"{text!r} is not between 1 and {MOST_SIMULATED:,} sessions")
    return n_climbers, n_sessions


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 < share < 1.0:
        raise ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share


def _part(text: str) -> float:
    """A share that may be 0."""
    return 0.0 if text.strip() in {"0", "0.0"} else _share(text)


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return seed
