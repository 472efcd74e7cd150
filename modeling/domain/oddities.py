"""Data that would mislead a run: what is ignored, and what a person should know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData

Floats = NDArray[np.float64]

# A value whose prior effect would move an outcome by ten thousand times the outcomes' range is a typing error, if it
# is also ten thousand times as far out as its column's other values. (Under a near-flat prior any value would move
# an outcome that far.)
ABSURD_RANGES = 1e4
ABSURD_SPREADS = 1e4
FEWEST_DEVIATING = 3  # rows; fewer do not tell what is usual in a column that is otherwise always the same


def without_absurdities(
    *, data: GroupedData, priors: HierarchicalPriors
) -> tuple[GroupedData, tuple[str, ...]]:
    """Replace absurd design values by their column's median, and say so; the intercept's column is never touched.

    Examples
    --------
    >>> from modeling.domain.statistics import group_data
    >>> design = np.column_stack([np.ones(5), [2, 3, 2, 4, 1e12]])
    >>> d = group_data(outcome=np.array([5.0, 6, 7, 6, 5]), design=design, group=np.array([0, 0, 1, 1, 1]))
    >>> p = HierarchicalPriors(("intercept", "sleep"), np.array([5.0, 0]), np.ones(2), np.ones(2))
    >>> got, notes = without_absurdities(data=d, priors=p)
    >>> got.design[4].tolist(), notes
    ([1.0, 3.0], ('1 absurd values of sleep ignored',))
    """
    limit = ABSURD_RANGES * max(float(np.ptp(data.outcome)), 1.0) / (np.abs(priors.mean) + priors.sd)
    suspect = np.abs(data.design) > limit
    suspect[:, 0] = False
    design, notes = data.design.copy(), []
    for k in np.flatnonzero(suspect.any(axis=0)).tolist():
        absurd = suspect[:, k] & far_outside(values=data.design[:, k])
        if absurd.any():
            design[absurd, k] = np.median(data.design[:, k])
            notes.append(f"{int(absurd.sum())} absurd values of {priors.names[k]} ignored")
    return (replace(data, design=design), tuple(notes)) if notes else (data, ())


def far_outside(*, values: Floats) -> NDArray[np.bool_]:
    """(n,) whether a value is ten thousand times as far from the median as is usual among those that differ from it.

    Usual is the lower median of the distances, zeros left out: of a mark that few rows carry every 1 is ordinary.
    Where only one or two rows differ at all, it is the median itself, or 1.

    >>> far_outside(values=np.array([2.0, 3, 2, 4, 1e12])).tolist()
    [False, False, False, False, True]
    >>> far_outside(values=np.array([0.0, 0, 0, 1e7, 1e7, 1e7])).tolist()
    [False, False, False, False, False, False]
    >>> far_outside(values=np.array([8.0, 8, 1e7])).tolist()
    [False, False, True]
    """
    middle = float(np.median(values))
    distance = np.abs(values - middle)
    others = np.sort(distance[distance > 0.0])
    if others.size == 0:
        return np.zeros(values.shape, dtype=np.bool_)
    usual = others[(others.size - 1) // 2] if others.size >= FEWEST_DEVIATING else max(abs(middle), 1.0)
    return np.asarray(distance > ABSURD_SPREADS * usual)


def oddities(*, data: GroupedData, names: tuple[str, ...]) -> tuple[str, ...]:
    """What a person should know about the data before they trust the run."""
    notes = []
    constant = np.ptp(data.design, axis=0) == 0.0
    if constant[1:].any():
        columns = ", ".join(n for n, c in zip(names[1:], constant[1:], strict=True) if c)
        notes.append(f"never varied, so the prior stands: {columns}")
    if np.ptp(data.outcome) == 0.0:
        notes.append(f"every outcome is {data.outcome[0]:g}: nothing can be learnt from them")
    far = far_outside(values=data.outcome)
    if far.any():
        worst = data.outcome[np.argmax(np.abs(data.outcome - np.median(data.outcome)))]
        notes.append(
            f"{int(far.sum())} absurd outcomes ({worst:g}) are believed as they stand: mend or remove them"
        )
    alone = int((np.diff(data.start) == 1).sum())
    if alone:
        notes.append(f"{alone} climbers with a single session")
    return tuple(notes)
