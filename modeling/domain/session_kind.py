"""What kind of session it was: columns for type and intensity, and how the type interacts with the day.

Without them no advice on what kind of session to do can be drawn from data. Effects are the same for every climber
and shrunk hard; only kinds that occur get a column, so absent kinds cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES, Vocabulary
from modeling.domain.priors import HierarchicalPriors

Floats = NDArray[np.float64]

TYPE: Final = "session_type"
INTENSITY: Final = "session_intensity"
MODERATORS: Final = ("stress_level", "sleep_hours")  # what the effect of a type depends on
REFERENCE_TYPE: Final = "volume"
REFERENCE_INTENSITY: Final = "moderate"
EFFECT_SD: Final = 0.30  # quality points between one kind of session and the reference kind
INTERACTION_SD: Final = 0.05  # quality points per unit of stress or hour of sleep, beyond the main effect


class UnknownKind(ValueError):
    """A session type or intensity that the vocabulary does not have."""


class UnknownColumn(ValueError):
    """A column's name that stands for no kind of session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A treatment whose values are kinds: ``prefix`` opens the names of its columns."""

    variable: str
    prefix: str
    vocabulary: Vocabulary
    reference: str
    moderators: tuple[str, ...]

    def names(self, kind: str) -> tuple[str, ...]:
        """The columns of one kind: its effect at reference, then its interactions."""
        main = f"{self.prefix}:{kind}"
        return (main, *(f"{main}×{moderator}" for moderator in self.moderators))


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        family.variable: family
        for family in (
            Family(
                variable=TYPE,
                prefix="type",
                vocabulary=SESSION_TYPES,
                reference=REFERENCE_TYPE,
                moderators=MODERATORS,
            ),
            Family(
                variable=INTENSITY,
                prefix="intensity",
                vocabulary=INTENSITIES,
                reference=REFERENCE_INTENSITY,
                moderators=(),
            ),
        )
    }
)
_PREFIXES: Final = {family.prefix: family for family in FAMILIES.values()}


@dataclass(frozen=True, slots=True)
class KindColumn:
    """What a column's name says: the kind of which treatment, and what it is multiplied by (None: nothing)."""

    variable: str
    kind: str
    moderator: str | None


@dataclass(frozen=True, slots=True)
class KindPriors:
    """Priors (m,) of kinds' columns, quality points (per unit of the moderator)."""

    names: tuple[str, ...]
    mean: Floats
    sd: Floats


@lru_cache(maxsize=256)
def read_name(name: str) -> KindColumn:
    """Read a column's name.

    Raises
    ------
    UnknownColumn
        No kind of the vocabularies, the reference kind (it has no column), or no moderator of its family.

    >>> read_name("type:project×stress_level")
    KindColumn(variable='session_type', kind='project', moderator='stress_level')
    """
    main, times, moderator = name.partition("×")
    prefix, _, kind = main.partition(":")
    family = _PREFIXES.get(prefix)
    if family is None or kind not in family.vocabulary or kind == family.reference:
        raise UnknownColumn(f"no kind of session is called {name!r}")
    if times and moderator not in family.moderators:
        raise UnknownColumn(f"{main!r} has no column with {moderator!r}")
    return KindColumn(family.variable, kind, moderator or None)


