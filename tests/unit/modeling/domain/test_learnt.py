"""What a run stores of the population, and what its page makes of it: against numbers worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import halfnorm, norm

from modeling.domain.learnt import PROBABILITIES, UnreadableLearnt, in_words, learnt_as_json, learnt_from_json
from modeling.domain.population import PopulationDraws
from tests.factories.training_runs import made_draws, made_priors

PRIORS = {
    "names": ["intercept", "sleep_hours", "type:power", "type:power×sleep_hours"],
    "mean": [5.0, 0.15, 0.0, 0.0],
    "sd": [1.0, 0.08, 0.3, 0.05],
    "individual_sd": [1.0, 0.1, 0.0, 0.0],
    "noise_sd": 1.3,
    "noise_floor": 0.05,
}


def summary(**changes: object) -> dict[str, object]:
    """Of five draws, so that every quantile asked for but the outermost is halfway between two of them, or one."""
    steps = np.arange(5.0)[:, None]
    draws = PopulationDraws(
        tuple(PRIORS["names"]),
        np.array([[6.0, 0.1, -0.2, 0.02]]) + steps * [0.1, 0.05, 0.1, 0.01],
        np.array([[0.8, 0.05, 0.0, 0.0]]) + steps * [0.1, 0.01, 0.0, 0.0],
        1.0 + 0.1 * np.arange(5.0),
    )
    return json.loads(json.dumps(learnt_as_json(draws=draws))) | changes


def test_what_is_stored_are_means_and_quantiles_of_all_draws():
    stored = summary()
    # of five evenly spaced draws the q-quantile lies 4 q steps above the first
    assert stored["effects"]["sleep_hours"] == pytest.approx([0.2, 0.105, 0.15, 0.2, 0.25, 0.295])
    assert stored["spreads"]["intercept"] == pytest.approx([1.0, 0.81, 0.9, 1.0, 1.1, 1.19])
    assert stored["noise"] == pytest.approx([1.2, 1.01, 1.1, 1.2, 1.3, 1.39])
    assert set(stored["spreads"]) == {"intercept", "sleep_hours"}  # kinds are the same for everybody


def test_sleep_is_told_for_a_typical_difference_of_a_night():
    _, sleep, *_ = learnt_from_json(stored=summary(), priors=PRIORS)
    assert (sleep.label, sleep.per, sleep.is_kind) == ("Sleep", "per 1.2 h", False)
    assert sleep.after.mean == pytest.approx(1.2 * 0.2)
    assert sleep.after.half == pytest.approx((1.2 * 0.15, 1.2 * 0.25))
    assert sleep.after.most == pytest.approx((1.2 * 0.105, 1.2 * 0.295))
    assert sleep.before.mean == pytest.approx(0.18)
    assert sleep.before.half == pytest.approx(norm.interval(0.5, 0.18, 0.096))
    assert sleep.before.most == pytest.approx((0.18 - 1.959964 * 0.096, 0.18 + 1.959964 * 0.096))
    assert sleep.spread_before.mean == pytest.approx(1.2 * halfnorm.mean(scale=0.1))
    assert sleep.spread_before.most == pytest.approx(halfnorm.ppf((0.025, 0.975), scale=0.12))
    assert sleep.spread_after.mean == pytest.approx(1.2 * 0.07)


def test_kinds_are_told_as_they_are_and_climbers_do_not_differ_in_them():
    usual, _, power, interaction, noise = learnt_from_json(stored=summary(), priors=PRIORS)
    assert usual.after.mean == pytest.approx(6.2)
    assert (power.after.mean, power.is_kind) == (pytest.approx(0.0), True)
    assert (power.spread_before, power.spread_after) == (None, None)
    assert interaction.after.mean == pytest.approx(1.2 * 0.04)
    assert noise.after.mean == pytest.approx(1.2)
    # the prior's median: the half-normal's, and the floor beneath it
    assert noise.before.half == pytest.approx(np.hypot(0.05, halfnorm.ppf((0.25, 0.75), scale=1.3)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("intercept", ("Usual quality", "of 10")),
        ("caffeine_mg", ("Caffeine", "per 100 mg")),
        ("type:competition", ("Competition", "against volume")),
        ("type:competition×sleep_hours", ("Competition × sleep", "per 1.2 h")),
        ("intensity:low", ("Low intensity", "against moderate")),
    ],
)
def test_every_sort_of_coefficient_has_words(name, words):
    assert in_words(name) == words


def test_all_that_a_night_trains_can_be_drawn():
    priors = made_priors()
    stored = learnt_as_json(draws=made_draws(priors))
    told = learnt_from_json(
        stored=stored,
        priors=PRIORS
        | {
            "names": list(priors.names),
            **{part: getattr(priors, part).tolist() for part in ("mean", "sd", "individual_sd")},
        },
    )
    assert [row.name for row in told] == [*priors.names, "noise"]
    for row in told:
        for believed in (row.before, row.after):
            assert believed.most[0] <= believed.half[0] <= believed.half[1] <= believed.most[1]


@pytest.mark.parametrize(
    "broken",
    [
        {"probabilities": [0.05, *PROBABILITIES[1:]]},
        {"effects": {}},
        {"noise": [1.0]},
        {"spreads": None},
        {"effects": dict.fromkeys(PRIORS["names"], "much")},
    ],
    ids=["other quantiles", "no effects", "too few numbers", "no spreads", "words"],
)
def test_another_version_s_numbers_are_refused(broken):
    with pytest.raises(UnreadableLearnt):
        learnt_from_json(stored=summary(**broken), priors=PRIORS)
