from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modeling.domain.diagnostics import Diagnostics
from modeling.domain.gate import MOST_HELD_OUT_CLIMBERS, HeldOut, climbers_asked, compared, judge
from modeling.domain.predictive import normal_predictive

CONVERGED = Diagnostics(max_rhat=1.004, min_bulk_ess=1200, min_tail_ess=800, divergences=0, n_draws=4000)
AHEAD = HeldOut(model_crps=0.5, person_mean_crps=0.7, n_sessions=200)


def test_a_good_run_is_published() -> None:
    verdict = judge(diagnostics=CONVERGED, inside=0.97, held_out=AHEAD)
    assert verdict.publish
    assert verdict.status == "published"


@pytest.mark.parametrize(
    ("change", "inside", "held_out", "words"),
    [
        pytest.param({"max_rhat": 1.011}, 0.97, AHEAD, "R-hat", id="rhat"),
        pytest.param({"max_rhat": float("nan")}, 0.97, AHEAD, "R-hat", id="rhat-nan"),
        pytest.param({"min_bulk_ess": 399}, 0.97, AHEAD, "effective", id="bulk"),
        pytest.param({"min_tail_ess": 200}, 0.97, AHEAD, "effective", id="tail"),
        pytest.param({"divergences": 1}, 0.97, AHEAD, "divergent", id="divergence"),
        pytest.param(
            {}, 0.5, AHEAD, "only 50% of the prior predictive rounds to 1–10 (0.5–10.5)", id="prior"
        ),
        pytest.param({}, 0.97, replace(AHEAD, model_crps=0.7), "person mean", id="no-better"),
        pytest.param({}, 0.97, replace(AHEAD, model_crps=float("nan")), "person mean", id="crps-nan"),
        pytest.param({}, 0.97, None, "too few", id="untested"),
    ],
)
def test_a_bad_run_is_held_with_its_reason(change, inside, held_out, words) -> None:
    verdict = judge(diagnostics=replace(CONVERGED, **change), inside=inside, held_out=held_out)
    assert verdict.status == "held"
    assert len(verdict.reasons) == 1
    assert words in verdict.reasons[0]


def test_a_model_that_is_the_person_mean_is_held_on_ratings() -> None:
    """The same normals, of which the model's alone are said to know that ratings are whole numbers."""
    rng = np.random.default_rng(4)
    mean = rng.uniform(4.0, 8.0, 200)
    rating = np.clip((mean + rng.normal(size=200)).round(), 1, 10)
    person_mean = normal_predictive(mean=mean, sd=np.ones(200))
    got = compared(
        model=person_mean.in_steps(rating_step=1.0),
        person_mean=person_mean,
        outcome=rating,
        owner=np.repeat(np.arange(20), 10),
    )
    assert got.model_crps == got.person_mean_crps
    assert not judge(diagnostics=CONVERGED, inside=0.97, held_out=got).publish


def test_climbers_asked_are_spread_over_all() -> None:
    asked = climbers_asked(counts=np.tile([3, 20], 1000))
    assert asked.size == MOST_HELD_OUT_CLIMBERS == np.unique(asked).size
    assert (asked % 2 == 1).all()
    assert (asked[0], asked[-1]) == (1, 1999)


def test_every_reason_is_given() -> None:
    bad = Diagnostics(max_rhat=1.5, min_bulk_ess=5, min_tail_ess=4, divergences=9, n_draws=100)
    assert len(judge(diagnostics=bad, inside=0.1, held_out=None).reasons) == 5
