"""From what coaches say a session would have been as another kind to prior means of kinds' columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from climbiq.domain.variables import VARIABLES
from modeling.domain.session_kind import FAMILIES, Family, UnknownKind, kind_priors

ROUGHLY: Final = 0.5  # quality points that an agreed difference between two kinds may be off


@dataclass(frozen=True, slots=True, kw_only=True)
class KindJudgment:
    """What a consensus says of one scenario, had its session been of another kind.

    Attributes
    ----------
    variable
        ``"session_type"`` or ``"session_intensity"``.
    kind, instead_of
        Of the vocabulary: the other kind, and the scenario's own.
    difference
        Predicted quality as the other kind minus as the scenario's own, points.
    conditions
        Registered name → value of what the effect may depend on; what is missing stands at its reference.
    sd
        How far the difference may be off, points.
    """

    variable: str
    kind: str
    instead_of: str
    difference: float
    conditions: dict[str, float]
    sd: float = ROUGHLY


def elicited_kind_means(*, judgments: Sequence[KindJudgment]) -> dict[str, float]:
    """Prior means by column name, for `kind_priors(elicited=…)`: what the judgments make of the tight priors.

        difference = d'theta + e,   d = x(kind) - x(instead_of),   theta_k ~ N(0, sd_k²),   e ~ N(0, sd²)
        E theta = S D' (D S D' + R)^-1 y

    A kind that is judged better on calm days and worse on tense ones gets an interaction; one judgment alone is split
    between effect and interactions as their priors have it. Columns no judgment speaks of are left out.

    Raises
    ------
    UnknownKind
        A treatment without kinds, or a kind outside its vocabulary.

    Examples
    --------
    >>> said = [
    ...     KindJudgment(variable="session_type", kind="project", instead_of="volume", difference=gain,
    ...                  conditions={"stress_level": stress}, sd=0.05)
    ...     for stress, gain in ((1, 0.3), (3, 0.1), (5, -0.1))
    ... ]
    >>> {name: round(mean, 2) for name, mean in elicited_kind_means(judgments=said).items()}
    {'type:project': 0.1, 'type:project×stress_level': -0.09}
    """
    rows = [_row(judgment) for judgment in judgments]
    names = sorted({name for row in rows for name in row})
    if not names:
        return {}
    design = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    spread = kind_priors(names=names).sd ** 2
    noise = np.diag([judgment.sd**2 for judgment in judgments])
    said = np.array([judgment.difference for judgment in judgments])
    means = spread * (design.T @ np.linalg.solve((design * spread) @ design.T + noise, said))
    return dict(zip(names, means.tolist(), strict=True))


def _row(judgment: KindJudgment) -> dict[str, float]:
    """Column → entry of d; entries that are 0 are left out."""
    family = FAMILIES.get(judgment.variable)
    if family is None:
        raise UnknownKind(f"{judgment.variable} has no kinds")
    found: dict[str, float] = {}
    for kind, sign in ((judgment.kind, 1.0), (judgment.instead_of, -1.0)):
        for name, entry in _entries(family, kind, judgment.conditions):
            found[name] = found.get(name, 0.0) + sign * entry
    return {name: entry for name, entry in found.items() if entry != 0.0}


def _entries(family: Family, kind: str, conditions: dict[str, float]) -> list[tuple[str, float]]:
    if kind not in family.vocabulary:
        raise UnknownKind(f"{kind} is no {family.variable}")
    if kind == family.reference:
        return []
    doses = [
        0.0 if (value := conditions.get(moderator)) is None else VARIABLES[moderator].centred_dose(value)
        for moderator in family.moderators
    ]
    return list(zip(family.names(kind), (1.0, *doses), strict=True))
