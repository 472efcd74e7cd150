from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from modeling.domain.predictive import (
    InvalidPredictive,
    Predictive,
    before_rounding,
    normal_predictive,
    score,
)

MIXTURE = {"mean": np.array([[5.0, 7.0]]), "sd": np.array([[0.8, 1.5]]), "weight": np.array([[0.3, 0.7]])}


def test_crps_of_the_standard_normal_at_zero() -> None:
    p = normal_predictive(mean=np.zeros(1), sd=np.ones(1))
    assert p.crps(outcome=np.zeros(1))[0] == pytest.approx(0.233694977, abs=1e-9)


@pytest.mark.parametrize("outcome", [3.0, 6.2, 9.9])
def test_crps_of_a_mixture_is_its_integral(outcome: float) -> None:
    p = Predictive(**MIXTURE, rating_step=np.zeros(1))
    want = quad(
        lambda x: (p.cdf(at=np.array([x]))[0] - (x >= outcome)) ** 2, -10, 25, points=[outcome], limit=200
    )[0]
    assert p.crps(outcome=np.array([outcome]))[0] == pytest.approx(want, abs=1e-7)


@pytest.mark.parametrize("step", [1.0, 0.5])
@pytest.mark.parametrize("outcome", [0.4, 1.0, 1.5, 5.25, 6.0, 7.5, 7.7, 10.0, 10.5])
def test_crps_of_any_outcome_is_the_integral_over_the_steps(outcome: float, step: float) -> None:
    p = Predictive(**MIXTURE, rating_step=np.full(1, step))
    ratings = np.arange(1.0, 10.0 + step / 2, step)

    def at_most(x: float) -> float:
        """P(rating ≤ x), from the definition: the highest rating not above x, half a step further up."""
        if x < 1.0:
            return 0.0
        if x >= 10.0:
            return 1.0
        edge = ratings[ratings <= x][-1] + step / 2
        spread = np.sqrt(MIXTURE["sd"][0] ** 2 - step**2 / 12)
        return float(MIXTURE["weight"][0] @ norm(MIXTURE["mean"][0], spread).cdf(edge))

    breaks = np.unique(np.concatenate([[0.0, 11.0, outcome], ratings]))
    want = sum(
        quad(lambda x: (at_most(x) - (x >= outcome)) ** 2, a, b)[0]
        for a, b in zip(breaks[:-1] + 1e-12, breaks[1:] - 1e-12, strict=True)
    )
    assert p.crps(outcome=np.array([outcome]))[0] == pytest.approx(want, abs=1e-9)
    # Between two ratings nothing is left to chance; on a rating the transform lies between its two ends.
    low, high = (at_most(outcome - 1e-9), at_most(outcome))
    transforms = p.pit(outcome=np.array([outcome]), rng=np.random.default_rng(1))
    assert low <= transforms[0] <= high


def test_sessions_in_different_steps_are_scored_as_if_alone() -> None:
    rng, n = np.random.default_rng(2), 300
    step, outcome = rng.choice([1.0, 0.5, 0.0], size=n), np.clip(rng.normal(6.0, 2.0, n), 1.0, 10.0)
    mixed = normal_predictive(mean=rng.uniform(3, 8, n), sd=rng.uniform(0.2, 2.0, n), rating_step=step)
    for what in (
        lambda p, y: p.crps(outcome=y),
        lambda p, y: p.median(),
        lambda p, y: p.predictive_mean(),
        lambda p, y: p.component_log_score(outcome=y)[:, 0],
    ):
        together = what(mixed, outcome)
        for one in (1.0, 0.5, 0.0):
            rows = np.flatnonzero(step == one)
            assert together[rows] == pytest.approx(what(mixed.of(rows=rows), outcome[rows]))
    alone = mixed.in_steps(rating_step=0.5).pit(outcome=outcome, rng=np.random.default_rng(3))
    together = mixed.pit(outcome=outcome, rng=np.random.default_rng(3))
    assert together[step == 0.5] == pytest.approx(alone[step == 0.5])


@pytest.mark.parametrize("outcome", [1.0, 6.0, 10.0])
def test_crps_of_a_rating_is_its_sum(outcome: float) -> None:
    p = Predictive(**MIXTURE, rating_step=np.ones(1))
    # each normal without the 1/12 that rounding adds: 0.64 - 1/12 and 2.25 - 1/12
    chance = sum(
        w * norm(m, np.sqrt(v - 1 / 12)).cdf(np.arange(1, 10) + 0.5)
        for w, m, v in ((0.3, 5.0, 0.64), (0.7, 7.0, 2.25))
    )
    reached = np.arange(1, 11) >= outcome
    want = ((np.append(chance, 1.0) - reached) ** 2).sum()
    assert p.crps(outcome=np.array([outcome]))[0] == pytest.approx(want)


