"""From what a session was to a row of the design matrix: the same row in training, conditioning and serving.

A row is 1, then every model variable's dose relative to its reference value. What was not said is replaced
by the climber's own mean dose, or by the reference where they never said it; it is never a raw 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.variables import ALIASES, MODEL_VARIABLES, VARIABLES

Floats = NDArray[np.float64]

INTERCEPT: Final = "intercept"
COEFFICIENTS: Final[tuple[str, ...]] = (INTERCEPT, *MODEL_VARIABLES)
REGISTRY_SPREAD_WEIGHT: Final = 4.0  # sessions that the registry's typical spread counts for

_MODELLED: Final = tuple(VARIABLES[name] for name in MODEL_VARIABLES)
_REFERENCE_DOSE: Final[Floats] = np.array([v.dose(v.reference) for v in _MODELLED])
_HIGHEST_DOSE: Final[Floats] = np.array(
    [math.inf if v.optimal_range is None else v.optimal_range[1] for v in _MODELLED]
)
_TYPICAL_SPREAD: Final[Floats] = np.array([v.spread for v in _MODELLED])


class NotANumber(ValueError):
    """A model variable holds something that is no finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedSession:
    """One finished session of a climber.

    Attributes
    ----------
    day
        Days from any origin.
    conditions
        Registered name → value, treatments as they really were (`SessionRecord.as_treated`);
        None: not said.
    session_quality
        1–10.
    """

    day: float
    conditions: Mapping[str, Any]
    session_quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualDoses:
    """What a climber usually does, k model variables in the order of `MODEL_VARIABLES`.

    Attributes
    ----------
    centred_dose
        (k,) mean dose relative to the reference over the sessions that say it; 0 where none does.
    variance
        (k,) variance of one unseen dose around it, the mean's own uncertainty included.
    n_known
        (k,) sessions that say it.
    """

    centred_dose: Floats
    variance: Floats
    n_known: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignMatrix:
    """A climber's sessions as the model sees them: (n, p) design, (n,) outcome, (n,) day, habits."""

    design: Floats
    outcome: Floats
    day: Floats
    usual: UsualDoses


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignRow:
    """One session as the model sees it.

    Attributes
    ----------
    row
        (p,) 1 and the centred doses.
    imputed
        Names of what was not said, in the order of the columns.
    variance
        (p,) variance of each entry: 0 where it was said.
    """

    row: Floats
    imputed: tuple[str, ...]
    variance: Floats


def centred_doses(*, values: Floats) -> Floats:
    """Doses relative to their reference, NaN for what is missing: vectorised `Variable.centred_dose`.

    Parameters
    ----------
    values
        (…, k) values in natural units, in the order of `MODEL_VARIABLES`.

    Examples
    --------
    >>> import numpy as np
    >>> raw = np.full(len(MODEL_VARIABLES), np.nan)
    >>> raw[MODEL_VARIABLES.index("caffeine_mg")] = 500
    >>> float(centred_doses(values=raw)[MODEL_VARIABLES.index("caffeine_mg")])
    200.0
    """
    return np.minimum(values, _HIGHEST_DOSE) - _REFERENCE_DOSE


def design_matrix(*, sessions: Sequence[TreatedSession]) -> DesignMatrix:
    """The design matrix of one climber's sessions, gaps filled from the climber's own mean dose.

    Raises
    ------
    NotANumber
        A model variable that is not None and cannot be read as a finite number.
    """
    values = _values([session.conditions for session in sessions])
    doses = centred_doses(values=values)
    missing = np.isnan(doses)
    usual = _usual(doses, missing)
    design = np.ones((len(sessions), len(COEFFICIENTS)))
    design[:, 1:] = np.where(missing, usual.centred_dose, doses)
    return DesignMatrix(
        design=design,
        outcome=np.array([session.session_quality for session in sessions], dtype=np.float64),
        day=np.array([session.day for session in sessions], dtype=np.float64),
        usual=usual,
    )


def design_row(*, conditions: Mapping[str, Any], usual: UsualDoses | None = None) -> DesignRow:
    """One session's row, and which of its entries had to be assumed.

        x_0 = 1,   x_k = f_k(value) - f_k(reference),   f_k(x) = min(x, optimal_max_k)

    Parameters
    ----------
    conditions
        Registered names or aliases → value; absent and None both mean "not said".
    usual
        The climber's habits; without them the registry's reference and typical spread stand in.

    Examples
    --------
    >>> got = design_row(conditions={"stress_level": 5, "planned_caffeine_mg": 0, "sleep_hours": None})
    >>> float(got.row[COEFFICIENTS.index("stress_level")]), float(got.row[COEFFICIENTS.index("caffeine_mg")])
    (2.0, -100.0)
    >>> "sleep_hours" in got.imputed, float(got.variance[COEFFICIENTS.index("sleep_hours")])
    (True, 1.44)
    """
    named = {ALIASES.get(name, name): value for name, value in conditions.items()}
    doses = centred_doses(values=_values([named])[0])
    missing = np.isnan(doses)
    row, variance = np.ones(len(COEFFICIENTS)), np.zeros(len(COEFFICIENTS))
    usual = usual or NO_HABITS
    row[1:] = np.where(missing, usual.centred_dose, doses)
    variance[1:] = np.where(missing, usual.variance, 0.0)
    return DesignRow(
        row=row,
        imputed=tuple(name for name, gone in zip(MODEL_VARIABLES, missing.tolist(), strict=True) if gone),
        variance=variance,
    )


def _values(conditions: Sequence[Mapping[str, Any]]) -> Floats:
    """(n, k) raw values, NaN where not said. Only here does None become NaN."""
    rows = [list(map(given.get, MODEL_VARIABLES)) for given in conditions]
    try:
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(MODEL_VARIABLES))
    except (TypeError, ValueError) as error:
        raise NotANumber(f"a model variable is not a number: {error}") from None
    if np.isinf(values).any():
        raise NotANumber("a model variable is infinite")
    return values


def _usual(doses: Floats, missing: NDArray[np.bool_]) -> UsualDoses:
    """Mean and variance of the known doses per column.

    The variance leans on the registry's typical spread as if that were four more sessions, so that three
    equal nights do not make the fourth one certain; the mean's own uncertainty s²/n is added.
    """
    n = (~missing).sum(axis=0)
    known = np.where(missing, 0.0, doses)
    mean = known.sum(axis=0) / np.maximum(n, 1)
    squares = np.where(missing, 0.0, (doses - mean) ** 2).sum(axis=0)
    freedom = np.maximum(n - 1, 0) + REGISTRY_SPREAD_WEIGHT
    spread_squared = (squares + REGISTRY_SPREAD_WEIGHT * _TYPICAL_SPREAD**2) / freedom
    return UsualDoses(
        centred_dose=mean,
        variance=spread_squared * (1.0 + np.where(n > 0, 1.0 / np.maximum(n, 1), 0.0)),
        n_known=n.astype(np.int64),
    )


COLUMN: Final[Mapping[str, int]] = MappingProxyType({name: i for i, name in enumerate(COEFFICIENTS)})
NO_HABITS: Final = _usual(
    np.zeros((0, len(MODEL_VARIABLES))), np.zeros((0, len(MODEL_VARIABLES)), dtype=np.bool_)
)
