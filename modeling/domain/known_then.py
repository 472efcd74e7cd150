"""Sessions as they were known on their day: what an evaluation may see, where training fills gaps from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.variables import MODEL_VARIABLES
from modeling.domain.design_matrix import REFERENCE_DOSE, centred_doses
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData
from modeling.domain.training_data import training_data
from modeling.domain.treated_columns import TreatedColumns

Floats = NDArray[np.float64]


def data_as_known_then(
    *,
    sessions: TreatedColumns,
    priors: Mapping[str, PopulationPrior],
    elicited: Mapping[str, float] | None = None,
) -> tuple[GroupedData, HierarchicalPriors]:
    """Design and priors as in training, but each gap filled from the climber's *earlier* sessions alone.

    So no row knows its future. Variables that nobody ever said have no column.

    Parameters
    ----------
    sessions
        n sessions of g climbers, grouped by climber and in order of time.
    priors
        Variable → prior; model variables it lacks take the literature's.
    elicited
        Column of a kind → prior mean, as in training.

    Examples
    --------
    >>> raw = np.full((3, len(MODEL_VARIABLES)), np.nan)
    >>> raw[:, MODEL_VARIABLES.index("sleep_hours")] = [6.5, np.nan, 8.5]
    >>> data, used = data_as_known_then(priors={}, sessions=TreatedColumns(
    ...     climbers=("ann",), start=np.array([0, 3]), day=np.arange(3.0), quality=np.array([5.0, 6.0, 6.0]),
    ...     values=raw, kinds={"session_type": [None] * 3, "session_intensity": [None] * 3}))
    >>> used.names, data.design[:, 1].tolist()
    (('intercept', 'sleep_hours'), [-1.0, -1.0, 1.0])
    """
    doses = centred_doses(values=sessions.values)
    filled = _filled_from_earlier(doses, sessions.start)
    # An hour slept or a milligram drunk is its own dose up to the cap, and no mean of doses lies above that.
    known = replace(sessions, values=filled + REFERENCE_DOSE)
    made = training_data(sessions=known, priors=priors, elicited=elicited)
    never = np.isnan(doses).all(axis=0)
    keep = np.ones(len(made.priors.names), dtype=np.bool_)
    keep[1 : 1 + len(MODEL_VARIABLES)] = ~never
    used = HierarchicalPriors(
        names=tuple(n for n, stays in zip(made.priors.names, keep, strict=True) if stays),
        mean=made.priors.mean[keep],
        sd=made.priors.sd[keep],
        individual_sd=made.priors.individual_sd[keep],
        noise_sd=made.priors.noise_sd,
        noise_floor=made.priors.noise_floor,
    )
    return replace(made.grouped, design=np.ascontiguousarray(made.grouped.design[:, keep])), used


def _filled_from_earlier(doses: Floats, start: NDArray[np.int64]) -> Floats:
    """Replace NaN by the climber's mean over earlier rows, or 0 (the reference) before there are any."""
    filled = np.empty_like(doses)
    for first, end in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        block = doses[first:end]
        known = ~np.isnan(block)
        total = np.cumsum(np.where(known, block, 0.0), axis=0)
        count = np.cumsum(known, axis=0)
        filled[first:end] = np.where(known, block, total / np.maximum(count, 1))
    return filled
