from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.drift import Drift, whiten
from modeling.domain.statistics import InvalidGroupedData, group_data, sufficient_statistics


def shuffled():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
    group = rng.permutation(np.repeat(["ada", "ben", "cyd"], 20))
    return rng.normal(size=60), design, group, rng.permutation(60).astype(float)


def test_without_days_each_climbers_sessions_are_counted_for_themselves() -> None:
    """Rows of several climbers, one after the other or in turn: the same sessions, the same statistics."""
    rng = np.random.default_rng(2)
    group, outcome = np.repeat([0, 1, 2], [9, 5, 7]), rng.normal(6.0, 1.0, 21)
    design = np.column_stack([np.ones(21), rng.normal(size=21)])
    place = np.concatenate([np.arange(9), np.arange(5), np.arange(7)])
    in_turn = np.argsort(place, kind="stable")
    one = group_data(outcome=outcome, design=design, group=group)
    other = group_data(outcome=outcome[in_turn], design=design[in_turn], group=group[in_turn])
    assert one.day.tolist() == other.day.tolist() == place.tolist()
    np.testing.assert_array_equal(one.outcome, other.outcome)
    assert in_turn[other.order].tolist() == one.order.tolist()
    kept, mixed = (sufficient_statistics(data=data, drift=Drift(0.1, 5.0)) for data in (one, other))
    np.testing.assert_array_equal(kept.gram, mixed.gram)


def test_rows_are_ordered_by_climber_and_day_and_can_be_traced_back() -> None:
    outcome, design, group, day = shuffled()
    data = group_data(outcome=outcome, design=design, group=group, day=day)
    assert data.labels.tolist() == ["ada", "ben", "cyd"]
    np.testing.assert_array_equal(outcome[data.order], data.outcome)
    for u in range(3):
        rows = data.rows(group=u)
        assert set(group[data.order[rows]]) == {data.labels[u]}
        assert (np.diff(data.day[rows]) > 0).all()


def test_every_climber_has_their_own_drift_and_noise() -> None:
    outcome, design, group, day = shuffled()
    data = group_data(outcome=outcome, design=design, group=group, day=day)
    drifts = [Drift(0.0), Drift(0.2), Drift(0.1, 5.0)]
    scale = np.array([1.0, 0.5, 2.0])
    got = sufficient_statistics(data=data, drift=drifts, noise_scale=scale)
    for u, drift in enumerate(drifts):
        rows = data.rows(group=u)
        white = whiten(
            columns=np.column_stack([data.outcome[rows], data.design[rows]]), day=data.day[rows], drift=drift
        )
        columns = white.columns / scale[u]
        np.testing.assert_allclose(got.gram[u], columns[:, 1:].T @ columns[:, 1:])
        np.testing.assert_allclose(got.moment[u], columns[:, 1:].T @ columns[:, 0])
        assert got.square[u] == pytest.approx(columns[:, 0] @ columns[:, 0])
        assert got.log_variance[u] == pytest.approx(np.log(white.innovation).sum() + 40 * np.log(scale[u]))
        np.testing.assert_allclose(got.last_level[u], white.last_level, atol=1e-12)
        assert got.level_variance[u] == pytest.approx(white.level_variance)
    assert got.n_sessions.tolist() == [20, 20, 20]


@pytest.mark.parametrize("where", ["outcome", "design", "day"])
def test_what_is_not_finite_is_refused(where: str) -> None:
    outcome, design, group, day = shuffled()
    {"outcome": outcome, "design": design, "day": day}[where].flat[7] = np.nan
    with pytest.raises(InvalidGroupedData):
        group_data(outcome=outcome, design=design, group=group, day=day)


def test_lengths_must_agree() -> None:
    outcome, design, group, day = shuffled()
    with pytest.raises(InvalidGroupedData):
        group_data(outcome=outcome[:-1], design=design, group=group, day=day)
    data = group_data(outcome=outcome, design=design, group=group, day=day)
    with pytest.raises(InvalidGroupedData):
        sufficient_statistics(data=data, noise_scale=np.ones(2))
