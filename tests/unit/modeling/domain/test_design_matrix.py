"""Rows of the design matrix: hand-computed doses, gaps and habits."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import (
    COEFFICIENTS,
    COLUMN,
    NO_HABITS,
    NotANumber,
    TreatedSession,
    centred_doses,
    design_matrix,
    design_row,
)


def session(day=0.0, quality=6.0, **conditions):
    return TreatedSession(day=day, conditions=conditions, session_quality=quality)


def test_columns_are_intercept_then_the_registry_order():
    assert ("intercept", *MODEL_VARIABLES) == COEFFICIENTS
    assert [COLUMN[name] for name in COEFFICIENTS] == list(range(len(COEFFICIENTS)))


@pytest.mark.parametrize(
    ("name", "value", "dose"),
    [
        ("sleep_hours", 5, -2.5),
        ("sleep_hours", 11, 1.5),  # min(11, 9) - 7.5
        ("caffeine_mg", 0, -100),
        ("caffeine_mg", 500, 200),  # min(500, 300) - 100
        ("warmup_duration_min", 45, 15),
        ("days_since_hard_session", 365, 2),
        ("stress_level", 5, 2),
        ("soreness_level", 1, -1),
        ("motivation_level", Decimal(4), 1),
    ],
)
def test_centred_dose_by_hand(name, value, dose):
    assert design_row(conditions={name: value}).row[COLUMN[name]] == dose


@given(st.data())
def test_rows_are_the_registry_s_centred_doses(data):
    conditions = {
        name: data.draw(st.floats(VARIABLES[name].low, VARIABLES[name].high)) for name in MODEL_VARIABLES
    }
    expected = [VARIABLES[name].centred_dose(value) for name, value in conditions.items()]
    got = design_row(conditions=conditions)
    assert got.row.tolist() == [1.0, *expected]
    assert got.imputed == ()
    assert not got.variance.any()


def test_what_was_not_said_is_never_a_raw_nought():
    unsaid = design_row(conditions={"sleep_hours": None})
    assert unsaid.row.tolist() == [1.0] + [0.0] * len(MODEL_VARIABLES)  # at reference: 7.5 h, 100 mg …
    assert unsaid.imputed == MODEL_VARIABLES
    assert unsaid.variance[COLUMN["sleep_hours"]] == pytest.approx(1.2**2)
    said = design_row(conditions={"sleep_hours": 0})
    assert said.row[COLUMN["sleep_hours"]] == -7.5
    assert "sleep_hours" not in said.imputed


def test_gaps_take_the_climber_s_mean_dose_by_hand():
    matrix = design_matrix(
        sessions=[
            session(0, caffeine_mg=400),
            session(1, caffeine_mg=0),
            session(2),
            session(3, caffeine_mg=None),
        ]
    )
    column = COLUMN["caffeine_mg"]
    assert matrix.design[:, column].tolist() == [200, -100, 50, 50]  # doses 300 and 0, mean 150, less 100
    habits = matrix.usual
    assert habits.n_known[column - 1] == 2
    # ((150² + 150²) + 4 · 100²) / (1 + 4) = 17 000, and half of it again for the mean of two
    assert habits.variance[column - 1] == pytest.approx(17_000 * 1.5)
    assert design_row(conditions={}, usual=habits).row[column] == 50
    assert habits.centred_dose[COLUMN["sleep_hours"] - 1] == 0.0  # never said: the reference


def test_outcomes_and_days_keep_their_order():
    matrix = design_matrix(sessions=[session(9, 7), session(2, 3)])
    assert matrix.outcome.tolist() == [7, 3]
    assert matrix.day.tolist() == [9, 2]


def test_no_sessions_give_an_empty_design_and_no_habits():
    matrix = design_matrix(sessions=[])
    assert matrix.design.shape == (0, len(COEFFICIENTS))
    assert matrix.usual.variance.tolist() == NO_HABITS.variance.tolist()
    assert matrix.usual.n_known.sum() == 0


@pytest.mark.parametrize("value", ["often", float("inf"), [3]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(NotANumber):
        design_row(conditions={"sleep_hours": value})


@given(st.lists(st.one_of(st.none(), st.floats(0, 1000)), min_size=1, max_size=20), st.randoms())
def test_habits_do_not_depend_on_the_order_of_sessions(amounts, random):
    shuffled = list(amounts)
    random.shuffle(shuffled)
    one = design_matrix(sessions=[session(caffeine_mg=a) for a in amounts]).usual
    two = design_matrix(sessions=[session(caffeine_mg=a) for a in shuffled]).usual
    np.testing.assert_allclose(one.centred_dose, two.centred_dose, atol=1e-9)
    np.testing.assert_allclose(one.variance, two.variance)


def test_vectorised_doses_keep_gaps():
    raw = np.full((2, len(MODEL_VARIABLES)), np.nan)
    assert np.isnan(centred_doses(values=raw)).all()
