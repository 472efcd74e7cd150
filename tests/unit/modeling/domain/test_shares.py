"""How sure a share is: sessions of one climber go together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modeling.domain.scorecard import read_scorecard
from modeling.domain.shares import independent_cases, share_interval
from tests.factories.scorecards import made_scorecard, made_scores


@pytest.mark.parametrize("concentration", [2.0, 10.0, 1e6], ids=["very unlike", "unlike", "alike"])
def test_the_error_is_that_of_repeated_studies(concentration: float) -> None:
    """Climbers whose own shares are Beta(q k, (1 - q) k), with unlike numbers of sessions."""
    rng = np.random.default_rng(2)
    sessions = np.repeat([10, 40, 160], 20)
    owner = np.repeat(np.arange(sessions.size), sessions)
    shares, said = [], []
    for _ in range(400):
        own = rng.beta(0.8 * concentration, 0.2 * concentration, sessions.size)
        inside = rng.random(owner.size) < own[owner]
        shares.append(inside.mean())
        said.append(inside.mean() * (1 - inside.mean()) / independent_cases(inside=inside, owner=owner))
    # 400 studies know their own variance to 7 %; few climbers carry it, which takes some more.
    assert np.mean(said) == pytest.approx(np.var(shares), rel=0.25)


def test_nobody_is_more_certain_than_independent_sessions() -> None:
    rng = np.random.default_rng(3)
    owner = np.repeat(np.arange(10), 50)
    assert independent_cases(inside=np.ones(500, dtype=bool), owner=owner) == 500
    assert independent_cases(inside=rng.random(500) < 0.5, owner=owner) <= 500


def test_of_one_climber_nothing_is_known() -> None:
    inside = np.array([True, False, True])
    assert independent_cases(inside=inside, owner=np.array([4, 4, 4])) == 1.0
    low, high = share_interval(share=2 / 3, n=1.0)
    assert high - low > 0.7


def test_ours_is_compared_with_rivals_that_are_rounded_too() -> None:
    card = made_scorecard()
    assert not card.behind
    closer = replace(card, rounded={"ewma": made_scores(0.5), "ridge": made_scores(0.9)})
    assert closer.strongest_rival == "ewma"
    assert {name for _, name in closer.behind} == {"ewma"}
    assert read_scorecard(closer.as_dict()) == closer
