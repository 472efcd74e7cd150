"""Kinds of session in the prediction: a line for each treatment, by hand; and what the unsaid adds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS, UsualDoses, design_matrix, design_row
from modeling.domain.posterior import condition
from recommendations.domain.belief_change import belief_change
from recommendations.domain.context import believe
from recommendations.domain.events import recommend
from recommendations.domain.prediction import apply_modifiers, predict_quality
from recommendations.domain.wording import ASSUMED, amount_of
from tests.factories.kinds import COLUMNS, KINDS, simulated_sessions, trained_on_kinds
from tests.factories.recommendation_context import REFERENCE, context, past_sessions

MEANS = {
    "type:project": 0.3,
    "type:project×stress_level": -0.2,
    "type:project×sleep_hours": 0.1,
    "intensity:max": -0.25,
}
TRAINED = trained_on_kinds(MEANS)


def posterior(prior=TRAINED):
    return condition(prior=prior, design=np.ones((0, len(prior.names))), outcome=np.zeros(0))


def line(prediction, variable):
    (found,) = [c for c in prediction.contributions if c.variable == variable]
    return found


@pytest.mark.parametrize(
    ("said", "points", "value", "missing", "assumed", "dose"),
    [
        # 0.3 - 0.2 (5 - 3) + 0.1 (6 - 7.5) = -0.25
        pytest.param({"session_type": "project"}, -0.25, "project", False, "", 1, id="type and interactions"),
        pytest.param({"planned_session_type": "project"}, -0.25, "project", False, "", 1, id="by its alias"),
        pytest.param({"session_type": "volume"}, 0.0, "volume", False, "", 0, id="the reference"),
        pytest.param({}, 0.0, None, True, "reference", 0, id="unsaid"),
        pytest.param(
            {"session_type": "competition"}, 0.0, "competition", False, "untrained", 0, id="untrained"
        ),
    ],
)
def test_the_type_is_one_line(said, points, value, missing, assumed, dose):
    got = predict_quality(
        posterior=posterior(), conditions=REFERENCE | {"stress_level": 5, "sleep_hours": 6.0} | said
    )
    kind = line(got, "session_type")
    assert kind.points == pytest.approx(points)
    assert (kind.value, kind.missing, kind.assumed, kind.centred_dose) == (value, missing, assumed, dose)
    assert ("session_type" in got.missing) is missing
    # the interactions are in the type's line, not in stress's: -0.35 (5 - 3)
    assert line(got, "stress_level").points == pytest.approx(-0.7)
    assert got.linear_predictor == pytest.approx(5 - 0.7 - 0.15 * 1.5 + points)
    payload = kind.as_payload()
    assert payload["label"] == "Session type"
    assert payload["points"] == round(points, 2)
    assert kind.assumed in ASSUMED


def test_the_intensity_is_one_line():
    got = predict_quality(posterior=posterior(), conditions=REFERENCE | {"planned_intensity": "max"})
    assert line(got, "session_intensity").as_payload() == {
        "variable": "session_intensity", "label": "Intensity", "value": "max", "centred_dose": 1.0,
        "coefficient": -0.25, "points": -0.25, "missing": False, "assumed": "",
    }  # fmt: skip
    assert got.missing == ("session_type",)


def test_without_kinds_in_training_there_is_no_line():
    plain = believe(sessions=[], population=context().population)
    got = predict_quality(posterior=plain.posterior, conditions=REFERENCE | {"session_type": "project"})
    assert {c.variable for c in got.contributions} == set(COEFFICIENTS[1:])


def test_an_unsaid_type_widens_the_session_by_what_the_climber_does():
    """Shares of four evenly spread sessions and twelve projecting ones: (12 + 1) / 16."""
    prior = trained_on_kinds({"type:project": 0.4}, sd=0.0)
    sessions = simulated_sessions({}, n=1, seed=1)
    projecting = REFERENCE | {"session_type": "project", "session_intensity": "moderate"}
    projects = [replace(s, conditions=projecting) for s in sessions * 12]
    usual: UsualDoses = design_matrix(sessions=projects, columns=COLUMNS).usual
    plan = REFERENCE | {"session_intensity": "moderate"}
    said = predict_quality(
        posterior=posterior(prior), conditions=plan | {"session_type": "volume"}, usual=usual
    )
    unsaid = predict_quality(posterior=posterior(prior), conditions=plan, usual=usual)
    assert unsaid.expected_quality == said.expected_quality
    assert unsaid.mean_interval_95 == said.mean_interval_95
    assert unsaid.predictive_sd**2 - said.predictive_sd**2 == pytest.approx(13 / 16 * 0.4**2)


def test_unsaid_sleep_moves_a_type_s_interaction_with_it():
    """s² = 1.2²: E (theta_sleep + theta_project×sleep)², not the squares apart."""
    prior = trained_on_kinds({"type:project×sleep_hours": 0.1}, sd=0.0)
    plan = REFERENCE | {"session_type": "project", "session_intensity": "moderate"}
    said = predict_quality(posterior=posterior(prior), conditions=plan)
    unsaid = predict_quality(posterior=posterior(prior), conditions=plan | {"sleep_hours": None})
    extra = 1.44 * ((0.15 + 0.1) ** 2 + 0.08**2 + 0.10**2)
    assert unsaid.predictive_sd**2 - said.predictive_sd**2 == pytest.approx(extra)


def test_a_rule_on_stress_scales_its_interactions_too():
    before = posterior()
    after = apply_modifiers(posterior=before, multipliers={"stress_level": 0.5})
    scaled = [n for n in COLUMNS if n == "stress_level" or n.endswith("×stress_level")]
    for i, name in enumerate(COLUMNS):
        factor = 0.5 if name in scaled else 1.0
        assert after.mean[i] == pytest.approx(factor * before.mean[i])
        assert after.covariance[i, i] == pytest.approx(factor**2 * before.covariance[i, i])
    plan = REFERENCE | {"stress_level": 3, "session_type": "project"}  # at reference nothing is scaled
    assert predict_quality(posterior=after, conditions=plan).linear_predictor == pytest.approx(
        predict_quality(posterior=before, conditions=plan).linear_predictor
    )


plans = st.fixed_dictionaries(
    {
        "stress_level": st.none() | st.integers(1, 5),
        "sleep_hours": st.none() | st.integers(0, 20).map(lambda h: h / 2),
        "session_type": st.none() | st.sampled_from(list(VARIABLES["session_type"].choices)),
        "session_intensity": st.none() | st.sampled_from(list(VARIABLES["session_intensity"].choices)),
        "caffeine_mg": st.none() | st.integers(0, 400),
    }
)


@given(plans)
def test_the_lines_add_up_and_the_unsaid_only_widens(plan):
    belief = believe(sessions=simulated_sessions(MEANS, n=20, seed=2), population=TRAINED)
    got = predict_quality(posterior=belief.posterior, conditions=plan, usual=belief.usual)
    assert got.intercept + got.level + sum(c.points for c in got.contributions) == pytest.approx(
        got.linear_predictor
    )
    row = design_row(conditions=plan, usual=belief.usual, columns=COLUMNS)
    assert got.linear_predictor == pytest.approx(float(row.row @ belief.posterior.mean) + got.level)
    x, c = row.row, belief.posterior.covariance
    assert got.predictive_sd**2 >= x @ c @ x + got.sigma**2 - 1e-9
    assert set(got.missing) == {c.variable for c in got.contributions if c.value is None}
    json.dumps(got.as_payload(), allow_nan=False)


def test_evidence_names_every_coefficient_and_counts_sessions_of_the_kind():
    sessions = past_sessions(30)
    made = recommend(context=context(population=TRAINED, own_sessions=sessions, today=sessions[-1].day + 1))
    coefficients = made.evidence["coefficients"]
    assert set(coefficients) == set(COLUMNS)
    projects = sum(s.conditions["session_type"] == "project" for s in sessions)
    assert coefficients["type:project"]["own_sessions"] == projects
    assert coefficients["type:project×stress_level"]["own_sessions"] == projects
    assert coefficients["intensity:max"]["own_sessions"] == 0
    assert coefficients["motivation_level"]["own_sessions"] == sum(
        s.conditions["motivation_level"] is not None for s in sessions
    )


def test_what_a_session_taught_names_its_kind_only():
    before = posterior()
    row = design_row(conditions=REFERENCE | {"session_type": "project", "stress_level": 5}, columns=COLUMNS)
    after = condition(prior=TRAINED, design=row.row[None, :], outcome=np.array([8.0]))
    got = belief_change(before=before, after=after, session=row, quality=8.0)
    kinds = {c.variable: c for c in got.coefficients if c.variable in KINDS}
    assert set(kinds) == {"type:project", "type:project×stress_level"}
    assert kinds["type:project×stress_level"].as_payload()["label"] == "Projecting, by stress"
    assert got.surprise.explained == pytest.approx(float(row.row @ (after.mean - before.mean)))
    # Trained populations share the effect of a kind: one climber's session leaves it where it was.
    same = after.mean.copy()
    same[len(COEFFICIENTS) :] = before.mean[len(COEFFICIENTS) :]
    still = belief_change(before=before, after=replace(after, mean=same), session=row, quality=8.0)
    (project,) = [c for c in still.coefficients if c.variable == "type:project"]
    assert "everyone's sessions" in project.why


def test_a_kind_s_value_is_worded_for_pages():
    assert amount_of("project", "session_type") == "Projecting"
    assert amount_of(None, "session_type") == "not said"
