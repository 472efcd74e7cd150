"""From simulated climbers to advice: what kind of session to do is learnt from everyone, and turns where the truth does."""

from __future__ import annotations

import numpy as np
import pytest

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS, TreatedSession, design_matrix
from modeling.domain.session_kind import kind_names, kind_priors, with_kinds
from modeling.domain.statistics import group_data
from modeling.domain.training import fit
from modeling.domain.training_data import hierarchical_priors
from recommendations.domain.context import believe
from recommendations.domain.events import recommend
from tests.factories.kinds import simulated_sessions
from tests.factories.recommendation_context import REFERENCE, context

N_CLIMBERS, N_SESSIONS = 80, 60
# Projecting is worth 0.3 on an ordinary day and loses 0.25 with each point of stress.
TRUTH = {"type:project": 0.3, "type:project×stress_level": -0.25, "stress_level": -0.3, "intensity:max": -0.2}


@pytest.fixture(scope="module")
def trained():
    random = np.random.default_rng(4)
    climbers: list[tuple[TreatedSession, ...]] = []
    for u in range(N_CLIMBERS):
        truth = TRUTH | {
            "intercept": random.normal(6.0, 0.7),
            "stress_level": random.normal(TRUTH["stress_level"], 0.1),
        }
        climbers.append(simulated_sessions(truth, n=N_SESSIONS, seed=100 + u, noise=1.0))
    names = kind_names(conditions=(s.conditions for own in climbers for s in own))
    matrices = [design_matrix(sessions=own, columns=(*COEFFICIENTS, *names)) for own in climbers]
    data = group_data(
        outcome=np.concatenate([m.outcome for m in matrices]),
        design=np.vstack([m.design for m in matrices]),
        group=np.repeat(np.arange(N_CLIMBERS), N_SESSIONS),
        day=np.concatenate([m.day for m in matrices]),
    )
    priors = with_kinds(priors=hierarchical_priors(priors={}), kinds=kind_priors(names=names))
    return fit(data=data, priors=priors, drift="none", own_rhythm=False).population, climbers


def tip_for(population, own, **conditions):
    made = recommend(
        context=context(
            population=population,
            own_sessions=own,
            today=float(N_SESSIONS),
            conditions=REFERENCE | {"session_intensity": "moderate"} | conditions,
        )
    )
    return next((t for t in made.shown.tips if t.variable == "session_type"), None)


def test_effects_and_interactions_are_recovered(trained):
    population, _ = trained
    mean, sd = population.draws.beta.mean(axis=0), population.draws.beta.std(axis=0)
    for name in ("type:project", "type:project×stress_level", "intensity:max"):
        place = population.names.index(name)
        assert mean[place] == pytest.approx(TRUTH[name], abs=4 * sd[place])
        assert abs(mean[place]) > 2 * sd[place]
    for name in ("type:technique", "type:recovery×sleep_hours", "intensity:low"):
        place = population.names.index(name)
        assert mean[place] == pytest.approx(0.0, abs=4 * sd[place])


@pytest.mark.parametrize("own", [0, 1], ids=["nobody's sessions", "a climber's sessions"])
def test_the_advice_turns_where_the_truth_does(trained, own):
    """Volume instead of projecting is worth 0.2 at stress 5, nothing at 4: below it the plan stands."""
    population, climbers = trained
    sessions = climbers[0] if own else ()
    tense = tip_for(population, sessions, session_type="project", stress_level=5)
    assert tense is not None
    assert tense.gain_interval_95[0] < 0.2 < tense.gain_interval_95[1] + 0.1
    (flip,) = [f for f in tense.flips if f.variable == "stress_level"]
    assert flip.direction == "at_most"
    assert flip.threshold == pytest.approx(4, abs=VARIABLES["stress_level"].step)
    assert tip_for(population, sessions, session_type="project", stress_level=2) is None
    calm = tip_for(population, sessions, session_type="volume", stress_level=1)
    assert (calm.recommended_value, calm.basis.reliability) == ("project", 0)


def test_one_climber_s_sessions_leave_the_kinds_where_everyone_s_put_them(trained):
    population, climbers = trained
    kinds = slice(len(COEFFICIENTS), None)
    means = [believe(sessions=own, population=population).posterior.mean for own in climbers[:3]]
    for mean in means:
        np.testing.assert_allclose(mean[kinds], population.draws.beta.mean(axis=0)[kinds], atol=1e-12)
