from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modeling.domain.diary import literature_hierarchical_priors, read_diary
from modeling.domain.drift import Drift
from modeling.domain.drift_rate import subset
from modeling.domain.evaluation import (
    STAGES,
    NothingToEvaluate,
    chronological_split,
    evaluate,
    long_enough,
    rows_of,
)
from modeling.domain.gate import held_out_crps, prior_predictive_inside
from modeling.domain.oddities import without_absurdities
from modeling.domain.personal import personal_posterior
from modeling.domain.priors import HierarchicalPriors, InvalidPriors
from modeling.domain.simulate import simulate_diary, simulate_grouped
from modeling.domain.statistics import GroupedData, group_data
from modeling.domain.training import NotEnoughSessions, fit

PRIORS = HierarchicalPriors(
    ("intercept", "a", "b"),
    np.array([6.0, 0.3, -0.3]),
    np.array([1.0, 0.15, 0.15]),
    np.array([1.0, 0.2, 0.2]),
)


def grouped(outcome, design, group, day=None) -> GroupedData:
    return group_data(
        outcome=np.asarray(outcome, dtype=float), design=design, group=np.asarray(group), day=day
    )


def ordinary(n: int = 40) -> GroupedData:
    rng = np.random.default_rng(0)
    return simulate_grouped(priors=PRIORS, n_climbers=8, n_sessions=n, drift=Drift(0.05, 20.0), rng=rng)[0]


def rows(n: int, seed: int = 0) -> np.ndarray:
    return np.column_stack([np.ones(n), np.random.default_rng(seed).normal(size=(n, 2))])


def hostile() -> list:
    constant = rows(40)
    constant[:, 1:] = [0.0, 3.0]
    absurd = rows(40)
    absurd[7, 1] = 1e12
    quality = np.clip(np.random.default_rng(1).normal(6, 1.5, size=40).round(), 1, 10)
    climber = np.repeat([0, 1], 20)
    return [
        pytest.param(grouped(quality, constant, climber), "never varied", id="constant-columns"),
        pytest.param(grouped(quality, absurd, climber), "absurd", id="absurd-value"),
        pytest.param(
            grouped(np.where(np.arange(40) == 3, 1e12, quality), rows(40), climber),
            "1 absurd outcomes (1e+12) are believed as they stand",
            id="absurd-outcome",
        ),
        pytest.param(
            grouped(quality[:21], rows(21), climber[:21]), "single session", id="one-with-one-session"
        ),
        pytest.param(grouped([6, 7], rows(2), [0, 1]), "single session", id="two-sessions-in-all"),
        pytest.param(grouped(np.full(40, 10.0), rows(40), climber), "every outcome is 10", id="all-ten"),
        pytest.param(
            grouped(
                np.full(1000, 7.0),
                np.tile([1.0, 0.5, 0.5], (1000, 1)),
                np.repeat([0, 1], 500),
                np.zeros(1000),
            ),
            "never varied",
            id="a-thousand-identical-rows",
        ),
    ]


@pytest.mark.parametrize(("data", "words"), hostile())
def test_hostile_data_give_finite_answers_and_a_note(data: GroupedData, words: str) -> None:
    result = fit(data=data, priors=PRIORS)
    assert any(words in note for note in result.notes), result.notes
    first = data.rows(group=0)
    served = personal_posterior(
        trained=result.population,
        design=data.design[first],
        outcome=data.outcome[first],
        day=data.day[first],
    ).summary()
    assert np.isfinite(served.posterior.mean).all()
    assert (np.diag(served.posterior.covariance) >= 0.0).all()
    assert ((served.reliability >= 0.0) & (served.reliability <= 1.0)).all()


def test_a_value_is_absurd_beside_its_own_column_alone() -> None:
    flat = HierarchicalPriors(PRIORS.names, PRIORS.mean, np.full(3, 1e7), np.full(3, 1e7), noise_sd=1e7)
    data = ordinary()
    large, marked = data.design.copy(), data.design.copy()
    large[:, 1] *= 1e7
    marked[:, 2] = np.arange(data.outcome.size) % 50 == 0
    for priors, design in ((flat, data.design), (PRIORS, large), (flat, large), (flat, marked)):
        given = replace(data, design=design)
        kept, notes = without_absurdities(data=given, priors=priors)
        assert kept is given
        assert notes == ()
    slip = large.copy()
    slip[17, 1] = 1e15
    slip[:, 0] = 1e15
    kept, notes = without_absurdities(data=replace(data, design=slip), priors=flat)
    assert notes == ("1 absurd values of a ignored",)
    assert kept.design[17, 1] == np.median(slip[:, 1])
    assert (kept.design[:, 0] == 1e15).all()


def test_too_little_is_refused_by_name() -> None:
    with pytest.raises(NotEnoughSessions, match="1 climbers"):
        fit(data=grouped([5, 6], rows(2), [0, 0]), priors=PRIORS)
    with pytest.raises(NotEnoughSessions, match="0 complete sessions"):
        fit(data=grouped([], np.zeros((0, 3)), np.zeros(0)), priors=PRIORS)
    with pytest.raises(InvalidPriors):
        fit(data=grouped([5, 6], np.ones((2, 2)), [0, 1]), priors=PRIORS)


