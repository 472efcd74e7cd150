from __future__ import annotations

import pytest

from modeling.domain.diagnostics import Diagnostics
from modeling.domain.hierarchical import SamplerSettings
from modeling.domain.second_try import second_try

GIVEN = SamplerSettings(draws=500, tune=200, seed=7, target_accept=0.8)


def told(*, rhat=1.002, bulk=900.0, tail=800.0, divergences=0):
    return Diagnostics(
        max_rhat=rhat, min_bulk_ess=bulk, min_tail_ess=tail, divergences=divergences, n_draws=2000
    )


def test_enough_is_not_sampled_again():
    assert second_try(diagnostics=told(), settings=GIVEN) is None
    assert second_try(diagnostics=told(rhat=1.01, tail=400.0), settings=GIVEN) is None


@pytest.mark.parametrize(
    ("diagnostics", "draws", "accept", "words"),
    [
        pytest.param(told(rhat=1.02), 1500, 0.8, "too few", id="chains-disagree"),
        pytest.param(told(bulk=399.0), 1500, 0.8, "3 times as long", id="bulk"),
        pytest.param(told(tail=10.0), 1500, 0.8, "effective sample size 10", id="tail"),
        pytest.param(told(rhat=float("inf")), 1500, 0.8, "R-hat inf", id="no-number"),
        pytest.param(told(divergences=3), 500, 0.95, "3 of 2000 draws diverged", id="divergences"),
        pytest.param(told(divergences=1, rhat=1.5), 1500, 0.95, "as long and with shorter steps", id="both"),
    ],
)
def test_what_is_done_differently(diagnostics, draws, accept, words):
    again, why = second_try(diagnostics=diagnostics, settings=GIVEN)
    assert (again.draws, again.target_accept, again.tune) == (draws, accept, 400)
    assert again.seed != GIVEN.seed
    assert (again.chains, again.low_rank) == (GIVEN.chains, GIVEN.low_rank)
    assert words in why


def test_what_was_asked_to_be_more_careful_stays_so():
    careful = SamplerSettings(target_accept=0.99)
    again, _ = second_try(diagnostics=told(divergences=2), settings=careful)
    assert again.target_accept == 0.99
