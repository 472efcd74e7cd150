"""A value that no form would take does the same everywhere: nothing but counting as not said."""

from __future__ import annotations

import numpy as np
import pytest

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import COLUMN, TreatedSession, design_matrix, design_row
from modeling.domain.known_then import data_as_known_then
from modeling.domain.population_prior import population_prior
from modeling.domain.recordable import ignored_conditions, ignored_notes, is_recordable, recordable
from modeling.domain.training_data import training_data
from modeling.domain.treated_columns import TreatedColumns
from recommendations.domain.context import believe
from recommendations.domain.counterfactuals import generate_counterfactuals
from recommendations.domain.levers import own_ranges
from recommendations.domain.prediction import predict_quality

ABSURD = [
    pytest.param("caffeine_mg", 1_000_000, id="a-gram-too-many"),
    pytest.param("caffeine_mg", -50_000, id="below-nothing"),
    pytest.param("sleep_hours", 700, id="minutes-for-hours"),
    pytest.param("sleep_hours", -400.0, id="negative-night"),
    pytest.param("stress_level", 80, id="another-scale"),
]
USUAL = {name: VARIABLES[name].reference for name in MODEL_VARIABLES}


def own_sessions(**last: float | None) -> list[TreatedSession]:
    calm = [
        TreatedSession(day=day, conditions=USUAL | {"caffeine_mg": 80 + 10 * day}, session_quality=6)
        for day in range(5)
    ]
    return [*calm, TreatedSession(day=6, conditions=USUAL | last, session_quality=5)]


def as_columns(sessions: list[TreatedSession]) -> TreatedColumns:
    values = [[s.conditions[name] for name in MODEL_VARIABLES] for s in sessions]
    return TreatedColumns(
        climbers=("ann",),
        start=np.array([0, len(sessions)]),
        day=np.array([s.day for s in sessions]),
        quality=np.array([s.session_quality for s in sessions]),
        values=np.array(values, dtype=np.float64),
        kinds={"session_type": [None] * len(sessions), "session_intensity": [None] * len(sessions)},
    )


@pytest.mark.parametrize(("name", "value"), ABSURD)
def test_an_earlier_session_trains_serves_and_is_evaluated_alike(name: str, value: float) -> None:
    with_it, without = own_sessions(**{name: value}), own_sessions(**{name: None})
    served = design_matrix(sessions=with_it)
    assert served.design.tolist() == design_matrix(sessions=without).design.tolist()
    trained = training_data(sessions=as_columns(with_it), priors={}).grouped.design
    assert trained == pytest.approx(served.design, abs=1e-12)
    known, _ = data_as_known_then(sessions=as_columns(with_it), priors={})
    assert np.abs(known.design[-1, COLUMN[name]]) <= VARIABLES[name].high - VARIABLES[name].low
    belief = believe(sessions=with_it, population=population_prior(priors={}))
    clean = believe(sessions=without, population=population_prior(priors={}))
    assert belief.posterior.mean.tolist() == clean.posterior.mean.tolist()


@pytest.mark.parametrize(("name", "value"), ABSURD)
def test_a_plan_is_predicted_as_if_it_had_not_been_said(name: str, value: float) -> None:
    posterior = believe(sessions=own_sessions(), population=population_prior(priors={})).posterior
    got = predict_quality(posterior=posterior, conditions=USUAL | {name: value})
    assert got == predict_quality(posterior=posterior, conditions=USUAL | {name: None})
    assert got.missing == (name,)
    assert name in design_row(conditions={name: value}).imputed


def test_no_advice_starts_from_it() -> None:
    belief = believe(sessions=own_sessions(), population=population_prior(priors={}))
    tips = [
        generate_counterfactuals(
            posterior=belief.posterior,
            conditions=USUAL | {"caffeine_mg": said},
            prediction=predict_quality(posterior=belief.posterior, conditions=USUAL),
            usual=belief.usual,
            own_sessions=own_sessions(caffeine_mg=said),
        )
        for said in (-1_000_000, None)
    ]
    assert tips[0] == tips[1]


def test_own_ranges_are_of_what_was_really_done() -> None:
    assert own_ranges(sessions=own_sessions(caffeine_mg=1_000_000))["caffeine_mg"] == (80.0, 120.0)


def test_the_ends_of_the_range_are_inside() -> None:
    for end in ("low", "high"):
        values = np.array([[getattr(VARIABLES[name], end) for name in MODEL_VARIABLES]])
        assert recordable(values=values).tolist() == values.tolist()
        assert ignored_notes(values=values) == ()
        assert all(is_recordable(name=name, value=getattr(VARIABLES[name], end)) for name in MODEL_VARIABLES)


def test_what_was_ignored_is_said() -> None:
    sessions = [*own_sessions(caffeine_mg=1_000_000), *own_sessions(sleep_hours=-1)]
    told = ("1 values of sleep_hours outside 0–16 ignored", "1 values of caffeine_mg outside 0–1000 ignored")
    assert ignored_conditions(conditions=[s.conditions for s in sessions]) == told
    assert ignored_notes(values=as_columns(sessions).values) == told
