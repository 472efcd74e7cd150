"""The three families of comparisons: keys, descriptors, and what is not claimed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import TreatedSession, design_matrix
from modeling.domain.personal import personal_posterior
from modeling.domain.population_prior import PopulationPrior, literature_priors
from modeling.domain.population_summary import response_spreads
from modeling.domain.statistics import group_data
from modeling.domain.training import fit
from modeling.domain.training_data import hierarchical_priors
from recommendations.domain.population_statistics import (
    InvalidStatistic,
    PopulationStatistic,
    percentile_rank,
)
from recommendations.domain.statistical_context import (
    NOT_CLEAR,
    CoefficientBelief,
    coefficient_beliefs,
    compute_statistical_context,
    get_descriptor,
)

STRESS = PopulationStatistic(n=100, mean=3.0, std=1.1, counts={1: 10, 2: 20, 3: 40, 4: 20, 5: 10})


def compare(conditions=(), history=(), population=(), coefficients=(), priors=None):
    return compute_statistical_context(
        current_conditions=dict(conditions),
        user_history=history,
        population_stats=dict(population),
        user_coefficients=dict(coefficients),
        priors=priors,
    ).as_payload()


def session(quality, **conditions):
    return TreatedSession(day=0, conditions=conditions, session_quality=quality)


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (2.0, "very high"), (1.99, "above average"), (1.0, "above average"), (0.99, "typical"),
        (-1.0, "typical"), (-1.01, "below average"), (-2.0, "below average"), (-2.01, "very low"),
        (math.inf, "very high"), (math.nan, "not comparable"),
    ],
)  # fmt: skip
def test_descriptor_bounds(z, words):
    assert get_descriptor(z) == words


class TestPopulation:
    def test_mid_rank_by_hand(self):
        got = compare({"stress_level": 4}, population={"stress_level": STRESS})["stress_level_population"]
        assert got == {
            "user_value": 4.0, "pop_mean": 3.0, "pop_std": 1.1, "z_score": 0.91, "percentile": 80.0,
            "descriptor": "typical", "source": "climbers", "method": "mid_rank", "n_climbers": 100,
        }  # fmt: skip

    def test_without_counts_the_normal_distribution_is_named(self):
        sleep = PopulationStatistic(n=20, mean=7.0, std=1.0)
        got = compare({"sleep_hours": 5.5}, population={"sleep_hours": sleep})["sleep_hours_population"]
        assert (got["z_score"], got["percentile"], got["method"]) == (-1.5, 7.0, "normal")
        assert got["descriptor"] == "below average"

    @pytest.mark.parametrize(
        "statistic",
        [
            pytest.param(PopulationStatistic(n=19, mean=1.0, std=1.0), id="19 climbers"),
            pytest.param(PopulationStatistic(n=500, mean=1.0, std=0.0), id="all alike"),
            pytest.param(PopulationStatistic(n=500, mean=math.nan, std=1.0), id="no mean"),
        ],
    )
    def test_too_little_to_go_by_uses_the_registry_and_says_so(self, statistic):
        got = compare({"energy_level": 4}, population={"energy_level": statistic})["energy_level_population"]
        assert got["source"] == "registry"
        assert got["n_climbers"] is None
        assert got["z_score"] == 1.11  # (4 - 3) / 0.9

    def test_unsaid_is_not_nought(self):
        assert compare({"sleep_hours": None}) == {}
        assert compare({"sleep_hours": 0})["sleep_hours_population"]["user_value"] == 0.0

    @given(st.lists(st.integers(1, 5), min_size=20, max_size=60), st.integers(1, 5))
    def test_mid_rank_is_scipy_s(self, reports, value):
        counts = {v: reports.count(v) for v in set(reports)}
        statistic = PopulationStatistic(n=len(reports), mean=3, std=1, counts=counts)
        expected = stats.percentileofscore(reports, value, kind="mean")
        assert percentile_rank(statistic=statistic, value=value)[0] == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(6.5, 37.5), (7.0, 62.5), (5.0, 5.0), (4.0, 5.0), (8.0, 82.5), (9.5, 95.0), (6.0, 25.0)],
    )
    def test_quantiles_by_hand(self, value, expected):
        quantiles = ((0.1, 5.0), (0.25, 6.0), (0.5, 7.0), (0.75, 7.0), (0.9, 9.0))
        if value == 5.0:  # an end that is no tie stays what it is
            expected = 10.0
        statistic = PopulationStatistic(n=50, mean=7, std=1, quantiles=quantiles)
        assert percentile_rank(statistic=statistic, value=value) == (pytest.approx(expected), "mid_rank")

    @given(st.lists(st.floats(0, 12), min_size=2, max_size=9), st.floats(-1, 13), st.floats(0, 3))
    def test_quantile_ranks_never_fall(self, values, value, more):
        p = np.linspace(0.05, 0.95, len(values)).tolist()
        statistic = PopulationStatistic(
            n=50, mean=7, std=1, quantiles=tuple(zip(p, sorted(values), strict=True))
        )
        low, _ = percentile_rank(statistic=statistic, value=value)
        high, _ = percentile_rank(statistic=statistic, value=value + more)
        assert 0.0 <= low <= high <= 100.0

    def test_nonsense_is_refused(self):
        with pytest.raises(InvalidStatistic):
            PopulationStatistic(n=50, mean=0, std=1, quantiles=((0.5, 3.0), (0.9, 2.0)))
        with pytest.raises(InvalidStatistic):
            PopulationStatistic(n=-1, mean=0, std=1)


class TestResponse:
    def test_gated_on_the_posterior(self):
        population = {"caffeine_mg_coefficient": PopulationStatistic(n=50, mean=0.003, std=0.002)}

        def descriptor(mean, sd):
            got = compare(
                coefficients={"caffeine_mg": CoefficientBelief(mean=mean, sd=sd)}, population=population
            )
            return got["caffeine_mg_response"]["descriptor"]

        assert descriptor(0.006, 0.002) == "You respond more strongly than average"  # P = 0.933
        assert descriptor(0.006, 0.0025) == NOT_CLEAR  # P = 0.885
        assert descriptor(0.001, 0.001) == "You respond less strongly than average"
        assert descriptor(-0.004, 0.002) == "You respond the other way than average"

    def test_more_negative_is_stronger_for_stress(self):
        got = compare(coefficients={"stress_level": CoefficientBelief(mean=-0.75, sd=0.1)})[
            "stress_level_response"
        ]
        assert got["descriptor"] == "You respond more strongly than average"
        assert got["z_score"] == 2.0  # (0.75 - 0.35) / 0.20, between climbers
        assert got["percentile"] == 98.0
        assert (got["source"], got["pop_mean"], got["pop_std"]) == ("prior", -0.35, 0.2)

    def test_the_current_prior_wins_over_the_literature(self):
        got = compare(
            coefficients={"caffeine_mg": CoefficientBelief(mean=0.001, sd=0.004)},
            priors={"caffeine_mg": PopulationPrior(mean=0.001, sd=0.001, individual_sd=0.002)},
        )["caffeine_mg_response"]
        assert (got["pop_mean"], got["z_score"], got["percentile"]) == (0.001, 0.0, 50.0)
        assert got["probability_stronger"] == 0.5
        assert got["descriptor"] == NOT_CLEAR

    def test_a_prior_without_spread_gives_no_z(self):
        got = compare(
            coefficients={"caffeine_mg": CoefficientBelief(mean=0.003, sd=0.0)},
            priors={"caffeine_mg": PopulationPrior(mean=0.003, sd=0.0, individual_sd=0.0)},
        )["caffeine_mg_response"]
        assert got["z_score"] is None
        assert got["descriptor"] == NOT_CLEAR


class TestOwnSessions:
    def test_high_stress_by_hand(self):
        history = [
            session(4, stress_level=4, session_type="project"),
            session(6, stress_level=5, session_type="project"),
            session(8, stress_level=4, session_type="volume"),
            session(9, stress_level=4, session_type="power"),
            session(1, stress_level=3, session_type="project"),
            session(1, stress_level=None, session_type="volume"),
        ]
        assert compare(history=history)["personal_high_stress"] == {
            "n_sessions": 4, "avg_quality_project": 5.0, "avg_quality_volume": 8.0, "n_project": 2,
            "n_volume": 1, "difference": -3.0, "difference_interval_95": None,
        }  # fmt: skip

    def test_no_project_sessions_is_none_not_nan(self):
        got = compare(history=[session(8, stress_level=5, session_type="volume")])["personal_high_stress"]
        assert (got["avg_quality_project"], got["n_project"]) == (None, 0)

    def test_caffeine_compares_as_treated_and_skips_unknown(self):
        history = [
            session(7, caffeine_mg=200),
            session(6, caffeine_mg=0),
            session(1, caffeine_mg=None),
            session(2),
        ]
        got = compare(history=history)["personal_caffeine"]
        assert (got["high_caffeine_avg"], got["low_caffeine_avg"], got["n_high"], got["n_low"]) == (
            7,
            6,
            1,
            1,
        )

    def test_one_side_alone_is_no_comparison(self):
        assert "personal_caffeine" not in compare(history=[session(7, caffeine_mg=200)])
        assert "personal_high_stress" not in compare(history=[session(7, stress_level=2)])

    def test_the_interval_is_welch_s(self):
        high, low = [7, 8, 6, 9], [5, 6, 4, 6, 7]
        history = [session(q, caffeine_mg=250) for q in high] + [session(q, caffeine_mg=20) for q in low]
        got = compare(history=history)["personal_caffeine"]
        expected = stats.ttest_ind(high, low, equal_var=False).confidence_interval(0.95)
        assert got["difference_interval_95"] == [round(expected.low, 2), round(expected.high, 2)]

    @given(
        st.permutations(
            [session(q, caffeine_mg=c) for q, c in [(5, 0), (6, 40), (8, 210), (7, 300), (4, 100)]]
        )
    )
    def test_order_of_sessions_does_not_matter(self, history):
        assert compare(history=history) == compare(
            history=sorted(history, key=lambda s: s.session_quality)
        )  # fmt: skip


def test_an_average_climber_is_not_told_to_be_different():
    """The data say −0.7 a point of stress where the prior said −0.35: that holds for all, so it marks nobody."""
    rng = np.random.default_rng(5)
    prior = literature_priors()["stress_level"].mean
    truth = prior - 0.35
    diaries, n = [], 25
    for _ in range(60):
        own_effect, usual = rng.normal(truth, 0.1), rng.normal(6.0, 0.7)
        stress = rng.integers(1, 6, n)
        quality = usual + own_effect * (stress - VARIABLES["stress_level"].reference) + rng.normal(0, 1.0, n)
        diaries.append(
            [
                TreatedSession(day=2.0 * t, conditions={"stress_level": int(x)}, session_quality=float(q))
                for t, (x, q) in enumerate(zip(stress, quality, strict=True))
            ]
        )
    matrices = [design_matrix(sessions=diary) for diary in diaries]
    data = group_data(
        outcome=np.concatenate([m.outcome for m in matrices]),
        design=np.vstack([m.design for m in matrices]),
        group=np.repeat(np.arange(len(diaries)), n),
        day=np.concatenate([m.day for m in matrices]),
    )
    trained = fit(data=data, priors=hierarchical_priors(priors={}), drift="none", own_rhythm=False).population
    spreads = response_spreads(population=trained.draws, n_climbers=len(diaries))
    statistics = {s.name: PopulationStatistic(n=s.n_climbers, mean=s.mean, std=s.std) for s in spreads}
    for known, source in ((statistics, "climbers"), ({}, "model")):
        found = []
        for matrix in matrices:
            posterior = (
                personal_posterior(
                    trained=trained, design=matrix.design, outcome=matrix.outcome, day=matrix.day
                )
                .summary()
                .posterior
            )
            found.append(
                compute_statistical_context(
                    current_conditions={},
                    user_history=(),
                    population_stats=known,
                    user_coefficients=coefficient_beliefs(posterior=posterior),
                    population=trained,
                ).as_payload()["stress_level_response"]
            )
        assert {entry["source"] for entry in found} == {source}
        assert abs(found[0]["pop_mean"] - truth) < 0.1
        different = [entry for entry in found if entry["descriptor"] != NOT_CLEAR]
        assert len(different) <= len(found) / 5
        assert abs(np.median([entry["percentile"] for entry in found]) - 50.0) < 12.0
