"""What kind of session it was: optional columns for type and intensity, and how they interact with the day.

Without them no advice on what kind of session to do can be drawn from data. Effects are the same for every climber
and shrunk hard; only kinds that occur get a column, so absent kinds cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.priors import HierarchicalPriors

Floats = NDArray[np.float64]

REFERENCE_TYPE = "volume"
REFERENCE_INTENSITY = "moderate"
EFFECT_SD = 0.30  # quality points between one kind of session and the reference kind
INTERACTION_SD = 0.05  # quality points per unit of stress or hour of sleep, beyond the main effect


class UnknownKind(ValueError):
    """A session type or intensity that the vocabulary does not have."""


@dataclass(frozen=True, slots=True)
class KindColumns:
    """Columns to append to a design, with their priors.

    Attributes
    ----------
    names
        ``"type:project"``, ``"type:project×stress_level"``, ``"intensity:max"`` and so on.
    columns
        (n, m); zero where the kind was not said, which is the reference kind.
    mean, sd
        (m,) priors, quality points.
    """

    names: tuple[str, ...]
    columns: Floats
    mean: Floats
    sd: Floats


def kind_columns(
    *,
    session_type: Sequence[str | None],
    intensity: Sequence[str | None],
    stress_dose: Floats,
    sleep_dose: Floats,
    elicited: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
) -> KindColumns:
    """Build the columns for type, intensity, type × stress and type × sleep.

    Parameters
    ----------
    session_type, intensity
        n values of the vocabularies, None where not said.
    stress_dose, sleep_dose
        (n,) centred doses of stress and hours of sleep.
    elicited
        Prior means by column name, from the coaches' interactions; 0 elsewhere.
    only
        Exactly these columns, in this order (those of training, when serving); else every kind that occurs.

    Raises
    ------
    UnknownKind
        A value outside the vocabularies.

    Examples
    --------
    >>> k = kind_columns(session_type=["power", None], intensity=["max", "low"],
    ...                  stress_dose=np.array([1.0, 0.0]), sleep_dose=np.array([-2.0, 0.5]))
    >>> k.names
    ('type:power', 'type:power×stress_level', 'type:power×sleep_hours', 'intensity:max', 'intensity:low')
    >>> k.columns.tolist()
    [[1.0, 1.0, -2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]]
    """
    _known(session_type, SESSION_TYPES, "session type")
    _known(intensity, INTENSITIES, "intensity")
    found: dict[str, tuple[Floats, float]] = {}
    for kind in SESSION_TYPES:
        if kind != REFERENCE_TYPE:
            there = np.array([value == kind for value in session_type], dtype=np.float64)
            found[f"type:{kind}"] = there, EFFECT_SD
            found[f"type:{kind}×stress_level"] = there * stress_dose, INTERACTION_SD
            found[f"type:{kind}×sleep_hours"] = there * sleep_dose, INTERACTION_SD
    for kind in INTENSITIES:
        if kind != REFERENCE_INTENSITY:
            there = np.array([value == kind for value in intensity], dtype=np.float64)
            found[f"intensity:{kind}"] = there, EFFECT_SD
    occurring = {name.split("×")[0] for name, (column, _) in found.items() if column.any()}
    names = tuple(n for n in found if n.split("×")[0] in occurring) if only is None else tuple(only)
    means = elicited or {}
    return KindColumns(
        names=names,
        columns=np.column_stack([found[n][0] for n in names]) if names else np.zeros((len(session_type), 0)),
        mean=np.array([means.get(n, 0.0) for n in names]),
        sd=np.array([found[n][1] for n in names]),
    )


def with_kinds(*, priors: HierarchicalPriors, kinds: KindColumns) -> HierarchicalPriors:
    """The priors with the kinds' columns appended, the same for every climber."""
    return HierarchicalPriors(
        names=(*priors.names, *kinds.names),
        mean=np.concatenate([priors.mean, kinds.mean]),
        sd=np.concatenate([priors.sd, kinds.sd]),
        individual_sd=np.concatenate([priors.individual_sd, np.zeros(len(kinds.names))]),
        noise_sd=priors.noise_sd,
        noise_floor=priors.noise_floor,
    )


def _known(values: Sequence[str | None], vocabulary: Mapping[str, str], what: str) -> None:
    strange = sorted({v for v in values if v is not None and v not in vocabulary})
    if strange:
        raise UnknownKind(f"unknown {what}: {', '.join(strange)}")
