"""How a gym is written on one line: its name, and its city after the last comma."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from climbiq.domain.texts import UnstorableText, clean_text
from climbiq.domain.values import BadValues

__all__ = ["MAX_CHARS", "GymName", "KnownGym", "alike", "read_gym"]

MAX_CHARS: Final = 80  # of the name, and of the city
# Letters by their category that show nothing: fillers of Hangul, vowels inherent in Khmer.
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5")


@dataclass(frozen=True, slots=True, kw_only=True)
class GymName:
    """What a gym is called."""

    name: str
    city: str = ""

    @property
    def label(self) -> str:
        """The line that people see and type."""
        return f"{self.name}, {self.city}" if self.city else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGym:
    """A gym that sessions can refer to."""

    id: UUID
    gym: GymName

    @property
    def label(self) -> str:
        """The line that people see and type."""
        return self.gym.label


def read_gym(*, name: str, city: str | None = None) -> GymName:
    """Read a gym from its two parts or, where no city is given, from one line.

    Raises
    ------
    BadValues
        With a sentence for `name` or `city`.

    >>> read_gym(name="  Boulder  Bar, Vienna ")
    GymName(name='Boulder Bar', city='Vienna')
    >>> read_gym(name="Rock, Paper & Co, Vienna").label
    'Rock, Paper & Co, Vienna'
    """
    whole = _clean("name", name)
    town = None if city is None else _clean("city", city)
    if town is None:
        before, comma, after = whole.rpartition(",")
        whole, town = (before.strip(), after.strip()) if comma and before.strip() else (whole.strip(", "), "")
    problems = {}
    if not 0 < len(whole) <= MAX_CHARS:
        problems["name"] = f"A gym’s name has 1 to {MAX_CHARS} characters."
    elif not _can_be_seen(whole):
        problems["name"] = "A gym’s name has a letter or a digit."
    if len(town) > MAX_CHARS or "," in town:
        problems["city"] = f"A city has up to {MAX_CHARS} characters, and no comma."
    elif town and not _can_be_seen(town):
        problems["city"] = "A city has a letter or a digit."
    if problems:
        raise BadValues(problems)
    return GymName(name=whole, city=town)


def alike(*, label: str, among: Iterable[str]) -> str | None:
    """The one that was perhaps meant, or None.

    >>> alike(label="Bolder Bar", among=["Boulder Bar, Vienna", "Boulder Bar"])
    'Boulder Bar'
    """
    by_key = {known.casefold(): known for known in among}
    near = difflib.get_close_matches(label.casefold(), by_key, n=1, cutoff=0.75)
    return by_key[near[0]] if near else None


def _can_be_seen(text: str) -> bool:
    return any(character.isalnum() and character not in _FILLERS for character in text)


def _clean(part: str, text: str) -> str:
    try:
        return clean_text(text, one_line=True)
    except UnstorableText as error:
        raise BadValues({part: f"This {error}."}) from None
