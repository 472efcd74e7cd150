"""From everybody's sessions, as columns, to what the engine trains on: the rows that serving makes, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.literature import QUALITY_PRIORS
from climbiq.domain.variables import MODEL_VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS, COLUMN, centred_doses
from modeling.domain.population_prior import PopulationPrior, literature_priors
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.session_kind import FAMILIES, MODERATORS, KindLayout, kind_names, kind_priors, with_kinds
from modeling.domain.statistics import GroupedData
from modeling.domain.treated_columns import TreatedColumns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What a run trains on.

    Attributes
    ----------
    grouped
        The sessions; its labels are the climbers' keys, its columns those of `priors`.
    priors
        Priors in the design's column order: model variables first, then the kinds of sessions that occur.
    never_said
        (g, k) whether the climber never said this model variable, so that the reference stands for it.
    """

    grouped: GroupedData
    priors: HierarchicalPriors
    never_said: NDArray[np.bool_]


def training_data(
    *,
    sessions: TreatedColumns,
    priors: Mapping[str, PopulationPrior],
    elicited: Mapping[str, float] | None = None,
) -> TrainingData:
    """Build design and priors: row for row what `design_matrix` makes of each climber's sessions.

        x_0 = 1,   x_k = f_k(value) - f_k(reference),   gaps: the climber's own mean dose, else 0 (the reference)

    Parameters
    ----------
    sessions
        n sessions of g climbers.
    priors
        Variable → prior; model variables it lacks take the literature's.
    elicited
        Column of a kind → prior mean that coaches' judgments gave; 0 elsewhere.

    Raises
    ------
    InvalidPriors
        A prior with no width.

    Examples
    --------
    >>> raw = np.full((2, len(MODEL_VARIABLES)), np.nan)
    >>> raw[0, MODEL_VARIABLES.index("sleep_hours")] = 6.0
    >>> data = training_data(priors={}, sessions=TreatedColumns(
    ...     climbers=("ann",), start=np.array([0, 2]), day=np.array([0.0, 1.0]), quality=np.array([5.0, 6.0]),
    ...     values=raw, kinds={"session_type": ["power", None], "session_intensity": [None, None]}))
    >>> data.grouped.design[:, data.priors.names.index("sleep_hours")].tolist()
    [-1.5, -1.5]
    >>> data.priors.names[-3:]
    ('type:power', 'type:power×stress_level', 'type:power×sleep_hours')
    """
    doses = centred_doses(values=sessions.values)
    owner = np.repeat(np.arange(len(sessions.climbers)), np.diff(sessions.start))
    usual, n_known = _usual_doses(doses, sessions.start)
    names = kind_names(
        conditions=[{variable: kind} for variable in FAMILIES for kind in set(sessions.kinds[variable])]
    )
    columns = (*COEFFICIENTS, *names)
    width = len(COEFFICIENTS)
    design = np.zeros((doses.shape[0], len(columns)))
    design[:, 0] = 1.0
    np.copyto(design[:, 1:width], doses)
    missing = np.isnan(doses)
    design[:, 1:width][missing] = usual[owner][missing]
    if names:
        moderators = {name: design[:, COLUMN[name]] for name in MODERATORS}
        KindLayout.of(columns, first=width).fill(design, said=sessions.kinds, doses=moderators)
    grouped = GroupedData(
        outcome=sessions.quality,
        design=design,
        start=sessions.start,
        day=sessions.day,
        labels=np.array(sessions.climbers, dtype=np.str_),
        order=np.arange(sessions.quality.size, dtype=np.int64),
    )
    return TrainingData(
        grouped=grouped,
        priors=with_kinds(
            priors=hierarchical_priors(priors=priors), kinds=kind_priors(names=names, elicited=elicited)
        ),
        never_said=n_known == 0,
    )


def hierarchical_priors(*, priors: Mapping[str, PopulationPrior]) -> HierarchicalPriors:
    """The table of priors as the engine's, for the intercept and every model variable.

    >>> got = hierarchical_priors(priors={"caffeine_mg": PopulationPrior(mean=0.01, sd=0.002, individual_sd=0.003)})
    >>> k = got.names.index("caffeine_mg")
    >>> got.names[0], float(got.mean[0]), float(got.mean[k]), float(got.individual_sd[k])
    ('intercept', 5.0, 0.01, 0.003)
    """
    rows = [priors.get(name) or literature_priors()[name] for name in MODEL_VARIABLES]
    return HierarchicalPriors(
        names=COEFFICIENTS,
        mean=np.array([QUALITY_PRIORS.intercept_mean, *(row.mean for row in rows)]),
        sd=np.array([QUALITY_PRIORS.intercept_sd, *(row.sd for row in rows)]),
        individual_sd=np.array(
            [QUALITY_PRIORS.intercept_individual_sd, *(row.individual_sd for row in rows)]
        ),
        noise_sd=QUALITY_PRIORS.noise_sd,
        noise_floor=QUALITY_PRIORS.noise_floor,
    )


def _usual_doses(doses: Floats, start: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """(g, k) each climber's mean known dose, 0 where they never said it, and how often they did."""
    if doses.shape[0] == 0:
        return np.zeros((0, doses.shape[1])), np.zeros((0, doses.shape[1]), dtype=np.int64)
    known = ~np.isnan(doses)
    n_known = np.add.reduceat(known, start[:-1], axis=0, dtype=np.int64)
    total = np.add.reduceat(np.where(known, doses, 0.0), start[:-1], axis=0)
    return total / np.maximum(n_known, 1), n_known
