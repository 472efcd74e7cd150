"""What a session taught: the arithmetic of one update, and a reason for each coefficient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.domain.design_matrix import COLUMN, design_matrix, design_row
from modeling.domain.drift import Drift
from modeling.domain.population_prior import population_prior
from modeling.domain.posterior import condition, predict
from recommendations.domain.belief_change import belief_change
from tests.factories.recommendation_context import REFERENCE, past_sessions

PRIOR = population_prior(priors={})


def learn(n, conditions, quality, *, drift=None, gap=3.0, prior=PRIOR):
    """Beliefs before and after one more session."""
    matrix = design_matrix(sessions=past_sessions(n))
    row = design_row(conditions=conditions, usual=matrix.usual)
    day = (matrix.day[-1] if n else 0.0) + gap
    before = condition(
        prior=prior, design=matrix.design, outcome=matrix.outcome, day=matrix.day, drift=drift
    ).after(days=gap if n else 0.0)
    after = condition(
        prior=prior,
        design=np.vstack([matrix.design, row.row]),
        outcome=np.append(matrix.outcome, quality),
        day=np.append(matrix.day, day),
        drift=drift,
    )
    change = belief_change(before=before, after=after, session=row, quality=quality)
    return before, row, change


def of(change, name):
    return next(c for c in change.coefficients if c.variable == name)


def test_one_update_by_hand():
    """First session, stress 5, rated 7. E = 5 - 0.7 = 4.3; Var(E) = 2 + 2² · 0.0625 = 2.25; plus 1.69: 3.94."""
    _, _, change = learn(0, REFERENCE | {"stress_level": 5}, 7.0)
    assert change.surprise.expected == pytest.approx(4.3)
    assert change.surprise.points == pytest.approx(2.7)
    assert change.surprise.explained == pytest.approx(2.7 * 2.25 / 3.94)
    usual, stress = of(change, "intercept"), of(change, "stress_level")
    assert usual.shift == pytest.approx(2.0 * 2.7 / 3.94)
    assert stress.shift == pytest.approx(2.0 * 0.0625 * 2.7 / 3.94)  # C x (y - E) / 3.94
    assert stress.after[1] ** 2 == pytest.approx(0.0625 - (2 * 0.0625) ** 2 / 3.94)
    assert [c.variable for c in change.coefficients[:2]] == ["intercept", "stress_level"]
    payload = change.as_payload()
    assert (payload["expected"], payload["observed"], payload["surprise"]) == (4.3, 7.0, 2.7)
    assert (
        payload["sentence"]
        == "Expected 4.3, rated 7: better. Most of what that taught went to your usual quality."
    )


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 25),
    st.fixed_dictionaries(
        {}, optional={"stress_level": st.integers(1, 5), "caffeine_mg": st.integers(0, 400)}
    ),
    st.integers(1, 10),
    st.sampled_from([None, Drift(0.05, 30.0), Drift(0.02)]),
)
def test_the_parts_add_up_to_what_the_model_now_expects(n, conditions, quality, drift):
    before, row, change = learn(n, conditions, float(quality), drift=drift)
    known = predict(posterior=before, design_row=row.row)
    share = known.mean_sd**2 / known.predictive_sd**2
    assert change.surprise.explained == pytest.approx(
        share * change.surprise.points, abs=1e-6
    )  # the gain of one observation
    for c in change.coefficients:
        assert c.after[1] <= c.before[1] + 1e-9
        assert c.why.endswith(".")


class TestWhy:
    def test_unsaid_teaches_nothing(self):
        _, _, change = learn(12, {"stress_level": 5}, 9.0)
        assert of(change, "sleep_hours").why.startswith("You did not say this")

    def test_as_expected_there_is_little_to_correct(self):
        _, _, change = learn(0, dict(REFERENCE), 5.0)
        assert (
            change.sentence
            == "Expected 5, rated 5: about as expected, so little changes but how sure we are."
        )
        assert "about as expected" in of(change, "stress_level").why

    def test_near_the_ordinary_an_effect_does_not_show(self):
        _, _, change = learn(0, REFERENCE | {"caffeine_mg": 105}, 9.0)
        assert "close to ordinary (100)" in of(change, "caffeine_mg").why

    def test_what_is_well_known_moves_little(self):
        firm = population_prior(priors={})
        firm.covariance[COLUMN["stress_level"], COLUMN["stress_level"]] = 0.0005
        _, _, change = learn(0, REFERENCE | {"stress_level": 5}, 8.0, prior=firm)
        assert "known well by now" in of(change, "stress_level").why

    def test_an_effect_can_be_seen_to_turn(self):
        loose = population_prior(priors={})
        loose.covariance[0, 0] = 0.01
        loose.covariance[COLUMN["stress_level"], COLUMN["stress_level"]] = 4.0
        _, _, change = learn(0, REFERENCE | {"stress_level": 5}, 9.0, prior=loose)
        assert of(change, "stress_level").why == "The effect of stress now seems to go the other way."
        assert change.sentence.endswith("went to stress.")
        assert of(change, "intercept").why.startswith("Stress explains most")
