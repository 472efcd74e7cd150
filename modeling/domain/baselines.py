"""What any model must beat: forecasts of a line or two, each from a climber's earlier days alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.compiled import compiled
from modeling.domain.predictive import Predictive, normal_predictive
from modeling.domain.statistics import GroupedData, Ints

Floats = NDArray[np.float64]

EWMA_ALPHA = 0.2
RIDGE_PENALTY = 10.0
LEAST_SD = 1e-3


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows train (n,) and which are predicted (n,); both ordered as the data."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


def baselines(*, data: GroupedData, split: Split) -> dict[str, Predictive]:
    """Every baseline's predictive distribution for the test rows: its mean and the residuals' SD in training.

    Parameters
    ----------
    data
        Sessions ordered by climber and day; design with a first column of ones.
    split
        Training and test rows. Means run on through the test part (each day knows the days before it); what is
        fitted (global mean, ridge weights, residual SD) comes from the training part.
    """
    forecasts: dict[str, Callable[[GroupedData, Split], Floats]] = {
        "global_mean": _global_mean,
        "person_mean": _person_mean,
        "last_value": _last_value,
        "ewma": _ewma_of_outcome,
        "ridge": _ridge,
        "ridge_own_ewma": _ridge_own_ewma,
    }
    found = {}
    for name, forecast in forecasts.items():
        mean = forecast(data, split)
        residual = (data.outcome - mean)[split.train]
        sd = max(float(np.sqrt((residual**2).mean())), LEAST_SD)
        found[name] = normal_predictive(mean=mean[split.test], sd=np.full(int(split.test.sum()), sd))
    return found


@compiled
def earlier_average(values: Floats, start: Ints, alpha: float, first: Floats) -> Floats:
    """(n, c) average of each climber's earlier rows: exponential with ``alpha``, or the plain mean for alpha 0.

    ``first`` (c,) stands where a climber has no earlier row.
    """
    found = np.empty_like(values)
    for u in range(start.size - 1):
        for t in range(start[u], start[u + 1]):
            for j in range(values.shape[1]):
                if t == start[u]:
                    found[t, j] = first[j]
                elif t == start[u] + 1:
                    found[t, j] = values[t - 1, j]
                else:
                    weight = alpha if alpha > 0.0 else 1.0 / (t - start[u])
                    found[t, j] = found[t - 1, j] + weight * (values[t - 1, j] - found[t - 1, j])
    return found


def _global_mean(data: GroupedData, split: Split) -> Floats:
    return np.full(data.outcome.size, data.outcome[split.train].mean())


def _person_mean(data: GroupedData, split: Split) -> Floats:
    return _averaged(data, split, 0.0)


def _last_value(data: GroupedData, split: Split) -> Floats:
    return _averaged(data, split, 1.0)


def _ewma_of_outcome(data: GroupedData, split: Split) -> Floats:
    return _averaged(data, split, EWMA_ALPHA)


def _averaged(data: GroupedData, split: Split, alpha: float) -> Floats:
    first = np.array([data.outcome[split.train].mean()])
    return earlier_average(data.outcome[:, None], data.start, alpha, first)[:, 0]


def _ridge(data: GroupedData, split: Split) -> Floats:
    """Ridge on the raw conditions, everyone alike."""
    columns = data.design[:, 1:]
    return _ridge_fitted(columns, data.outcome, split.train)


def _ridge_own_ewma(data: GroupedData, split: Split) -> Floats:
    """Own moving average, plus ridge on how far today's conditions are from their own moving averages."""
    columns = data.design[:, 1:]
    usual = earlier_average(columns, data.start, EWMA_ALPHA, columns[split.train].mean(axis=0))
    level = _averaged(data, split, EWMA_ALPHA)
    return level + _ridge_fitted(columns - usual, data.outcome - level, split.train)


def _ridge_fitted(columns: Floats, target: Floats, train: NDArray[np.bool_]) -> Floats:
    """Standardised ridge fitted on the training rows, predicted everywhere."""
    centre, scale = columns[train].mean(axis=0), columns[train].std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    z = (columns - centre) / scale
    offset = target[train].mean()
    gram = z[train].T @ z[train] + RIDGE_PENALTY * np.eye(z.shape[1])
    return np.asarray(offset + z @ np.linalg.solve(gram, z[train].T @ (target[train] - offset)))
