from __future__ import annotations

import numpy as np
import pytest

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.diary import read_diary
from modeling.domain.drift import Drift
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.simulate import InvalidSimulation, simulate_diary, simulate_grouped, simulate_outcome


def test_a_diary_is_deterministic_plausible_and_readable() -> None:
    one = simulate_diary(n_climbers=8, n_sessions=40, seed=3)
    two = simulate_diary(n_climbers=8, n_sessions=40, seed=3)
    assert one.frame.equals(two.frame)
    assert not one.frame.equals(simulate_diary(n_climbers=8, n_sessions=40, seed=4).frame)
    for name in MODEL_VARIABLES:
        values, v = one.frame[name].dropna(), VARIABLES[name]
        assert values.between(v.low, v.high).all()
        np.testing.assert_allclose(np.round(values / v.step) * v.step, values)
    quality = one.frame["session_quality"]
    assert quality.between(1, 10).all()
    assert (quality % 1 == 0).all()
    diary = read_diary(frame=one.frame)
    assert diary.notes == ()
    assert diary.data.outcome.size == 320


def test_missing_and_deviating_shares() -> None:
    got = simulate_diary(n_climbers=40, n_sessions=50, seed=1, missing_share=0.2, deviation_share=0.3).frame
    assert got[list(MODEL_VARIABLES)].isna().to_numpy().mean() == pytest.approx(0.2, abs=0.01)
    deviated = got["deviated_from_plan"]
    assert deviated.mean() == pytest.approx(0.3, abs=0.03)
    assert got.loc[~deviated, "actual_caffeine_mg"].isna().all()
    kept = got[~deviated & got["caffeine_mg"].notna()]
    assert (kept["caffeine_mg"] == kept["planned_caffeine_mg"]).all()
    moved = got[deviated & got["caffeine_mg"].notna()]
    assert (moved["caffeine_mg"] == moved["actual_caffeine_mg"]).all()


@pytest.mark.parametrize("drift", [Drift(0.3, 10.0), Drift(0.05), Drift(0.0)])
def test_levels_move_as_their_drift_says(drift: Drift) -> None:
    climber = np.repeat(np.arange(3000), 3)
    day = np.tile([0.0, 2.0, 9.0], 3000)
    _, truth = simulate_outcome(
        design=np.ones((9000, 1)),
        climber=climber,
        day=day,
        beta=np.zeros(1),
        tau=np.zeros(1),
        sigma=2.0,
        drift=drift,
        rng=np.random.default_rng(0),
    )
    level = truth.level.reshape(3000, 3)
    gaps = np.abs(np.subtract.outer([0.0, 2.0, 9.0], [0.0, 2.0, 9.0]))
    want = (
        drift.rate_per_day * np.minimum.outer([0.0, 2.0, 9.0], [0.0, 2.0, 9.0])
        if drift.is_random_walk
        else drift.stationary_variance * 2.0 ** (-gaps / drift.half_life_days)
    )
    np.testing.assert_allclose(np.cov(level.T), 4.0 * want, atol=0.12 * 4.0 * max(want.max(), 0.01))


def test_coefficients_scatter_by_tau() -> None:
    priors = HierarchicalPriors(
        ("intercept", "a"), np.array([5.0, 0.3]), np.array([1.0, 0.1]), np.array([1.0, 0.0])
    )
    data, truth = simulate_grouped(
        priors=priors, n_climbers=2000, n_sessions=2, drift=Drift(0.0), rng=np.random.default_rng(2)
    )
    assert truth.theta[:, 0].std() == pytest.approx(truth.tau[0], rel=0.06)
    assert np.ptp(truth.theta[:, 1]) == 0.0
    expected = (data.design * truth.theta[np.repeat(np.arange(2000), 2)]).sum(axis=1)
    assert (data.outcome - expected).std() == pytest.approx(truth.sigma, rel=0.05)


@pytest.mark.parametrize("change", [{"n_climbers": 0}, {"n_sessions": 0}, {"missing_share": 1.0}])
def test_impossible_diaries_are_refused(change) -> None:
    with pytest.raises(InvalidSimulation):
        simulate_diary(**{"n_climbers": 2, "n_sessions": 2, "seed": 1, **change})


def test_of_several_rhythms_each_climber_has_one() -> None:
    got = simulate_diary(
        n_climbers=200,
        n_sessions=30,
        seed=2,
        drift=[Drift(0.0), Drift(0.5, 5.0)],
        noise_scales=(0.5, 1.5),
        missing_share=0.0,
    ).truth
    still = np.array([drift == Drift(0.0) for drift in got.drifts])
    assert set(got.drifts) == {Drift(0.0), Drift(0.5, 5.0)}
    assert 0.4 < still.mean() < 0.6
    level = got.level.reshape(200, 30)
    assert (level[still] == 0.0).all()
    spread = level[~still].std(axis=1) / got.noise_scale[~still]
    assert np.sqrt((spread**2).mean()) == pytest.approx(
        np.sqrt(Drift(0.5, 5.0).stationary_variance), rel=0.15
    )


def test_kinds_have_effects_and_change_nothing_else() -> None:
    plain = simulate_diary(n_climbers=20, n_sessions=30, seed=2)
    got = simulate_diary(n_climbers=20, n_sessions=30, seed=2, kinds=True, missing_share=0.1)
    everything = simulate_diary(n_climbers=20, n_sessions=30, seed=2, kinds=True, whole_numbers=False)
    same = [name for name in plain.frame.columns if name not in {*MODEL_VARIABLES, "session_quality"}]
    assert got.frame[same].equals(plain.frame[same])
    assert got.frame["session_type"].isna().mean() == pytest.approx(0.1, abs=0.03)
    diary = read_diary(frame=got.frame)
    assert diary.notes == ()
    assert diary.priors.names == got.truth.names == everything.truth.names
    kinds = np.array([name.startswith(("type:", "intensity:")) for name in got.truth.names])
    beta = got.truth.beta[kinds]
    assert 0.2 < np.abs(beta[["×" not in n for n in np.array(got.truth.names)[kinds]]]).mean() < 0.5
    quality = everything.frame.groupby("session_type")["session_quality"].mean()
    assert quality.nunique() == everything.frame["session_type"].nunique()


def test_rhythms_that_are_not_each_climber_s_are_refused() -> None:
    with pytest.raises(InvalidSimulation, match="2 climbers, 3 drifts"):
        simulate_outcome(
            design=np.ones((2, 1)),
            climber=np.array([0, 1]),
            day=np.zeros(2),
            beta=np.zeros(1),
            tau=np.zeros(1),
            sigma=1.0,
            drift=[Drift(0.0)] * 3,
            rng=np.random.default_rng(0),
        )
