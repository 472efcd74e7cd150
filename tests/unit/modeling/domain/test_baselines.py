from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.baselines import Split, baselines, earlier_average
from modeling.domain.evaluation import chronological_split
from modeling.domain.statistics import group_data

VALUES = np.array([[4.0], [6.0], [8.0], [2.0], [3.0]])
START = np.array([0, 3, 5])


@pytest.mark.parametrize(
    ("alpha", "want"),
    [
        pytest.param(0.0, [5.0, 4.0, 5.0, 5.0, 2.0], id="running-mean"),
        pytest.param(1.0, [5.0, 4.0, 6.0, 5.0, 2.0], id="last-value"),
        pytest.param(0.2, [5.0, 4.0, 4.4, 5.0, 2.0], id="ewma"),
    ],
)
def test_averages_of_earlier_rows_by_hand(alpha: float, want: list[float]) -> None:
    got = earlier_average(VALUES, START, alpha, np.array([5.0]))
    assert got[:, 0].tolist() == pytest.approx(want)


def made(n: int = 200):
    rng = np.random.default_rng(0)
    x = rng.normal(size=2 * n)
    level = np.repeat([4.0, 8.0], n)
    outcome = level + 0.9 * x + 0.3 * rng.normal(size=2 * n)
    return group_data(
        outcome=outcome, design=np.column_stack([np.ones(2 * n), x]), group=np.repeat([0, 1], n)
    )


def test_every_baseline_uses_what_it_may() -> None:
    data = made()
    split = chronological_split(data=data, share=0.5)
    got = baselines(data=data, split=split)
    outcome = data.outcome[split.test]
    mae = {name: float(np.abs(outcome - p.expected()).mean()) for name, p in got.items()}
    assert mae["global_mean"] > mae["person_mean"] > mae["ridge_own_ewma"]
    assert mae["ridge_own_ewma"] < 0.5
    sds = got["person_mean"].sd
    assert np.ptp(sds) == 0.0


def test_the_future_does_not_leak() -> None:
    data = made()
    split = chronological_split(data=data, share=0.5)
    before = baselines(data=data, split=split)
    changed = data.outcome.copy()
    changed[-1] += 5.0
    other = group_data(outcome=changed, design=data.design, group=np.repeat([0, 1], 200))
    after = baselines(data=other, split=split)
    for name, p in before.items():
        np.testing.assert_array_equal(p.mean, after[name].mean, err_msg=name)


def test_constant_columns_do_not_matter() -> None:
    data = made(20)
    flat = group_data(outcome=data.outcome, design=np.ones((40, 3)), group=np.repeat([0, 1], 20))
    split = Split(train=np.tile(np.arange(20) < 10, 2), test=np.tile(np.arange(20) >= 10, 2))
    for p in baselines(data=flat, split=split).values():
        assert np.isfinite(p.mean).all()
