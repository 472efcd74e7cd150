from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from modeling.domain.drift import Drift
from modeling.domain.figures import quality_band
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import GaussianPrior
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.simulate import simulate_outcome
from recommendations.domain.own_model import BAND

CLIMBERS, SESSIONS = 500, 20
PRIOR = GaussianPrior(("intercept", "sleep"), np.array([6.0, 0.3]), np.diag([1.0, 0.04]), 1.0)


def trained(*, rating_step: float) -> TrainedPopulation:
    draws = PopulationDraws(
        PRIOR.names, np.array([[6.0, 0.3], [6.2, 0.2]]), np.array([[0.9, 0.2], [1.1, 0.2]]), np.ones(2)
    )
    return TrainedPopulation(draws, RhythmPrior((Rhythm(Drift(0.05, 30.0), 1.0),), np.ones(1)), rating_step)


def inside_by_climber(*, level: float, are_ratings: bool) -> NDArray[np.bool_]:
    """(climbers, sessions) whether each outcome lay in its band; climbers are drawn from the population itself."""
    rng = np.random.default_rng(round(1000 * level) + are_ratings)
    population = trained(rating_step=float(are_ratings))
    draws, rhythm = population.draws, population.rhythms.rhythms[0]
    inside = np.empty((CLIMBERS, SESSIONS), dtype=bool)
    for climber in range(CLIMBERS):
        day = rng.integers(1, 4, size=SESSIONS).cumsum().astype(np.float64)
        design = np.column_stack([np.ones(SESSIONS), rng.normal(size=SESSIONS)])
        drawn = rng.integers(draws.sigma.size)
        outcome, _ = simulate_outcome(
            design=design,
            climber=np.zeros(SESSIONS, dtype=np.int64),
            day=day,
            beta=draws.beta[drawn],
            tau=draws.tau[drawn],
            # Rounding to a rating has a variance of its own, which is in the sigma that is learnt from ratings.
            sigma=float(np.sqrt(draws.sigma[drawn] ** 2 - are_ratings / 12)),
            drift=rhythm.drift,
            rng=rng,
        )
        rated = np.clip(outcome.round(), 1, 10) if are_ratings else outcome
        band = quality_band(trained=population, design=design, outcome=rated, day=day, level=level)
        assert (band.low <= band.expected).all()
        assert (band.expected <= band.high).all()
        assert band.low.min() >= 1.0
        assert band.high.max() <= 10.0
        # The band ends where the scale does; what lies beyond the scale is in a band that reaches its end.
        shown = np.clip(band.observed, 1, 10)
        inside[climber] = (shown >= band.low) & (shown <= band.high)
    return inside


def assert_nominal(inside: NDArray[np.bool_], level: float) -> None:
    """Within what 999 of 1,000 samples of as many independent cases show."""
    low, high = binom.interval(0.999, inside.size, level)
    assert low <= inside.sum() <= high, (inside.mean(), low / inside.size, high / inside.size)


@pytest.mark.parametrize("level", [0.8, BAND])
def test_the_band_holds_as_many_sessions_as_it_says(level: float) -> None:
    """One session of each climber, the first, a middle one and the last: climbers are independent.

    Then all sessions: given those before it, each is inside with the same probability, so they count one by one.
    """
    inside = inside_by_climber(level=level, are_ratings=False)
    for cases in (inside[:, 0], inside[:, SESSIONS // 2], inside[:, -1], inside.ravel()):
        assert_nominal(cases, level)


@pytest.mark.parametrize("level", [0.8, BAND])
def test_the_band_holds_as_many_ratings_as_it_says(level: float) -> None:
    """A band of unrounded quality, and whole ratings in it, as pages show them.

    Where its ends lie between two ratings decides by the case, and evens out over climbers once they are known a
    little: the first session of all is expected in much the same place, and is left out.
    """
    inside = inside_by_climber(level=level, are_ratings=True)
    for cases in (inside[:, SESSIONS // 2], inside[:, -1], inside[:, 1:].ravel()):
        assert_nominal(cases, level)