def test_same_data_same_answer_in_any_order() -> None:
    data = ordinary()
    mixed = np.random.default_rng(5).permutation(data.outcome.size)
    climber = np.repeat(np.arange(8), 40)
    other = group_data(
        outcome=data.outcome[mixed], design=data.design[mixed], group=climber[mixed], day=data.day[mixed]
    )
    one, two = fit(data=data, priors=PRIORS), fit(data=other, priors=PRIORS)
    np.testing.assert_array_equal(one.population.draws.beta, two.population.draws.beta)
    assert one.drift == two.drift


def test_stages_are_told_in_order() -> None:
    told: list[str] = []
    fit(data=ordinary(), priors=PRIORS, on_stage=told.append)
    assert told == ["drift", "rhythms", "statistics", "sampling"]


def test_options_do_what_they_say() -> None:
    data = ordinary()
    static = fit(data=data, priors=PRIORS, drift="none", own_rhythm=False)
    assert static.drift == Drift(0.0)
    assert len(static.population.rhythms.rhythms) == 1
    given = fit(data=data, priors=PRIORS, drift=Drift(0.2, 9.0), own_rhythm=False)
    assert given.population.rhythms.rhythms[0].drift == Drift(0.2, 9.0)
    assert given.mode.log_posterior != static.mode.log_posterior


def test_split_rounds_up_and_keeps_order() -> None:
    data = grouped(np.arange(65.0) % 10 + 1, np.ones((65, 3)), np.repeat([0, 1], [35, 30]))
    split = chronological_split(data=data, share=0.6)
    assert split.train[:35].sum() == 21
    assert split.train[35:].sum() == 18
    assert (np.diff(split.train[:35].astype(int)) <= 0).all()
    part = rows_of(data=data, rows=split.test)
    assert part.start.tolist() == [0, 14, 26]
    assert long_enough(data=data, n_sessions=30).n_groups == 2
    with pytest.raises(NothingToEvaluate):
        long_enough(data=data, n_sessions=31)


def test_a_subset_keeps_whole_climbers() -> None:
    data = ordinary()
    some = subset(data=data, n=3)
    assert some.labels.tolist() == [0, 4, 7]
    np.testing.assert_array_equal(some.outcome[:40], data.outcome[:40])
    np.testing.assert_array_equal(some.outcome[-40:], data.outcome[-40:])


def test_evaluation_of_a_simulated_diary() -> None:
    simulated = simulate_diary(n_climbers=12, n_sessions=60, seed=2)
    diary = read_diary(frame=simulated.frame)
    told: list[str] = []
    priors = literature_hierarchical_priors(names=diary.names)
    got = evaluate(data=diary.data, priors=priors, on_stage=told.append)
    assert tuple(told) == STAGES
    scores = got.scores
    assert scores["climbiq"].n == 12 * 24
    assert scores["climbiq"].crps < min(
        scores[k].crps for k in ("person_mean", "ewma", "last_value", "global_mean")
    )
    assert 0.8 <= scores["climbiq"].coverage["90"] <= 0.97
    assert sum(got.pit) == pytest.approx(1.0)
    assert (got.n_climbers, got.n_training, got.n_test) == (12, 12 * 36, 12 * 24)
    shape = got.as_dict()["models"]["climbiq"]
    assert set(shape) >= {"mae", "crps", "coverage", "n"}
    assert set(shape["coverage"]) == {"50", "80", "90", "95"}


def test_one_climber_with_thousands_of_ratings_counts_once() -> None:
    alone = ordinary()
    n = 730
    crowded = grouped(
        [*alone.outcome, *[10.0] * n],
        np.concatenate([alone.design, rows(n)]),
        [*np.repeat(np.arange(alone.n_groups), np.diff(alone.start)), *[99] * n],
        np.concatenate([alone.day, np.arange(float(n))]),
    )
    before = held_out_crps(data=alone, priors=PRIORS)
    after = held_out_crps(data=crowded, priors=PRIORS)
    assert before is not None
    assert after is not None
    # Pooled over sessions, the newcomer's certain tens would take nine tenths of this away.
    assert after.person_mean_crps > 0.85 * before.person_mean_crps
    assert after.n_sessions == before.n_sessions + n // 5


def test_held_out_and_prior_predictive() -> None:
    data = ordinary()
    got = held_out_crps(data=data, priors=PRIORS)
    assert got is not None
    assert got.model_crps < got.person_mean_crps
    assert held_out_crps(data=grouped([5, 6], rows(2), [0, 1]), priors=PRIORS) is None
    assert prior_predictive_inside(priors=PRIORS, design=data.design) > 0.9
    wild = HierarchicalPriors(PRIORS.names, PRIORS.mean, 20 * PRIORS.sd, 20 * PRIORS.individual_sd)
    assert prior_predictive_inside(priors=wild, design=data.design) < 0.5
