"""Data that would mislead a run: what is ignored, and what a person should know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData

Floats = NDArray[np.float64]

# A value whose prior effect would move an outcome by ten thousand times the outcomes' range is a typing error.
ABSURD_RANGES = 1e4


def without_absurdities(
    *, data: GroupedData, priors: HierarchicalPriors
) -> tuple[GroupedData, tuple[str, ...]]:
    """Replace absurd design values by their column's median, and say so.

    Examples
    --------
    >>> from modeling.domain.statistics import group_data
    >>> d = group_data(outcome=np.array([5.0, 6, 7]), design=np.array([[1.0, 2], [1, 3], [1, 1e12]]),
    ...                group=np.array([0, 0, 1]))
    >>> p = HierarchicalPriors(("intercept", "sleep"), np.array([5.0, 0]), np.ones(2), np.ones(2))
    >>> got, notes = without_absurdities(data=d, priors=p)
    >>> got.design[2].tolist(), notes
    ([1.0, 3.0], ('1 absurd values of sleep ignored',))
    """
    limit = ABSURD_RANGES * max(float(np.ptp(data.outcome)), 1.0) / (np.abs(priors.mean) + priors.sd)
    absurd = np.abs(data.design) > limit
    if not absurd.any():
        return data, ()
    design = np.where(absurd, np.median(data.design, axis=0), data.design)
    # Where even the median is absurd the whole column is: it says nothing.
    design = np.where(np.abs(design) > limit, 0.0, design)
    counts = absurd.sum(axis=0)
    notes = tuple(
        f"{n} absurd values of {priors.names[k]} ignored" for k, n in enumerate(counts.tolist()) if n
    )
    return replace(data, design=design), notes


def oddities(*, data: GroupedData, names: tuple[str, ...]) -> tuple[str, ...]:
    """What a person should know about the data before they trust the run."""
    notes = []
    constant = np.ptp(data.design, axis=0) == 0.0
    if constant[1:].any():
        columns = ", ".join(n for n, c in zip(names[1:], constant[1:], strict=True) if c)
        notes.append(f"never varied, so the prior stands: {columns}")
    if np.ptp(data.outcome) == 0.0:
        notes.append(f"every outcome is {data.outcome[0]:g}: nothing can be learnt from them")
    alone = int((np.diff(data.start) == 1).sum())
    if alone:
        notes.append(f"{alone} climbers with a single session")
    return tuple(notes)
