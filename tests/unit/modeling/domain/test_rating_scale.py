from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rating_scale import (
    FEWEST_OWN,
    InvalidRatingStep,
    checked_step,
    common_step,
    own_step,
    own_steps,
    rating_notes,
    steps_before,
)
from modeling.domain.statistics import group_data
from modeling.domain.training import fit

WHOLE, HALF = [6.0, 7.0, 5.0, 8.0], [6.5, 7.0, 5.5, 8.5]


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        pytest.param(WHOLE * 10, 1.0, id="whole"),
        pytest.param(WHOLE * 10 + [7.5], 1.0, id="a-slip"),
        pytest.param(WHOLE * 10 + [12.0], 1.0, id="a-slip-beyond-the-scale"),
        pytest.param(WHOLE * 8 + [7.5] * 8, 1.0, id="one-in-five"),
        pytest.param(WHOLE * 8 + [7.5] * 9, 0.5, id="some-halves"),
        pytest.param(HALF * 10 + [7.2], 0.5, id="halves-and-a-slip"),
        pytest.param(WHOLE * 8 + [7.2] * 9, 0.0, id="one-in-five-on-no-step"),
        pytest.param([251.0, 301.0], 0.0, id="no-ratings-at-all"),
        pytest.param([0.0, 5.0, 7.0], 0.0, id="another-scale"),
    ],
)
def test_everybodys_step(outcome: list[float], step: float) -> None:
    assert common_step(outcome=np.array(outcome)) == step


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        pytest.param(HALF * 2, 1.0, id="too-few-to-tell"),
        pytest.param(HALF * 3, 0.5, id="halves"),
        pytest.param(WHOLE * 5 + [7.5] + WHOLE, 1.0, id="one-slip"),
        pytest.param(WHOLE * 8 + [7.5] * 6, 1.0, id="six-of-thirty"),
        pytest.param(WHOLE * 8 + [7.5] * 7, 0.5, id="seven"),
        pytest.param(HALF * 9 + WHOLE * 8, 1.0, id="whole-for-a-month"),
        pytest.param([6.1, 7.3] * 6, 0.0, id="none"),
    ],
)
def test_a_climbers_own_step_among_people_who_rate_in_whole_numbers(
    outcome: list[float], step: float
) -> None:
    assert own_step(outcome=np.array(outcome), common=1.0) == step


@given(
    ratings=st.lists(st.sampled_from([6.0, 7.0, 8.0, 6.5, 7.2]), max_size=60),
    later=st.sampled_from([7.0, 7.5, 7.7]),
)
def test_a_step_is_known_from_earlier_ratings_alone(ratings: list[float], later: float) -> None:
    outcome = np.array([*ratings, later])
    known = own_steps(outcome=outcome, common=0.5)
    assert known[:-1].tolist() == own_steps(outcome=outcome[:-1], common=0.5).tolist()
    assert known[-1] == own_step(outcome=outcome, common=0.5)
    assert (known[:FEWEST_OWN] == 0.5).all()


def test_each_climber_has_a_step_of_their_own() -> None:
    outcome = np.array(WHOLE * 5 + HALF * 5)
    known = steps_before(outcome=outcome, start=np.array([0, 20, 40]), common=0.5)
    assert known[FEWEST_OWN:20].tolist() == [1.0] * 10
    assert known[20:].tolist() == [0.5] * 20


def test_notes_say_who_is_forecast_how() -> None:
    start = np.array([0, 20, 40])
    assert rating_notes(outcome=np.array(WHOLE * 10), start=start, common=1.0) == ()
    assert rating_notes(outcome=np.linspace(1.01, 9.99, 40), start=start, common=0.0) == ()
    mixed = np.array(WHOLE * 5 + HALF * 5)
    assert rating_notes(outcome=mixed, start=start, common=0.5) == (
        "15 of 40 ratings off the whole numbers 1–10: forecasts are in halves, of whole numbers for 1 climber",
    )
    none = np.array(WHOLE * 5 + [7.2, 6.3] * 10)
    assert rating_notes(outcome=none, start=start, common=0.0) == (
        "20 of 40 ratings off the whole numbers 1–10: forecasts are not rounded, of whole numbers for 1 climber",
    )


def test_one_half_rating_takes_no_rounding_from_the_others() -> None:
    rng = np.random.default_rng(6)
    outcome = np.clip(rng.normal(6.0, 1.2, size=200).round(), 1, 10)
    outcome[7] = 7.5
    design = np.column_stack([np.ones(200), rng.normal(size=200)])
    priors = HierarchicalPriors(("intercept", "a"), np.array([6.0, 0.0]), np.ones(2), np.array([1.0, 0.2]))
    got = fit(data=group_data(outcome=outcome, design=design, group=np.arange(200) // 40), priors=priors)
    assert got.population.rating_step == 1.0
    assert "1 of 200 ratings off the whole numbers 1–10: forecasts are of whole numbers" in got.notes


@pytest.mark.parametrize("step", [0.25, -1.0, float("nan")])
def test_a_step_nobody_rates_in_is_refused(step: float) -> None:
    with pytest.raises(InvalidRatingStep):
        checked_step(step)
