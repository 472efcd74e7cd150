"""A diary, one row a climber and day, as the model and its rivals see it: no database needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from climbiq.domain.literature import (
    INTERCEPT_INDIVIDUAL_SD,
    INTERCEPT_PRIOR_MEAN,
    INTERCEPT_PRIOR_SD,
    OBSERVATION_NOISE_SD,
)
from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.population_prior import literature_priors
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.statistics import GroupedData, group_data

Floats = NDArray[np.float64]

CLIMBER, DATE, QUALITY = "climber", "session_date", "session_quality"


class InvalidDiary(ValueError):
    """The file is no diary: a column is missing, a date or a number cannot be read, or nothing is left."""


@dataclass(frozen=True, slots=True)
class Diary:
    """Sessions ordered by climber and day.

    Attributes
    ----------
    data
        The sessions; design columns are 1 and the centred doses, gaps filled from the climber's earlier sessions.
    names
        Column names, ``"intercept"`` first, then the model variables that the file has.
    notes
        What was left out or replaced, and why.
    """

    data: GroupedData
    names: tuple[str, ...]
    notes: tuple[str, ...]


def read_diary(*, frame: pd.DataFrame) -> Diary:
    """Turn a diary frame into grouped sessions.

    Blank means not recorded. Rows without climber, date or quality are left out; a value outside the registry's
    range is treated as not recorded; both are counted in the notes. What is missing is filled with the mean of the
    climber's *earlier* doses, or the reference before there are any, so that no row knows its future.

    Parameters
    ----------
    frame
        Columns climber, session_date, session_quality and any of the model variables.

    Raises
    ------
    InvalidDiary
        Named columns missing, unreadable dates or numbers, or no complete row.
    """
    missing = [c for c in (CLIMBER, DATE, QUALITY) if c not in frame.columns]
    if missing:
        raise InvalidDiary(f"the diary has no column {', '.join(missing)}")
    notes: list[str] = []
    quality = _numbers(frame, QUALITY)
    dates = _dates(frame)
    inside = (quality >= LOWEST_QUALITY) & (quality <= HIGHEST_QUALITY)
    complete = inside & ~np.isnan(dates) & frame[CLIMBER].notna().to_numpy()
    if not complete.any():
        raise InvalidDiary("no row has a climber, a date and a quality between 1 and 10")
    if not complete.all():
        notes.append(
            f"{int((~complete).sum())} rows without climber, date or a quality from 1 to 10 left out"
        )
    present = tuple(name for name in MODEL_VARIABLES if name in frame.columns)
    doses = np.column_stack(
        [np.ones(int(complete.sum())), *(_doses(frame, n, complete, notes) for n in present)]
    )
    data = group_data(
        outcome=quality[complete],
        design=np.nan_to_num(doses),
        group=frame[CLIMBER].astype(str).to_numpy()[complete],
        day=dates[complete],
    )
    filled = _filled_from_earlier(doses[data.order], data)
    return Diary(
        GroupedData(data.outcome, filled, data.start, data.day, data.labels, data.order),
        ("intercept", *present),
        tuple(notes),
    )


def literature_hierarchical_priors(*, names: tuple[str, ...]) -> HierarchicalPriors:
    """The literature's priors for the named columns.

    >>> literature_hierarchical_priors(names=("intercept", "sleep_hours")).mean.tolist()
    [5.0, 0.15]
    """
    rows = [literature_priors()[name] for name in names[1:]]
    return HierarchicalPriors(
        names=names,
        mean=np.array([INTERCEPT_PRIOR_MEAN, *(r.mean for r in rows)]),
        sd=np.array([INTERCEPT_PRIOR_SD, *(r.sd for r in rows)]),
        individual_sd=np.array([INTERCEPT_INDIVIDUAL_SD, *(r.individual_sd for r in rows)]),
        noise_sd=OBSERVATION_NOISE_SD,
    )


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    try:
        return pd.to_numeric(frame[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InvalidDiary(f"column {column} holds something that is no number: {error}") from None


def _dates(frame: pd.DataFrame) -> Floats:
    """Days from the epoch, NaN where blank."""
    try:
        stamps = pd.to_datetime(frame[DATE], format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InvalidDiary(f"column {DATE} holds something that is no date: {error}") from None
    return np.asarray(((stamps - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64))


def _doses(frame: pd.DataFrame, name: str, keep: NDArray[np.bool_], notes: list[str]) -> Floats:
    """Centred doses of one variable, NaN where not recorded or absurd."""
    variable = VARIABLES[name]
    values = _numbers(frame, name)[keep]
    absurd = (values < variable.low) | (values > variable.high)
    if absurd.any():
        notes.append(
            f"{int(absurd.sum())} values of {name} outside {variable.low:g}–{variable.high:g} ignored"
        )
    values = np.where(absurd, np.nan, values)
    if np.isnan(values).all():
        notes.append(f"{name} was never recorded: the reference value stands for it")
    cap = np.inf if variable.optimal_range is None else variable.optimal_range[1]
    return np.asarray(np.minimum(values, cap) - variable.dose(variable.reference))


def _filled_from_earlier(doses: Floats, data: GroupedData) -> Floats:
    """Replace NaN by the climber's mean over earlier rows, or 0 (the reference) before there are any."""
    filled = doses.copy()
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        block = doses[rows]
        known = ~np.isnan(block)
        total = np.cumsum(np.where(known, block, 0.0), axis=0)
        count = np.cumsum(known, axis=0)
        filled[rows] = np.where(known, block, total / np.maximum(count, 1))
    return filled
