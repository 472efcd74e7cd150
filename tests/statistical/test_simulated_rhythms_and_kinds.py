"""Climbers of several rhythms who do several kinds of session: what was simulated is found again."""

from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.diary import read_diary
from modeling.domain.drift import Drift
from modeling.domain.simulate import SimulatedDiary, simulate_diary
from modeling.domain.training import TrainingResult, fit

pytestmark = pytest.mark.slow

CLIMBERS, SESSIONS = 250, 60
CALM, RESTLESS = Drift(0.0), Drift(0.4, 7.0)
NOISES = (0.5, 1.5)


@pytest.fixture(scope="module")
def found() -> tuple[SimulatedDiary, TrainingResult]:
    made = simulate_diary(
        n_climbers=CLIMBERS,
        n_sessions=SESSIONS,
        seed=11,
        drift=[CALM, RESTLESS],
        noise_scales=NOISES,
        kinds=True,
        missing_share=0.0,
        whole_numbers=False,
    )
    diary = read_diary(frame=made.frame)
    assert diary.priors.names == made.truth.names
    return made, fit(data=diary.data, priors=diary.priors)


def test_effects_of_conditions_and_kinds_are_recovered(found: tuple[SimulatedDiary, TrainingResult]) -> None:
    made, result = found
    z = (result.all_draws.beta.mean(axis=0) - made.truth.beta) / result.all_draws.beta.std(axis=0)
    assert np.abs(z).max() < 4.0, dict(zip(made.truth.names, z.round(1).tolist(), strict=True))
    assert (z**2).mean() == pytest.approx(1.0, abs=0.6)
    of_kinds = np.array([name.startswith(("type:", "intensity:")) for name in made.truth.names])
    assert of_kinds.sum() > 15
    means = result.all_draws.beta.mean(axis=0)
    assert np.corrcoef(means[of_kinds], made.truth.beta[of_kinds])[0, 1] > 0.9


def test_climbers_spreads_are_recovered(found: tuple[SimulatedDiary, TrainingResult]) -> None:
    made, result = found
    varies = made.truth.tau > 0.0
    draws = np.log(result.all_draws.tau[:, varies])
    z = (draws.mean(axis=0) - np.log(made.truth.tau[varies])) / draws.std(axis=0)
    assert np.abs(z).max() < 4.0, z


def test_each_climber_s_rhythm_is_recovered(found: tuple[SimulatedDiary, TrainingResult]) -> None:
    made, result = found
    rhythms = result.population.rhythms.rhythms
    own = [rhythms[k] for k in result.own_rhythm]
    noise = np.array([result.mode.sigma * rhythm.noise_scale for rhythm in own])
    added = np.array([rhythm.drift.added_variance(days=2.5) for rhythm in own])
    restless = np.array([drift == RESTLESS for drift in made.truth.drifts])
    loud = made.truth.noise_scale == NOISES[1]
    assert ((noise > 0.9) == loud).mean() > 0.95
    # whether the level moves; how fast is told less well where sessions are loud (0.1 a day stands for 0.4)
    assert ((added > 0.1) == restless).mean() > 0.95
