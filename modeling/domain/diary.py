"""A diary, one row a climber and day, as the model and its rivals see it: no database needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from climbiq.domain.variables import MODEL_VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.known_then import data_as_known_then
from modeling.domain.population_prior import literature_priors
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.recordable import ignored_notes, recordable
from modeling.domain.statistics import GroupedData, Ints
from modeling.domain.training_data import hierarchical_priors
from modeling.domain.treated_columns import TreatedColumns

Floats = NDArray[np.float64]

CLIMBER, DATE, QUALITY = "climber", "session_date", "session_quality"
KINDS = {"session_type": SESSION_TYPES, "session_intensity": INTENSITIES}


class InvalidDiary(ValueError):
    """The file is no diary: a column is missing, a date or a number cannot be read, or nothing is left."""


@dataclass(frozen=True, slots=True)
class Diary:
    """Sessions ordered by climber and day.

    Attributes
    ----------
    data
        The sessions; design columns are 1, the centred doses of what the file has, and the kinds of sessions that
        occur. Gaps are filled from the climber's earlier sessions.
    priors
        The literature's, in the design's column order.
    notes
        What was left out or replaced, and why.
    """

    data: GroupedData
    priors: HierarchicalPriors
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, ``"intercept"`` first."""
        return self.priors.names


def read_diary(*, frame: pd.DataFrame) -> Diary:
    """Turn a diary frame into grouped sessions.

    Blank means not recorded. Rows without climber, date or quality are left out; a value outside the registry's
    range is treated as not recorded; both are counted in the notes. What is missing is filled with the mean of the
    climber's *earlier* doses, or the reference before there are any, so that no row knows its future.

    Parameters
    ----------
    frame
        Columns climber, session_date (ISO dates, or days from any origin), session_quality and any of the model
        variables and kinds of sessions.

    Raises
    ------
    InvalidDiary
        Named columns missing, unreadable dates or numbers, or no complete row.
    """
    missing = [c for c in (CLIMBER, DATE, QUALITY) if c not in frame.columns]
    if missing:
        raise InvalidDiary(f"the diary has no column {', '.join(missing)}")
    notes: list[str] = []
    sessions, order = _ordered(frame, notes)
    data, priors = data_as_known_then(sessions=sessions, priors=literature_priors())
    return Diary(replace(data, order=order), priors, tuple(notes))


def literature_hierarchical_priors(*, names: tuple[str, ...]) -> HierarchicalPriors:
    """The literature's priors for the named columns.

    >>> literature_hierarchical_priors(names=("intercept", "sleep_hours")).mean.tolist()
    [5.0, 0.15]
    """
    everything = hierarchical_priors(priors=literature_priors())
    places = [everything.names.index(name) for name in names]
    return HierarchicalPriors(
        names=names,
        mean=everything.mean[places],
        sd=everything.sd[places],
        individual_sd=everything.individual_sd[places],
        noise_sd=everything.noise_sd,
        noise_floor=everything.noise_floor,
    )


def _ordered(frame: pd.DataFrame, notes: list[str]) -> tuple[TreatedColumns, Ints]:
    """The complete rows by climber and day, and where each of them stood among these in the frame."""
    quality, day = _numbers(frame, QUALITY), _days(frame)
    inside = (quality >= LOWEST_QUALITY) & (quality <= HIGHEST_QUALITY)
    complete = inside & ~np.isnan(day) & frame[CLIMBER].notna().to_numpy()
    if not complete.any():
        raise InvalidDiary("no row has a climber, a date and a quality between 1 and 10")
    if not complete.all():
        notes.append(
            f"{int((~complete).sum())} rows without climber, date or a quality from 1 to 10 left out"
        )
    labels, codes = np.unique(frame[CLIMBER].astype(str).to_numpy()[complete], return_inverse=True)
    order = np.lexsort((day[complete], codes)).astype(np.int64)
    rows = np.flatnonzero(complete)[order]
    values = np.full((rows.size, len(MODEL_VARIABLES)), np.nan)
    for k, name in enumerate(MODEL_VARIABLES):
        if name in frame.columns:
            values[:, k] = _numbers(frame, name)[rows]
    notes += ignored_notes(values=values)
    values = recordable(values=values)
    notes += [
        f"{name} was never recorded: it has no say"
        for k, name in enumerate(MODEL_VARIABLES)
        if name in frame.columns and np.isnan(values[:, k]).all()
    ]
    return TreatedColumns(
        climbers=tuple(labels.tolist()),
        start=np.concatenate([[0], np.cumsum(np.bincount(codes))]).astype(np.int64),
        day=day[rows],
        quality=quality[rows],
        values=values,
        kinds={name: _kinds(frame, name, rows, notes) for name in KINDS},
    ), order


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    try:
        return pd.to_numeric(frame[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InvalidDiary(f"column {column} holds something that is no number: {error}") from None


def _days(frame: pd.DataFrame) -> Floats:
    """Days from any origin, NaN where blank."""
    if pd.api.types.is_numeric_dtype(frame[DATE]):
        return frame[DATE].to_numpy(dtype=np.float64)
    try:
        stamps = pd.to_datetime(frame[DATE], format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InvalidDiary(f"column {DATE} holds something that is no date: {error}") from None
    return np.asarray(((stamps - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64))


def _kinds(frame: pd.DataFrame, name: str, rows: NDArray[np.intp], notes: list[str]) -> Sequence[str | None]:
    """What kind of session each was, None where that was not said or is no known word."""
    if name not in frame.columns:
        return [None] * rows.size
    said = [str(w).strip().casefold() if isinstance(w, str) else None for w in frame[name].to_numpy()[rows]]
    unknown = sum(word is not None and word not in KINDS[name] for word in said)
    if unknown:
        notes.append(f"{unknown} sessions with a {name} that is no known word: taken as not said")
    return [word if word in KINDS[name] else None for word in said]
