"""Predicted quality: one case by hand from the priors, and what must hold for all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS, COLUMN, TreatedSession, design_matrix
from modeling.domain.drift import Drift
from modeling.domain.population_prior import population_prior
from modeling.domain.posterior import condition
from recommendations.domain.prediction import (
    InvalidMultiplier,
    UnknownCoefficient,
    apply_modifiers,
    phase,
    predict_quality,
)

REFERENCE = {name: VARIABLES[name].reference for name in MODEL_VARIABLES}
PRIOR = population_prior(priors={})
conditions_in_range = st.fixed_dictionaries(
    {
        name: st.one_of(st.none(), st.floats(VARIABLES[name].low, VARIABLES[name].high))
        for name in MODEL_VARIABLES
    }
)


def new_climber():
    return condition(prior=PRIOR, design=np.ones((0, len(COEFFICIENTS))), outcome=np.zeros(0))


def seasoned_climber(n=40, seed=7, drift=None):
    random = np.random.default_rng(seed)
    sessions = [
        TreatedSession(
            day=2.0 * i,
            conditions={
                "stress_level": int(random.integers(1, 6)),
                "sleep_hours": float(random.integers(10, 20)) / 2,
                "caffeine_mg": int(random.choice([0, 100, 200, 300])),
                "warmup_duration_min": int(random.integers(5, 35)),
            },
            session_quality=float(random.integers(3, 9)),
        )
        for i in range(n)
    ]
    matrix = design_matrix(sessions=sessions)
    posterior = condition(
        prior=PRIOR, design=matrix.design, outcome=matrix.outcome, day=matrix.day, drift=drift
    )
    return posterior, matrix.usual


def test_a_new_climber_by_hand():
    got = predict_quality(
        posterior=new_climber(),
        conditions=REFERENCE | {"sleep_hours": 6.0, "stress_level": 5, "caffeine_mg": 300},
    )
    # 5 + 0.15 (6 - 7.5) - 0.35 (5 - 3) + 0.003 (300 - 100) = 5 - 0.225 - 0.7 + 0.6
    assert got.expected_quality == pytest.approx(4.675)
    variance = (
        2.0 + 1.5**2 * (0.08**2 + 0.10**2) + 2.0**2 * (0.15**2 + 0.20**2) + 200**2 * (0.002**2 + 0.004**2)
    )
    assert variance == pytest.approx(3.0869)
    sd = math.sqrt(variance)
    assert got.mean_interval_95 == pytest.approx((4.675 - 1.959964 * sd, 4.675 + 1.959964 * sd))
    session_sd = math.sqrt(variance + 1.3**2)
    assert got.predictive_interval_95 == pytest.approx((1.0, 4.675 + 1.959964 * session_sd))  # clipped below
    assert got.confidence_interval == got.predictive_interval_95
    assert got.phase == "cold_start"
    assert [(c.variable, round(c.points, 3)) for c in got.contributions[:3]] == [
        ("stress_level", -0.7), ("caffeine_mg", 0.6), ("sleep_hours", -0.225),
    ]  # fmt: skip


def test_an_unsaid_condition_is_assumed_widens_the_session_and_is_named():
    full = predict_quality(posterior=new_climber(), conditions=REFERENCE)
    unsaid = predict_quality(posterior=new_climber(), conditions=REFERENCE | {"stress_level": None})
    assert unsaid.expected_quality == full.expected_quality == 5.0
    assert unsaid.mean_interval_95 == full.mean_interval_95
    extra = 0.9**2 * (0.35**2 + 0.15**2 + 0.20**2)  # s² (m² + C)
    assert unsaid.predictive_sd**2 == pytest.approx(full.predictive_sd**2 + extra)
    assert unsaid.missing == ("stress_level",)
    (stress,) = [c for c in unsaid.contributions if c.variable == "stress_level"]
    assert (stress.value, stress.assumed, stress.points) == (None, "reference", 0.0)


def test_unsaid_variance_is_that_of_a_product_of_normals():
    """Simulated: theta from the posterior, the unsaid stress from N(usual, s²)."""
    posterior, usual = seasoned_climber()
    got = predict_quality(posterior=posterior, conditions=REFERENCE | {"stress_level": None}, usual=usual)
    random = np.random.default_rng(3)
    k, n = COLUMN["stress_level"], 400_000
    theta = random.multivariate_normal(posterior.mean, posterior.covariance, size=n)
    stress = random.normal(usual.centred_dose[k - 1], math.sqrt(usual.variance[k - 1]), size=n)
    quality = theta[:, 0] + theta[:, k] * stress + random.normal(0, posterior.sigma, size=n)
    assert got.predictive_sd == pytest.approx(float(quality.std()), rel=0.005)


def test_the_climber_s_own_mean_stands_in():
    posterior, usual = seasoned_climber()
    got = predict_quality(posterior=posterior, conditions=REFERENCE | {"caffeine_mg": None}, usual=usual)
    (caffeine,) = [c for c in got.contributions if c.variable == "caffeine_mg"]
    assert caffeine.assumed == "own_mean"
    assert caffeine.centred_dose == usual.centred_dose[COLUMN["caffeine_mg"] - 1] != 0


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "cold_start"), (9, "cold_start"), (10, "learning"), (29, "learning"), (30, "personalized")],
)
def test_phase(n, expected):
    assert phase(n) == expected


@given(conditions_in_range, st.booleans())
def test_what_holds_for_every_session(conditions, drifting):
    last_seen, usual = seasoned_climber(drift=Drift(0.02, 60.0) if drifting else None)
    posterior = last_seen.after(days=5)
    got = predict_quality(posterior=posterior, conditions=conditions, usual=usual)
    parts = got.intercept + got.level + sum(c.points for c in got.contributions)
    assert parts == pytest.approx(got.linear_predictor)
    low, high = got.predictive_interval_95
    assert (
        1.0
        <= low
        <= got.mean_interval_95[0]
        <= got.expected_quality
        <= got.mean_interval_95[1]
        <= high
        <= 10.0
    )
    points = [abs(c.points) for c in got.contributions]
    assert points == sorted(points, reverse=True)
    backwards = dict(reversed(conditions.items()))
    assert predict_quality(posterior=posterior, conditions=backwards, usual=usual) == got


def test_payload_has_the_first_interface_s_fields_rounded():
    payload = predict_quality(
        posterior=new_climber(), conditions=REFERENCE | {"sleep_hours": 6.2}
    ).as_payload()
    assert payload["expected_quality"] == 4.8
    assert payload["confidence_interval"] == payload["predictive_interval_95"] == [1.0, 8.6]
    assert payload["phase"] == "cold_start"
    assert payload["missing"] == []
    assert payload["contributions"][0]["points"] == -0.19  # 0.15 (6.2 - 7.5) = -0.195, to even


class TestModifiers:
    def test_by_hand(self):
        posterior, _ = seasoned_climber(drift=Drift(0.02, 60.0))
        got = apply_modifiers(
            posterior=posterior, multipliers={"caffeine_mg": -0.5, "planned_warmup_min": 0.0}
        )
        c, w, s = COLUMN["caffeine_mg"], COLUMN["warmup_duration_min"], COLUMN["stress_level"]
        assert got.mean[c] == -0.5 * posterior.mean[c]
        assert got.covariance[c, c] == 0.25 * posterior.covariance[c, c]
        assert got.covariance[c, s] == got.covariance[s, c] == -0.5 * posterior.covariance[c, s]
        assert got.mean[w] == 0.0
        assert not got.covariance[w].any()
        assert got.level_covariance[c] == -0.5 * posterior.level_covariance[c]
        assert got.mean[s] == posterior.mean[s]

    def test_nothing_to_do_changes_nothing(self):
        posterior = new_climber()
        assert apply_modifiers(posterior=posterior, multipliers={}) is posterior

    @given(st.floats(-3, 3), st.floats(-3, 3))
    def test_two_in_a_row_are_their_product(self, first, second):
        posterior, _ = seasoned_climber()
        step = apply_modifiers(posterior=posterior, multipliers={"stress_level": first})
        twice = apply_modifiers(posterior=step, multipliers={"stress_level": second})
        once = apply_modifiers(posterior=posterior, multipliers={"stress_level": first * second})
        np.testing.assert_allclose(twice.mean, once.mean, atol=1e-12)
        np.testing.assert_allclose(twice.covariance, once.covariance, atol=1e-12)

    def test_at_reference_nothing_moves(self):
        posterior, _ = seasoned_climber()
        halved = apply_modifiers(posterior=posterior, multipliers=dict.fromkeys(MODEL_VARIABLES, 0.5))
        assert (
            predict_quality(posterior=halved, conditions=REFERENCE).expected_quality
            == predict_quality(posterior=posterior, conditions=REFERENCE).expected_quality
        )

    def test_refusals(self):
        with pytest.raises(UnknownCoefficient, match="moon_phase"):
            apply_modifiers(posterior=new_climber(), multipliers={"moon_phase": 2.0})
        with pytest.raises(InvalidMultiplier):
            apply_modifiers(posterior=new_climber(), multipliers={"caffeine_mg": math.nan})
