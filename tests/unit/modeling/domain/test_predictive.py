from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from modeling.domain.predictive import InvalidPredictive, Predictive, normal_predictive, score

MIXTURE = {"mean": np.array([[5.0, 7.0]]), "sd": np.array([[0.8, 1.5]]), "weight": np.array([[0.3, 0.7]])}


def test_crps_of_the_standard_normal_at_zero() -> None:
    p = normal_predictive(mean=np.zeros(1), sd=np.ones(1))
    assert p.crps(outcome=np.zeros(1))[0] == pytest.approx(0.233694977, abs=1e-9)


@pytest.mark.parametrize("outcome", [3.0, 6.2, 9.9])
def test_crps_of_a_mixture_is_its_integral(outcome: float) -> None:
    p = Predictive(**MIXTURE, whole_numbers=False)
    want = quad(
        lambda x: (p.cdf(at=np.array([x]))[0] - (x >= outcome)) ** 2, -10, 25, points=[outcome], limit=200
    )[0]
    assert p.crps(outcome=np.array([outcome]))[0] == pytest.approx(want, abs=1e-7)


@pytest.mark.parametrize("outcome", [1.0, 6.0, 10.0])
def test_crps_of_a_rating_is_its_sum(outcome: float) -> None:
    p = Predictive(**MIXTURE, whole_numbers=True)
    ratings = [p.component_log_score(outcome=np.array([float(k)]))[0] for k in range(1, 11)]
    chance = np.exp(ratings) @ p.weight[0]
    assert chance.sum() == pytest.approx(1.0)
    reached = np.arange(1, 11) >= outcome
    assert p.crps(outcome=np.array([outcome]))[0] == pytest.approx(((np.cumsum(chance) - reached) ** 2).sum())


def test_medians_quantiles_and_expectations() -> None:
    p = Predictive(**MIXTURE, whole_numbers=False)
    assert p.cdf(at=p.quantile(p=0.37))[0] == pytest.approx(0.37)
    assert p.median()[0] == pytest.approx(p.quantile(p=0.5)[0])
    assert p.expected()[0] == pytest.approx(6.4)
    whole = Predictive(**MIXTURE, whole_numbers=True)
    assert whole.median()[0] == round(p.median()[0])
    far = normal_predictive(mean=np.array([14.0, -3.0]), sd=np.ones(2), whole_numbers=True)
    assert far.median().tolist() == [10.0, 1.0]
    assert far.expected().tolist() == [10.0, 1.0]


@pytest.mark.parametrize("whole", [True, False])
def test_a_true_forecast_is_calibrated(whole: bool) -> None:
    rng = np.random.default_rng(0)
    mean, sd = rng.uniform(3, 8, size=6000), rng.uniform(0.7, 2.0, size=6000)
    outcome = mean + sd * rng.normal(size=6000)
    if whole:
        outcome = np.clip(outcome.round(), 1, 10)
    p = normal_predictive(mean=mean, sd=sd, whole_numbers=whole)
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
    ],
)
def test_what_is_no_distribution_is_refused(change) -> None:
    with pytest.raises(InvalidPredictive):
        Predictive(**{**MIXTURE, **change}, whole_numbers=False)