def kind_names(*, conditions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns of every kind that occurs in the sessions to train on, in the vocabularies' order.

    Parameters
    ----------
    conditions
        `TreatedSession.conditions` of every session. Words outside the vocabularies get no column.

    Examples
    --------
    >>> kind_names(conditions=[{"session_type": "power", "session_intensity": "moderate"}, {}])
    ('type:power', 'type:power×stress_level', 'type:power×sleep_hours')
    """
    said: dict[str, set[Any]] = {variable: set() for variable in FAMILIES}
    for given in conditions:
        for variable, kinds in said.items():
            kinds.add(given.get(variable))
    return tuple(
        name
        for family in FAMILIES.values()
        for kind in family.vocabulary
        if kind != family.reference and kind in said[family.variable]
        for name in family.names(kind)
    )


def kind_priors(*, names: Sequence[str], elicited: Mapping[str, float] | None = None) -> KindPriors:
    """The priors of kinds' columns: tight around 0, or around what coaches said.

    Parameters
    ----------
    names
        Of :func:`kind_names`.
    elicited
        Prior means by column name; 0 elsewhere. Names without a column are not used.

    Examples
    --------
    >>> got = kind_priors(names=("type:power", "type:power×stress_level"), elicited={"type:power": -0.2})
    >>> got.mean.tolist(), got.sd.tolist()
    ([-0.2, 0.0], [0.3, 0.05])
    """
    means = elicited or {}
    return KindPriors(
        names=tuple(names),
        mean=np.array([means.get(name, 0.0) for name in names], dtype=np.float64),
        sd=np.array([EFFECT_SD if read_name(name).moderator is None else INTERACTION_SD for name in names]),
    )


def with_kinds(*, priors: HierarchicalPriors, kinds: KindPriors) -> HierarchicalPriors:
    """The priors with the kinds' columns appended, the same for every climber."""
    return HierarchicalPriors(
        names=(*priors.names, *kinds.names),
        mean=np.concatenate([priors.mean, kinds.mean]),
        sd=np.concatenate([priors.sd, kinds.sd]),
        individual_sd=np.concatenate([priors.individual_sd, np.zeros(len(kinds.names))]),
        noise_sd=priors.noise_sd,
        noise_floor=priors.noise_floor,
    )


@dataclass(frozen=True, slots=True)
class FamilyLayout:
    """Where the columns of one family stand.

    Attributes
    ----------
    place
        Kind → its row in `columns`.
    columns
        (1 + moderators, kinds) column of each kind's effect and interactions, -1 where it has none.
    """

    family: Family
    place: Mapping[str, int]
    columns: NDArray[np.intp]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that is told apart, the reference first."""
        return (self.family.reference, *self.place)

    def columns_of(self, kind: str) -> NDArray[np.intp]:
        """The columns of one kind, none for the reference."""
        place = self.place.get(kind)
        at = self.columns[:, place] if place is not None else np.zeros(0, dtype=np.intp)
        return at[at >= 0]

    def times(self, doses: Mapping[str, Floats]) -> tuple[Floats | None, ...]:
        """What each row of `columns` is multiplied by; None: 1."""
        return (None, *(doses[moderator] for moderator in self.family.moderators))


@dataclass(frozen=True, slots=True)
class KindLayout:
    """Where the kinds' columns stand among the given names; other names are not looked at."""

    families: tuple[FamilyLayout, ...]

    def interactions_with(self, moderator: str) -> tuple[int, ...]:
        """The columns of every interaction with a condition."""
        return tuple(
            column
            for layout in self.families
            if moderator in layout.family.moderators
            for column in layout.columns[1 + layout.family.moderators.index(moderator)].tolist()
            if column >= 0
        )

    @staticmethod
    def of(names: Sequence[str], *, first: int = 0) -> KindLayout:
        """Lay out the names from `first` on.

        Raises
        ------
        UnknownColumn
        """
        found: dict[str, dict[str, dict[str | None, int]]] = {}
        for column, name in enumerate(names[first:], start=first):
            read = read_name(name)
            of_kind = found.setdefault(read.variable, {}).setdefault(read.kind, {})
            if read.moderator in of_kind:
                raise UnknownColumn(f"{name!r} stands there twice")
            of_kind[read.moderator] = column
        layouts = []
        for variable, kinds in found.items():
            family = FAMILIES[variable]
            rows: tuple[str | None, ...] = (None, *family.moderators)
            columns = np.array([[at.get(row, -1) for at in kinds.values()] for row in rows], dtype=np.intp)
            layouts.append(FamilyLayout(family, {kind: i for i, kind in enumerate(kinds)}, columns))
        return KindLayout(tuple(layouts))

    def fill(self, design: Floats, *, said: Mapping[str, Sequence[Any]], doses: Mapping[str, Floats]) -> None:
        """Write the columns of n sessions into a design (n, p) that is 0 there; all else is the reference."""
        for layout in self.families:
            get = layout.place.get
            places = np.array([get(kind, -1) for kind in said[layout.family.variable]], dtype=np.intp)
            (rows,) = np.nonzero(places >= 0)
            for columns, dose in zip(layout.columns, layout.times(doses), strict=True):
                at = columns[places[rows]]
                there = at >= 0
                design[rows[there], at[there]] = 1.0 if dose is None else dose[rows[there]]