def test_a_rating_has_a_chance_under_every_component() -> None:
    p = Predictive(**MIXTURE, rating_step=np.ones(1))
    ratings = [p.component_log_score(outcome=np.array([float(k)]))[0] for k in range(1, 11)]
    assert np.exp(ratings).sum(axis=0) == pytest.approx(1.0)


@pytest.mark.parametrize("latent", [0.35, 0.6, 1.2])
def test_rounding_is_counted_once(latent: float) -> None:
    """Qualities m + s Z, rated: of these ratings a model knows m and the variance s² + 1/12, and forecasts the next."""
    rng = np.random.default_rng(3)
    mean = rng.uniform(3.5, 7.5, size=40_000)
    rating = (mean + latent * rng.normal(size=mean.size)).round()
    assert (rating - mean).var() == pytest.approx(latent**2 + 1 / 12, rel=0.02)
    fitted = np.full(mean.size, (rating - mean).std())
    p = normal_predictive(mean=mean, sd=fitted, rating_step=1.0)
    transforms = p.pit(outcome=rating, rng=rng)
    for level in (0.5, 0.8, 0.9, 0.95):
        assert (np.abs(transforms - 0.5) < level / 2).mean() == pytest.approx(level, abs=0.008)
    assert kstest(transforms, "uniform").pvalue > 0.01


def test_who_hardly_moves_is_not_made_surer_still() -> None:
    """Below 1/6 a variance is not of ratings anywhere alike: no less is left of it than 1/12, or than it was."""
    sd = np.sqrt([0.01, 1 / 12, 0.1, 1 / 6, 0.2])
    assert before_rounding(sd=sd) ** 2 == pytest.approx([0.01, 1 / 12, 1 / 12, 1 / 12, 0.2 - 1 / 12])


def test_medians_quantiles_and_expectations() -> None:
    p = Predictive(**MIXTURE, rating_step=np.zeros(1))
    assert p.cdf(at=p.quantile(p=0.37))[0] == pytest.approx(0.37)
    assert p.median()[0] == pytest.approx(p.quantile(p=0.5)[0])
    assert p.expected()[0] == pytest.approx(6.4)
    whole = Predictive(**MIXTURE, rating_step=np.ones(1))
    assert whole.median()[0] == round(p.median()[0])
    far = normal_predictive(mean=np.array([14.0, -3.0]), sd=np.ones(2), rating_step=1.0)
    assert far.median().tolist() == [10.0, 1.0]
    assert far.expected().tolist() == [10.0, 1.0]


@pytest.mark.parametrize("whole", [True, False])
def test_a_true_forecast_is_calibrated(whole: bool) -> None:
    rng = np.random.default_rng(0)
    mean, sd = rng.uniform(3, 8, size=6000), rng.uniform(0.7, 2.0, size=6000)
    outcome = mean + sd * rng.normal(size=6000)
    if whole:
        outcome, sd = np.clip(outcome.round(), 1, 10), np.sqrt(sd**2 + 1 / 12)
    p = normal_predictive(mean=mean, sd=sd, rating_step=float(whole))
    assert kstest(p.pit(outcome=outcome, rng=rng), "uniform").pvalue > 0.01
    got = score(predictive=p, outcome=outcome)
    for level, share in got.coverage.items():
        assert share == pytest.approx(int(level) / 100, abs=0.025)
    assert got.width["95"] == pytest.approx((2 * norm.ppf(0.975) * sd).mean())


def test_a_wrong_forecast_is_found_out() -> None:
    rng = np.random.default_rng(0)
    outcome = rng.normal(size=4000)
    honest = normal_predictive(mean=np.zeros(4000), sd=np.ones(4000))
    for mean, sd in ((0.5, 1.0), (0.0, 0.5), (0.0, 2.0)):
        wrong = normal_predictive(mean=np.full(4000, mean), sd=np.full(4000, sd))
        assert wrong.crps(outcome=outcome).mean() > honest.crps(outcome=outcome).mean()
        assert kstest(wrong.pit(outcome=outcome, rng=rng), "uniform").pvalue < 1e-6


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sd": np.array([[0.0, 1.0]])}, id="no-width"),
        pytest.param({"mean": np.array([[np.nan, 1.0]])}, id="nan"),
        pytest.param({"weight": np.array([[0.3, 0.3]])}, id="weights"),
        pytest.param({"mean": np.array([[1.0]])}, id="shape"),
        pytest.param({"rating_step": np.array([0.3])}, id="step"),
        pytest.param({"rating_step": np.ones(2)}, id="two-steps-of-one-session"),
    ],
)
def test_what_is_no_distribution_is_refused(change) -> None:
    with pytest.raises(InvalidPredictive):
        Predictive(**{**MIXTURE, "rating_step": np.zeros(1), **change})
