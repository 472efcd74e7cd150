"""Which values the model learns from and predicts with: those that a form would take.

Forms, the API and files refuse a value outside the registry's range. Rows that are older than a range, or that came by
plain SQL, may hold one. Training, evaluation and serving make their doses in one place, where it counts as not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES

Floats = NDArray[np.float64]

_MODELLED: Final = tuple(VARIABLES[name] for name in MODEL_VARIABLES)
# Means of values inside the range, as fill gaps, may lie a rounding error outside.
_SLACK: Final[Floats] = np.array([1e-9 * (v.high - v.low) for v in _MODELLED])
_LOWEST: Final[Floats] = np.array([v.low for v in _MODELLED]) - _SLACK
_HIGHEST: Final[Floats] = np.array([v.high for v in _MODELLED]) + _SLACK


def recordable(*, values: Floats) -> Floats:
    """The values, NaN instead of those outside the registry's range.

    Parameters
    ----------
    values
        (…, k) values in natural units, in the order of `MODEL_VARIABLES`; NaN: not said.

    Examples
    --------
    >>> raw = np.full(len(MODEL_VARIABLES), np.nan)
    >>> raw[MODEL_VARIABLES.index("sleep_hours")] = 700.0
    >>> bool(np.isnan(recordable(values=raw)).all())
    True
    """
    inside = (values >= _LOWEST) & (values <= _HIGHEST)
    return values if inside.all() else np.where(inside, values, np.nan)


def is_recordable(*, name: str, value: Any) -> bool:
    """Whether the model may use this value of this variable; what is no model variable is not its business.

    >>> is_recordable(name="sleep_hours", value=700), is_recordable(name="sleep_hours", value=7)
    (False, True)
    """
    if value is None or name not in MODEL_VARIABLES:
        return True
    try:
        return VARIABLES[name].low <= float(value) <= VARIABLES[name].high
    except (TypeError, ValueError):
        return True  # no number: refused where rows are made


def ignored_notes(*, values: Floats) -> tuple[str, ...]:
    """What a person should know of (n, k) values that are outside the registry's range.

    >>> ignored_notes(values=np.array([[np.nan] * len(MODEL_VARIABLES)]))
    ()
    """
    counts = ((values < _LOWEST) | (values > _HIGHEST)).sum(axis=0)
    return tuple(_note(k, n) for k, n in enumerate(counts.tolist()) if n)


def ignored_conditions(*, conditions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The same of sessions' conditions, registered name → value.

    >>> ignored_conditions(conditions=[{"caffeine_mg": 50_000}, {"caffeine_mg": 100}, {"caffeine_mg": None}])
    ('1 values of caffeine_mg outside 0–1000 ignored',)
    """
    counts = dict.fromkeys(MODEL_VARIABLES, 0)
    for said in conditions:
        for name in MODEL_VARIABLES:
            counts[name] += not is_recordable(name=name, value=said.get(name))
    return tuple(_note(k, n) for k, n in enumerate(counts.values()) if n)


def _note(column: int, n: int) -> str:
    v = _MODELLED[column]
    return f"{n} values of {v.name} outside {v.low:g}–{v.high:g} ignored"
