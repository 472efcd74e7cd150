from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.figures import quality_band
from modeling.domain.lessons import what_was_taught
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import GaussianPrior, InvalidObservations, condition
from modeling.domain.rhythm import Rhythm, RhythmPrior

PRIOR = GaussianPrior(("intercept", "sleep"), np.array([6.0, 0.3]), np.diag([1.0, 0.04]), 1.0)


def posterior_after(outcomes: list[float], prior: GaussianPrior = PRIOR):
    n = len(outcomes)
    design = np.column_stack([np.ones(n), np.linspace(-1, 1, n)]) if n else np.zeros((0, 2))
    return condition(prior=prior, design=design, outcome=np.array(outcomes))


@pytest.mark.parametrize(
    ("known", "observed", "why"),
    [
        pytest.param(0, 6.2, "as_expected", id="as-expected"),
        pytest.param(0, 9.0, "learnt", id="first-session-teaches"),
        pytest.param(400, 8.0, "noise", id="after-hundreds-it-is-chance"),
    ],
)
def test_why_much_or_little(known: int, observed: float, why: str) -> None:
    earlier = [6.0] * known
    before = posterior_after(earlier)
    row = np.array([1.0, 0.0])
    seen = condition(
        prior=GaussianPrior(PRIOR.names, before.mean, before.covariance, 1.0),
        design=row[None, :],
        outcome=np.array([observed]),
    )
    got = what_was_taught(before=before, after=seen, design_row=row, observed=observed)
    assert got.why == why
    assert got.surprise * (observed - got.expected) >= 0
    steps = [c.steps for c in got.coefficients]
    assert steps == sorted(steps, reverse=True)


def test_posteriors_must_match() -> None:
    other = condition(
        prior=GaussianPrior(("intercept", "x"), np.zeros(2), np.eye(2), 1.0),
        design=np.zeros((0, 2)),
        outcome=np.zeros(0),
    )
    with pytest.raises(InvalidObservations):
        what_was_taught(before=posterior_after([]), after=other, design_row=[1.0, 0.0], observed=5.0)


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
