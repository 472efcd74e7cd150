"""What coaches agree on of kinds of sessions is where a run starts from: in its priors and in its inputs' hash."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from experts.models import ExpertScenarioResponse, ScenarioConsensus, SyntheticScenario
from experts.selectors import settled_answers
from modeling.models import TrainingRun
from modeling.services.evaluation import platform_diary
from modeling.services.training import trained_model
from modeling.services.training_inputs import TrainingInputs
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

FIRST = date(2026, 1, 5)


@pytest.fixture
def one_climber(alice):
    """One alone ends a run before the sampler, with its priors on the record."""
    for day in range(6):
        make_session(
            alice,
            day=FIRST + timedelta(days=day),
            planned={"session_type": "power" if day % 2 else "volume", "stress_level": 3},
            quality=5 + day % 2,
        )
    return alice


def judged(coach, *, status="consensus_reached", agreed=True, disputed=(), complete=True, stress=3):
    scenario = SyntheticScenario.objects.create(
        baseline_snapshot={},
        pre_session_snapshot={"session_type": "volume", "stress_level": stress, "sleep_hours": 7.5},
        status=status,
    )
    ExpertScenarioResponse.objects.create(
        scenario=scenario,
        expert=coach,
        predicted_quality_baseline="6.0",
        prediction_confidence="high",
        is_complete=complete,
        counterfactuals=[
            {
                "variable": "session_type",
                "actual_value": "volume",
                "counterfactual_value": "power",
                "new_predicted_quality": 5.0,
                "would_change_session_type": False,
            }
        ],
    )
    if agreed:
        ScenarioConsensus.objects.create(scenario=scenario, disputed_factors=list(disputed), n_experts=1)
    return scenario


def mean_of(column):
    run = TrainingRun.objects.get(pk=trained_model(trigger="command", force=True).run_id)
    return run.priors["mean"][run.priors["names"].index(column)], run.inputs_hash


def test_a_stored_consensus_moves_a_prior_mean(one_climber, carol):
    """-1 ± 0.5 at reference: 0.09 / (0.09 + 0.25) of it is believed."""
    before, hash_before = mean_of("type:power")
    judged(carol)
    after, hash_after = mean_of("type:power")
    assert before == 0.0
    assert after == pytest.approx(-0.09 / 0.34)
    assert hash_before != hash_after


def test_a_tense_day_s_judgment_moves_the_interaction_too(one_climber, carol):
    judged(carol, stress=5)
    with_stress, _ = mean_of("type:power×stress_level")
    assert with_stress == pytest.approx(-2 * 0.05**2 / (0.09 + 4 * 0.05**2 + 0.25))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"status": "in_review"}, id="still-in-review"),
        pytest.param({"status": "disputed"}, id="disputed"),
        pytest.param({"agreed": False}, id="no-consensus-recorded"),
        pytest.param({"complete": False}, id="not-submitted"),
        pytest.param({"disputed": ["session_type"]}, id="disputed-factor"),
    ],
)
def test_without_consensus_the_kinds_start_from_nought(one_climber, carol, state):
    judged(carol, **state)
    assert TrainingInputs.read().elicited == {}


def test_nothing_stored_gives_nothing(one_climber):
    assert settled_answers() == []
    assert TrainingInputs.read().elicited == {}


def test_an_evaluation_starts_from_the_same(one_climber, carol):
    judged(carol)
    priors = platform_diary().priors
    assert priors.mean[priors.names.index("type:power")] == pytest.approx(-0.09 / 0.34)


def test_answers_that_are_no_list_are_read_past(one_climber, carol):
    scenario = judged(carol)
    ExpertScenarioResponse.objects.filter(scenario=scenario).update(counterfactuals={"session_type": "power"})
    assert TrainingInputs.read().elicited == {}
