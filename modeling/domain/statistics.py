"""Sufficient statistics per climber: after one pass over the sessions nothing else of them is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.compiled import compiled
from modeling.domain.drift import Drift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class InvalidGroupedData(ValueError):
    """Outcome, design, groups and days do not describe the same sessions."""


@dataclass(frozen=True, slots=True)
class GroupedData:
    """Sessions of many climbers, ordered by climber and day.

    Attributes
    ----------
    outcome
        (n,) session quality.
    design
        (n, p) design rows, first column 1.
    start
        (g + 1,) climber u owns the rows start[u] to start[u + 1].
    day
        (n,) days from any origin, not decreasing within a climber.
    labels
        (g,) the climbers, in the order of ``start``.
    order
        (n,) where each row stood in the input.
    """

    outcome: Floats
    design: Floats
    start: Ints
    day: Floats
    labels: NDArray[np.generic]
    order: Ints

    @property
    def n_groups(self) -> int:
        return self.labels.size

    def rows(self, *, group: int) -> slice:
        """The rows of one climber."""
        return slice(int(self.start[group]), int(self.start[group + 1]))


def group_data(
    *, outcome: Floats, design: Floats, group: NDArray[np.generic], day: Floats | None = None
) -> GroupedData:
    """Order sessions by climber and day and refuse what no model can use.

    Without days each climber's rows are a day apart, counted within the climber in the order of the input: however
    climbers' rows are mixed, nobody's level drifts over another's sessions.

    Raises
    ------
    InvalidGroupedData
        Lengths that differ, or a value that is not finite (missing values are imputed before).

    Examples
    --------
    >>> g = group_data(outcome=np.array([5.0, 6, 7]), design=np.ones((3, 1)), group=np.array(["b", "a", "b"]),
    ...                day=np.array([2.0, 1, 1]))
    >>> g.labels.tolist(), g.start.tolist(), g.outcome.tolist()
    (['a', 'b'], [0, 1, 3], [6.0, 7.0, 5.0])
    """
    outcome = np.ascontiguousarray(outcome, dtype=np.float64)
    design = np.ascontiguousarray(design, dtype=np.float64)
    group = np.asarray(group)
    n = outcome.size
    day = np.zeros(n) if (counted := day is None) else np.asarray(day, dtype=np.float64)
    if outcome.ndim != 1 or design.ndim != 2 or not (design.shape[0] == group.shape[0] == day.shape[0] == n):
        raise InvalidGroupedData(
            f"outcome {outcome.shape}, design {design.shape}, group {group.shape} and day {day.shape} differ"
        )
    if not (np.isfinite(outcome).all() and np.isfinite(design).all() and np.isfinite(day).all()):
        raise InvalidGroupedData("outcome, design and day must be finite: impute missing values first")
    labels, codes = np.unique(group, return_inverse=True)
    order = np.lexsort((day, codes)).astype(np.int64)
    start = np.zeros(labels.size + 1, dtype=np.int64)
    counts = np.bincount(codes, minlength=labels.size)
    np.cumsum(counts, out=start[1:])
    days = np.arange(n, dtype=np.float64) - np.repeat(start[:-1], counts) if counted else day[order]
    return GroupedData(outcome[order], design[order], start, days, labels, order)


@dataclass(frozen=True, slots=True)
class SufficientStatistics:
    """What the likelihood needs of each climber, after the level's filter and the climber's own noise scale.

    Attributes
    ----------
    gram, moment, square
        (g, p, p) X'X, (g, p) X'y and (g,) y'y of the whitened columns.
    n_sessions
        (g,) numbers of sessions.
    log_variance
        (g,) log determinant of the rows' covariance over sigma².
    last_level
        (g, 1 + p) filtered level of outcome and design columns after the last session.
    level_variance
        (g,) variance over sigma² of the level after the last session, given the coefficients.
    """

    gram: Floats
    moment: Floats
    square: Floats
    n_sessions: Ints
    log_variance: Floats
    last_level: Floats
    level_variance: Floats


def sufficient_statistics(
    *, data: GroupedData, drift: Drift | Sequence[Drift] | None = None, noise_scale: Floats | None = None
) -> SufficientStatistics:
    """Whiten every climber's sessions and sum their outer products, in one pass over the rows.

        gram_u = X~'X~,  moment_u = X~'y~,  square_u = y~'y~     with y~, X~ whitened and divided by s_u

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    drift
        The level's rate and half-life, one for all or one for each climber; None for a level that stays.
    noise_scale
        (g,) each climber's own noise over sigma (s_u); None for the same noise everywhere.

    Examples
    --------
    >>> d = group_data(outcome=np.array([1.0, 2]), design=np.ones((2, 1)), group=np.array([0, 0]))
    >>> s = sufficient_statistics(data=d)
    >>> s.gram.ravel().tolist(), s.moment.ravel().tolist(), s.square.tolist()
    ([2.0], [3.0], [5.0])
    """
    scale = np.ones(data.n_groups) if noise_scale is None else np.asarray(noise_scale, dtype=np.float64)
    each = [drift or Drift(0.0)] * data.n_groups if drift is None or isinstance(drift, Drift) else drift
    if not (scale.size == len(each) == data.n_groups):
        raise InvalidGroupedData(f"{data.n_groups} climbers, {len(each)} drifts, {scale.size} noise scales")
    gram, moment, square, log_variance, level, level_variance = _accumulate(
        data.outcome,
        data.design,
        data.start,
        data.day,
        scale,
        np.array([d.rate_per_day for d in each]),
        np.array([d.half_life_days for d in each]),
        np.array([d.stationary_variance for d in each]),
    )
    counts = np.diff(data.start)
    return SufficientStatistics(gram, moment, square, counts, log_variance, level, level_variance)


@compiled
def _accumulate(
    outcome: Floats,
    design: Floats,
    start: Ints,
    day: Floats,
    scale: Floats,
    rates: Floats,
    half_lives: Floats,
    stationaries: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Scalar Kalman filter and outer products, climber by climber."""
    g, p = scale.size, design.shape[1]
    gram, moment, square = np.zeros((g, p, p)), np.zeros((g, p)), np.zeros(g)
    log_variance, level, level_variance = np.zeros(g), np.zeros((g, p + 1)), np.zeros(g)
    white = np.empty(p + 1)
    for u in range(g):
        filtered, variance = level[u], stationaries[u]
        walk = np.isinf(half_lives[u])
        own = 1.0 / scale[u]
        for t in range(start[u], start[u + 1]):
            if t > start[u]:
                days = day[t] - day[t - 1]
                phi = 1.0 if walk else 2.0 ** (-days / half_lives[u])
                added = rates[u] * days if walk else stationaries[u] * (1.0 - phi * phi)
                variance = phi * phi * variance + added
                for j in range(p + 1):
                    filtered[j] *= phi
            innovation = variance + 1.0
            gain = variance / innovation
            weight = own / np.sqrt(innovation)
            for j in range(p + 1):
                difference = (outcome[t] if j == 0 else design[t, j - 1]) - filtered[j]
                filtered[j] += gain * difference
                white[j] = weight * difference
            variance = gain
            log_variance[u] += np.log(innovation) - 2.0 * np.log(own)
            square[u] += white[0] * white[0]
            for i in range(p):
                moment[u, i] += white[i + 1] * white[0]
                for j in range(i + 1):
                    gram[u, i, j] += white[i + 1] * white[j + 1]
        level_variance[u] = variance
        for i in range(p):
            for j in range(i):
                gram[u, j, i] = gram[u, i, j]
    return gram, moment, square, log_variance, level, level_variance
