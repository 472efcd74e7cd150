"""From what a session was to a row of the design matrix: the same row in training, conditioning and serving.

A row is 1, then every model variable's dose relative to its reference value, then, where the population was trained
with them, the kind of session it is. What was not said is replaced by the climber's own mean dose, or by the
reference where they never said it; it is never a raw 0. A kind that was not said is the reference kind.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.variables import ALIASES, MODEL_VARIABLES, VARIABLES
from modeling.domain.recordable import recordable
from modeling.domain.session_kind import MODERATORS, KindLayout, UnknownColumn
from modeling.domain.unsaid import TakenKind, taken_kinds, unsaid_directions

Floats = NDArray[np.float64]

INTERCEPT: Final = "intercept"
COEFFICIENTS: Final[tuple[str, ...]] = (INTERCEPT, *MODEL_VARIABLES)
REGISTRY_SPREAD_WEIGHT: Final = 4.0  # sessions that the registry's typical spread counts for

_WIDTH: Final = len(COEFFICIENTS)
_MODELLED: Final = tuple(VARIABLES[name] for name in MODEL_VARIABLES)
REFERENCE_DOSE: Final[Floats] = np.array([v.dose(v.reference) for v in _MODELLED])
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
    kinds
        Treatment → kind → sessions of that kind; empty where the design has no columns for kinds.
    """

    centred_dose: Floats
    variance: Floats
    n_known: NDArray[np.int64]
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


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
        (p,) 1, the centred doses and the columns of kinds.
    imputed
        Names of the model variables that were not said, in the order of the columns.
    variance
        (p,) mean squared distance of each entry from what was assumed: 0 where nothing had to be.
    kinds
        How each treatment whose kinds have columns was taken; empty without such columns.
    directions
        (d, p) U with `U'U` the mean squared distance of the whole row from what was assumed, where columns move
        together (a kind and its interactions); None: each entry moves alone, by `variance`.
    """

    row: Floats
    imputed: tuple[str, ...]
    variance: Floats
    kinds: tuple[TakenKind, ...] = ()
    directions: Floats | None = None

    def added_variance(self, *, mean: Floats, covariance: Floats) -> float:
        """What the unsaid adds to the variance of x'theta, for theta ~ (mean, covariance).

        Σ_i [ (u_i'm)² + u_i'C u_i ]     over the rows u_i of U;   Σ_k s_k² (m_k² + C_kk) where each moves alone
        """
        if self.directions is None:
            return float(self.variance @ (mean**2 + covariance.diagonal()))
        u = self.directions
        return float(((u @ mean) ** 2).sum() + ((u @ covariance) * u).sum())


def centred_doses(*, values: Floats) -> Floats:
    """Doses relative to their reference: vectorised `Variable.centred_dose`.

    NaN for what is missing, and for what no form would take (`recordable`): training and serving both come by here.

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
    return np.minimum(recordable(values=values), _HIGHEST_DOSE) - REFERENCE_DOSE


def design_matrix(
    *, sessions: Sequence[TreatedSession], columns: Sequence[str] = COEFFICIENTS
) -> DesignMatrix:
    """The design matrix of one climber's sessions, gaps filled from the climber's own mean dose.

    Parameters
    ----------
    sessions
        In any order; their order is kept.
    columns
        Names of the columns wanted: `COEFFICIENTS`, then any columns of kinds, as a trained population names them
        (``population.names``). A kind without a column, an unknown word and an unsaid kind all count as the
        reference kind; an interaction multiplies the dose that stands in the row, imputed or not.

    Raises
    ------
    NotANumber
        A model variable that is not None and cannot be read as a finite number.
    UnknownColumn
        The names do not begin with `COEFFICIENTS`, or a later one is no kind's.

    Notes
    -----
    Training and serving make the same rows when both pass the same names::

        names = kind_names(conditions=(s.conditions for own in climbers for s in own))
        columns = (*COEFFICIENTS, *names)
        matrices = [design_matrix(sessions=own, columns=columns) for own in climbers]
        priors = with_kinds(priors=priors, kinds=kind_priors(names=names, elicited=elicited))

    where `priors.names` was `COEFFICIENTS`. Serving: `design_matrix(sessions=own, columns=trained.names)`.

    Examples
    --------
    >>> session = TreatedSession(
    ...     day=0, conditions={"session_type": "project", "stress_level": 5}, session_quality=4
    ... )
    >>> columns = (*COEFFICIENTS, "type:project", "type:project×stress_level", "intensity:max")
    >>> design_matrix(sessions=[session], columns=columns).design[0, len(COEFFICIENTS):].tolist()
    [1.0, 2.0, 0.0]
    """
    layout = kind_layout(tuple(columns))
    conditions = [session.conditions for session in sessions]
    doses = centred_doses(values=_values(conditions))
    missing = np.isnan(doses)
    said = _said_kinds(conditions, layout)
    usual = _usual(doses, missing, said)
    design = np.zeros((len(sessions), len(columns)))
    design[:, 0] = 1.0
    design[:, 1:_WIDTH] = np.where(missing, usual.centred_dose, doses)
    if layout is not None:
        layout.fill(design, said=said, doses=_moderators(design.T))
    return DesignMatrix(
        design=design,
        outcome=np.array([session.session_quality for session in sessions], dtype=np.float64),
        day=np.array([session.day for session in sessions], dtype=np.float64),
        usual=usual,
    )


def design_row(
    *,
    conditions: Mapping[str, Any],
    usual: UsualDoses | None = None,
    columns: Sequence[str] = COEFFICIENTS,
) -> DesignRow:
    """One session's row, and which of its entries had to be assumed.

        x_0 = 1,   x_k = f_k(value) - f_k(reference),   f_k(x) = min(x, optimal_max_k)
        x_kind = 1 if the session is of that kind,   x_kind×k = x_kind x_k

    Parameters
    ----------
    conditions
        Registered names or aliases → value; absent and None both mean "not said".
    usual
        The climber's habits; without them the registry's reference and typical spread stand in.
    columns
        As for :func:`design_matrix`.

    Examples
    --------
    >>> got = design_row(conditions={"stress_level": 5, "planned_caffeine_mg": 0, "sleep_hours": None})
    >>> float(got.row[COEFFICIENTS.index("stress_level")]), float(got.row[COEFFICIENTS.index("caffeine_mg")])
    (2.0, -100.0)
    >>> "sleep_hours" in got.imputed, float(got.variance[COEFFICIENTS.index("sleep_hours")])
    (True, 1.44)
    >>> planned = design_row(conditions={"planned_session_type": "competition"}, columns=(*COEFFICIENTS, "type:power"))
    >>> planned.kinds
    (TakenKind(variable='session_type', said='competition', taken='volume'),)
    """
    named = {ALIASES.get(name, name): value for name, value in conditions.items()}
    layout = kind_layout(tuple(columns))
    doses = centred_doses(values=_values([named])[0])
    missing = np.isnan(doses)
    row, variance = np.zeros(len(columns)), np.zeros(len(columns))
    usual = usual or NO_HABITS
    row[0] = 1.0
    row[1:_WIDTH] = np.where(missing, usual.centred_dose, doses)
    variance[1:_WIDTH] = np.where(missing, usual.variance, 0.0)
    imputed = tuple(name for name, gone in zip(MODEL_VARIABLES, missing.tolist(), strict=True) if gone)
    if layout is None:
        return DesignRow(row=row, imputed=imputed, variance=variance)
    layout.fill(row[None, :], said=_said_kinds([named], layout), doses=_moderators(row[:, None]))
    kinds = taken_kinds(layout=layout, conditions=named)
    directions = unsaid_directions(
        layout=layout, kinds=kinds, row=row, variance=variance, habits=usual.kinds, place_of=COLUMN
    )
    if directions is not None:
        variance = np.asarray((directions**2).sum(axis=0))
    return DesignRow(row=row, imputed=imputed, variance=variance, kinds=kinds, directions=directions)


@lru_cache(maxsize=32)
def kind_layout(columns: tuple[str, ...]) -> KindLayout | None:
    """Where the kinds' columns stand among a design's columns, None where there are none.

    Raises
    ------
    UnknownColumn
        The names do not begin with `COEFFICIENTS`, or a later one is no kind's.
    """
    if columns[:_WIDTH] != COEFFICIENTS:
        raise UnknownColumn(f"the first columns must be {', '.join(COEFFICIENTS)}")
    return KindLayout.of(columns, first=_WIDTH) if len(columns) > _WIDTH else None


def _said_kinds(
    conditions: Sequence[Mapping[str, Any]], layout: KindLayout | None
) -> dict[str, list[str | None]]:
    """What was said of each treatment whose kinds have columns; what is no word was not said."""
    if layout is None:
        return {}
    return {
        variable: [kind if isinstance(kind := given.get(variable), str) else None for given in conditions]
        for variable in (found.family.variable for found in layout.families)
    }


def _moderators(columns: Floats) -> dict[str, Floats]:
    return {name: columns[COLUMN[name]] for name in MODERATORS}


def _values(conditions: Sequence[Mapping[str, Any]]) -> Floats:
    """(n, k) raw values, NaN where not said. Only here does None become NaN."""
    gets = [given.get for given in conditions]
    said = [math.nan if (value := get(name)) is None else value for get in gets for name in MODEL_VARIABLES]
    try:
        values = _as_floats(said).reshape(len(conditions), len(MODEL_VARIABLES))
    except (TypeError, ValueError) as error:
        raise NotANumber(f"a model variable is not a number: {error}") from None
    if np.isinf(values).any():
        raise NotANumber("a model variable is infinite")
    return values


def _as_floats(said: list[Any]) -> Floats:
    """Numbers go through `array`, in half of NumPy's time; texts that can be read as one go through NumPy."""
    try:
        return np.array(array("d", said))
    except TypeError:
        return np.array(said, dtype=np.float64)


def _usual(
    doses: Floats, missing: NDArray[np.bool_], kinds: Mapping[str, Sequence[str | None]]
) -> UsualDoses:
    """Mean and variance of the known doses per column, and how often each kind was done.

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
        kinds={name: _counted(said) for name, said in kinds.items()},
    )


def _counted(said: Sequence[str | None]) -> Mapping[str, int]:
    return {kind: n for kind, n in Counter(said).items() if kind is not None}


COLUMN: Final[Mapping[str, int]] = MappingProxyType({name: i for i, name in enumerate(COEFFICIENTS)})
NO_HABITS: Final = _usual(
    np.zeros((0, len(MODEL_VARIABLES))), np.zeros((0, len(MODEL_VARIABLES)), dtype=np.bool_), {}
)
