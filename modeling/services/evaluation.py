"""Evaluates the model on the platform's own sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from experts.selectors import current_priors, settled_answers
from modeling.domain.cold_start import FOLDS, cold_start_curve
from modeling.domain.diary import Diary, InvalidDiary
from modeling.domain.drift_rate import subset
from modeling.domain.evaluation import FEWEST_DAYS, STAGES, evaluate
from modeling.domain.known_then import data_as_known_then
from modeling.domain.scorecard import Scorecard
from modeling.priors import as_population_priors, elicited_means
from modeling.selectors import treated_columns

# Scores over fewer people would say something of one of them.
FEWEST_TOLD: Final = 5
# More climbers would take minutes and hardly change a digit; a spread-out subset stands for all.
ENOUGH_CLIMBERS: Final = 2000
ENOUGH_LEFT_OUT: Final = 300


class TooLittleToTell(ValueError):
    """Too few climbers have enough sessions for scores that anybody may see."""


def platform_diary() -> Diary:
    """Read everybody's finished sessions as an evaluation may see them, with the current priors (background role).

    Raises
    ------
    InvalidDiary
        There is no finished session.
    """
    sessions, notes = treated_columns()
    if not sessions.n_sessions:
        raise InvalidDiary("nobody has finished and rated a session")
    priors = current_priors()
    data, used = data_as_known_then(
        sessions=sessions,
        priors=as_population_priors(rows=priors.rows, version=priors.version),
        elicited=elicited_means(settled=settled_answers()),
    )
    return Diary(data, used, notes)


def evaluate_platform(*, on_progress: Callable[[float, str], None] = lambda _, __: None) -> Scorecard:
    """Score the model on the platform's sessions, cold start included (background role; reads only).

    Parameters
    ----------
    on_progress
        Told the share that is done, and what comes next.

    Raises
    ------
    TooLittleToTell
        Fewer than five climbers have thirty finished sessions.
    """
    n_stages, begun = 1 + len(STAGES) + FOLDS, 0

    def on_stage(stage: str) -> None:
        nonlocal begun
        on_progress(min(begun / n_stages, 1.0), stage)
        begun += 1

    on_stage("reading sessions")
    try:
        diary = platform_diary()
    except InvalidDiary as error:
        raise TooLittleToTell(str(error)) from error
    enough = int((np.diff(diary.data.start) >= FEWEST_DAYS).sum())
    if enough < FEWEST_TOLD:
        raise TooLittleToTell(
            f"{enough} of {diary.data.n_groups} climbers have {FEWEST_DAYS} rated sessions or more"
            f" and at least {FEWEST_TOLD} are needed"
        )
    some = subset(data=diary.data, n=ENOUGH_CLIMBERS)
    card = evaluate(data=some, priors=diary.priors, on_stage=on_stage)
    curve = cold_start_curve(
        data=subset(data=some, n=ENOUGH_LEFT_OUT), priors=diary.priors, on_stage=on_stage
    )
    told = tuple(point for point in curve if point.n_climbers >= FEWEST_TOLD)
    fewer = diary.data.n_groups - some.n_groups
    notes = (f"{some.n_groups:,} climbers stand for all {diary.data.n_groups:,}",) if fewer else ()
    return replace(card, cold_start=told, notes=(*diary.notes, *notes, *card.notes))
