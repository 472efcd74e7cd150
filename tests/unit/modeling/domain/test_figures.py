from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.figures import quality_band
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import GaussianPrior
from modeling.domain.rhythm import Rhythm, RhythmPrior

PRIOR = GaussianPrior(("intercept", "sleep"), np.array([6.0, 0.3]), np.diag([1.0, 0.04]), 1.0)


def trained() -> TrainedPopulation:
    draws = PopulationDraws(
        PRIOR.names, np.array([[6.0, 0.3], [6.2, 0.2]]), np.array([[0.9, 0.2], [1.1, 0.2]]), np.ones(2)
    )
    return TrainedPopulation(draws, RhythmPrior((Rhythm(Drift(0.05, 30.0), 1.0),), np.ones(1)), True)


def test_the_band_holds_as_many_sessions_as_it_says() -> None:
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(50), rng.normal(size=50)])
    outcome = np.clip((7 + 0.5 * design[:, 1] + rng.normal(size=50)).round(), 1, 10)
    band = quality_band(trained=trained(), design=design, outcome=outcome, day=np.arange(50.0))
    assert (band.low <= band.expected).all()
    assert (band.expected <= band.high).all()
    assert band.low.min() >= 1.0
    assert band.high.max() <= 10.0
    inside = ((band.observed >= band.low) & (band.observed <= band.high)).mean()
    assert inside == pytest.approx(0.8, abs=0.12)
