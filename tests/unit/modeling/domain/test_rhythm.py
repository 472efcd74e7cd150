from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift
from modeling.domain.rhythm import (
    MEMORY,
    MOST_RHYTHMS,
    InvalidRhythms,
    Rhythm,
    RhythmPrior,
    learn_weights,
    remembered,
    rhythm_grid,
    weights_now,
)

CALM, WILD = Rhythm(Drift(0.01), 0.5), Rhythm(Drift(0.3), 1.5)


def test_weights_follow_the_share_of_climbers() -> None:
    likelihood = np.zeros((200, 2))
    likelihood[:150, 0] = likelihood[150:, 1] = 60.0
    got = learn_weights(rhythms=(CALM, WILD), log_likelihood=likelihood)
    assert got.weight == pytest.approx([0.75, 0.25], abs=0.01)


def test_rare_rhythms_are_dropped_and_one_always_stays() -> None:
    likelihood = np.zeros((300, 2))
    likelihood[:, 0] = 100.0
    assert learn_weights(rhythms=(CALM, WILD), log_likelihood=likelihood).rhythms == (CALM,)
    grid = rhythm_grid()
    flat = learn_weights(rhythms=grid.rhythms, log_likelihood=np.zeros((5, len(grid.rhythms))))
    assert flat.weight.sum() == pytest.approx(1.0)


def test_no_more_than_eight_are_kept_the_commonest() -> None:
    """Of a few climbers, of whom nothing tells one rhythm from another, all thirty are as likely."""
    rhythms = rhythm_grid().rhythms
    flat = learn_weights(rhythms=rhythms, log_likelihood=np.zeros((3, len(rhythms))))
    assert len(flat.rhythms) == MOST_RHYTHMS
    likelihood = np.zeros((3, len(rhythms)))
    likelihood[:, ::3] = np.linspace(0.3, 1.0, 10)  # ten are likelier, and more so from one to the next
    got = learn_weights(rhythms=rhythms, log_likelihood=likelihood)
    assert got.rhythms == rhythms[::3][-MOST_RHYTHMS:]
    assert (np.diff(got.weight) > 0.0).all()
    assert got.weight.sum() == pytest.approx(1.0)


def test_weights_forget() -> None:
    prior = RhythmPrior((CALM, WILD), np.array([0.5, 0.5]))
    scores = np.zeros((60, 2))
    scores[0, 1] = 3.0  # one striking session, long ago
    got = remembered(prior=prior, log_likelihood=scores)
    assert got.shape == (61, 2)
    assert got[0].tolist() == [0.5, 0.5]
    assert got[1, 1] == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert got[60, 1] == pytest.approx(1 / (1 + np.exp(-3.0 * MEMORY**59)))


def test_the_weights_now_are_the_last_remembered() -> None:
    rng = np.random.default_rng(0)
    prior = RhythmPrior((CALM, WILD), np.array([0.2, 0.8]))
    scores = rng.normal(size=(40, 2))
    for n in (0, 1, 40):
        np.testing.assert_allclose(
            weights_now(prior=prior, log_likelihood=scores[:n]),
            remembered(prior=prior, log_likelihood=scores[:n])[-1],
        )


@pytest.mark.parametrize("weight", [[0.5, 0.6], [1.0, 0.0], [1.0]])
def test_weights_must_be_probabilities(weight: list[float]) -> None:
    with pytest.raises(InvalidRhythms):
        RhythmPrior((CALM, WILD), np.array(weight))
