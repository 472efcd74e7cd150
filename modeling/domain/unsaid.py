"""How a session's kind was taken, and how far the row would move had it been said.

A type that is not said moves its effect and its interactions together, and an hour of sleep that is not said moves
its own column and the type's interaction with it: what is unsaid has directions, not only entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modeling.domain.session_kind import FamilyLayout, KindLayout

Floats = NDArray[np.float64]

EVEN_SESSIONS: Final = 4.0  # sessions, spread evenly over the kinds, that habits are added to


@dataclass(frozen=True, slots=True)
class TakenKind:
    """How a treatment with kinds entered a row: what was said, and the kind it counts as.

    Where they differ, nothing was said (`said` is None) or no session of that kind was trained on.
    """

    variable: str
    said: str | None
    taken: str

    @property
    def is_trained(self) -> bool:
        """Whether the model knows what was said (and something was)."""
        return self.said == self.taken


def taken_kinds(*, layout: KindLayout, conditions: Mapping[str, Any]) -> tuple[TakenKind, ...]:
    """How each treatment whose kinds have columns is taken: the reference kind, unless a known one was said."""
    found = []
    for of_family in layout.families:
        family = of_family.family
        said = conditions.get(family.variable)
        known = said if isinstance(said, str) else None
        taken = known if known is not None and known in of_family.place else family.reference
        found.append(TakenKind(family.variable, known, taken))
    return tuple(found)


def usual_shares(*, of_family: FamilyLayout, habits: Mapping[str, int]) -> dict[str, float]:
    """How likely each kind is where none was said: the climber's own sessions and four that are spread evenly.

    Parameters
    ----------
    of_family
        The kinds that have columns; the reference kind is one more.
    habits
        Kind → own sessions of that kind.
    """
    kinds = of_family.kinds
    total = sum(habits.get(kind, 0) for kind in kinds) + EVEN_SESSIONS
    return {kind: (habits.get(kind, 0) + EVEN_SESSIONS / len(kinds)) / total for kind in kinds}


def unsaid_directions(
    *,
    layout: KindLayout,
    kinds: Sequence[TakenKind],
    row: Floats,
    variance: Floats,
    habits: Mapping[str, Mapping[str, int]],
    place_of: Mapping[str, int],
) -> Floats | None:
    """Directions U (d, p) in which the row may be off, with U'U its mean squared distance from the truth.

    With K the kind (known, or unsaid with probabilities p_K) and X_m = x_m + s_m Z_m a moderator,

        x(K, X) - x = d_K + Σ_m s_m Z_m (e_m + e_{K×m}),     d_K = e_K + Σ_m x_m e_{K×m}

    and as the Z_m have mean 0, U has a row √p_K d_K for every K and √p_K s_m (e_m + e_{K×m}) for every K and unsaid
    m. A kind that was said but not trained on may be like any: it counts as unsaid. Type and intensity unsaid together
    make one K of every pair.

    Parameters
    ----------
    row, variance
        (p,) the row as assumed, and the variance of each unsaid model variable.
    habits
        Treatment → kind → own sessions.
    place_of
        Model variable → its column.

    Returns
    -------
    ndarray or None
        None where nothing unsaid is tied to a kind: then every entry moves alone, by `variance`.
    """
    combined = [(1.0, np.zeros(row.size))]
    slopes: list[tuple[float, str, int]] = []  # probability, moderator, column of the interaction
    tied = {moderator for of_family in layout.families for moderator in of_family.family.moderators}
    unsaid = {name for name in tied if variance[place_of[name]] > 0.0}
    if not unsaid and all(kind.is_trained for kind in kinds):
        return None
    for of_family, kind in zip(layout.families, kinds, strict=True):
        family = of_family.family
        shares = (
            usual_shares(of_family=of_family, habits=habits.get(family.variable, {}))
            if not kind.is_trained
            else {kind.taken: 1.0}
        )
        choices = [(share, name, of_family.place.get(name, -1)) for name, share in shares.items()]
        if not kind.is_trained:
            moved = [(share, _direction(of_family, place, row, place_of)) for share, _, place in choices]
            combined = [(p * q, u + v) for (p, u), (q, v) in product(combined, moved)]
        for share, _, place in choices:
            for line, moderator in enumerate(family.moderators, start=1):
                slopes.append((share, moderator, int(of_family.columns[line, place]) if place >= 0 else -1))
    rows = [np.sqrt(p) * u for p, u in combined if u.any()]
    alone = variance.copy()
    for share, moderator, column in slopes:
        spread = variance[place_of[moderator]]
        if spread > 0.0:
            direction = np.zeros(row.size)
            direction[place_of[moderator]] = 1.0
            if column >= 0:
                direction[column] = 1.0
            rows.append(np.sqrt(share * spread) * direction)
            alone[place_of[moderator]] = 0.0
    for place in np.nonzero(alone)[0].tolist():
        direction = np.zeros(row.size)
        direction[place] = np.sqrt(alone[place])
        rows.append(direction)
    return np.array(rows).reshape(len(rows), row.size)


def _direction(of_family: FamilyLayout, place: int, row: Floats, place_of: Mapping[str, int]) -> Floats:
    """How the row differs from that of the reference kind, were it of this kind."""
    direction = np.zeros(row.size)
    if place >= 0:
        factors = (1.0, *(float(row[place_of[moderator]]) for moderator in of_family.family.moderators))
        for line, factor in enumerate(factors):
            column = int(of_family.columns[line, place])
            if column >= 0:
                direction[column] = factor
    return direction
