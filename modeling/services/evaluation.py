"""Evaluates the model on the platform's own sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from experts.selectors import current_priors
from modeling.domain.cold_start import cold_start_curve
from modeling.domain.diary import Diary, InvalidDiary
from modeling.domain.evaluation import evaluate
from modeling.domain.known_then import data_as_known_then
from modeling.domain.scorecard import Scorecard
from modeling.priors import as_population_priors
from modeling.selectors import treated_columns


def platform_diary() -> Diary:
    """Read everybody's finished sessions as an evaluation may see them, with the current priors (background role).

    Raises
    ------
    InvalidDiary
        There is no finished session.
    """
    sessions, notes = treated_columns()
    if not sessions.n_sessions:
        raise InvalidDiary("nobody has finished a session")
    priors = current_priors()
    data, used = data_as_known_then(
        sessions=sessions, priors=as_population_priors(rows=priors.rows, version=priors.version)
    )
    return Diary(data, used, notes)


def evaluate_platform(*, on_stage: Callable[[str], None] = lambda _: None) -> Scorecard:
    """Score the model on the platform's sessions, cold start included (background role; reads only).

    Raises
    ------
    InvalidDiary
        There is no finished session.
    NothingToEvaluate
        Fewer than two climbers with 30 sessions.
    """
    on_stage("reading sessions")
    diary = platform_diary()
    card = evaluate(data=diary.data, priors=diary.priors, on_stage=on_stage)
    curve = cold_start_curve(data=diary.data, priors=diary.priors, on_stage=on_stage)
    return replace(card, cold_start=curve, notes=diary.notes + card.notes)
