"""Read, normalise and compare climbing grades, without ever mixing boulders and routes.

What a grade is called depends on where it is written: "6c+" on a boulder is Font 6C+, on a route it is French 6c+.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from climbiq.domain.grade_tables import LABELS, Discipline, Label, System
from climbiq.domain.texts import quotable

__all__ = [
    "GRADES",
    "Grade",
    "UnknownGrade",
    "convert_grade",
    "grade_index",
    "normalise_grade",
    "parse_grade",
]

# The registry's variables that hold grades.
GRADES: Final[Mapping[str, Discipline]] = {
    "current_boulder_grade": "boulder",
    "peak_boulder_grade": "boulder",
    "current_route_grade": "route",
    "peak_route_grade": "route",
}

_MAX_CHARS: Final = 24
_EXAMPLES: Final[dict[Discipline, str]] = {"boulder": "V4 or 6B+", "route": "6c+ or 5.11c"}
_PREFIXES: Final[dict[System, str]] = {
    "font": r"font|fb|f",
    "french": r"french|fr|f",
    "yds": r"yds",
    "v": r"",
}
# A word before the grade, or a spelling that only one discipline has: then the other discipline is refused by name.
_ONLY: Final[dict[Discipline, re.Pattern[str]]] = {
    "boulder": re.compile(r"v(b|\d).*|(font|fb).*"),
    "route": re.compile(r"5\.\d.*|(french|fr|yds).*"),
}
_NUDGE: Final = 1 / 3  # a plus or minus behind a grade that has no step between itself and the next


class UnknownGrade(ValueError):
    """Text that is no grade of the discipline asked for; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, or a span of them where the text leaves it open.

    Attributes
    ----------
    text : str
        In the spelling that is stored.
    low, high : float
        On the index of the discipline; equal for a single grade.
    note : str
        What was taken for granted, for the person who typed it.
    """

    discipline: Discipline
    system: System
    text: str
    low: float
    high: float
    note: str = ""

    @property
    def index(self) -> float:
        """The middle of the span, on the index of the discipline."""
        return (self.low + self.high) / 2

    @property
    def ircra(self) -> float:
        """The number on the IRCRA scale, between those of its neighbours where the grade lies between them."""
        return (_ircra_at(self.low, self) + _ircra_at(self.high, self)) / 2


def normalise_grade(text: str, discipline: Discipline) -> str:
    """The stored spelling of a grade.

    >>> normalise_grade("6c+", "boulder"), normalise_grade("6C+", "route"), normalise_grade("v4-5", "boulder")
    ('6C+', '6c+', 'V4/V5')
    """
    return parse_grade(text, discipline=discipline).text


def parse_grade(text: str, *, discipline: Discipline) -> Grade:
    """Read a grade as people write it: ``v4``, ``V4-5``, ``Font 6c+``, ``6b/+``, ``5.11a/b``, ``5.10-``, ``5.11``.

    Raises
    ------
    UnknownGrade
        For text that is no grade, or one of the other discipline.

    >>> grade = parse_grade("5.11", discipline="route")
    >>> grade.text, grade.index, grade.note
    ('5.11', 15.5, 'Without a letter 5.11 is taken as 5.11a to 5.11d.')
    >>> parse_grade("V5", discipline="route")
    Traceback (most recent call last):
        ...
    climbiq.domain.grades.UnknownGrade: V5 is a boulder grade; a route grade is written as 6c+ or 5.11c.
    """
    written = re.sub(r"\s+", "", text).casefold().replace("–", "-").replace("−", "-")
    hint = f"a {discipline} grade is written as {_EXAMPLES[discipline]}."
    if not written:
        raise UnknownGrade(f"No grade is given; {hint}")
    if len(written) <= _MAX_CHARS and not re.search(r"\d\s+\d", text):  # "V1 0" is not V10
        for other, pattern in _ONLY.items():
            if other != discipline and pattern.fullmatch(written):
                raise UnknownGrade(f"{quotable(text.strip())} is a {other} grade; {hint}")
        for system in LABELS[discipline]:
            grade = _read(re.sub(rf"^({_PREFIXES[system]})(?=[\dv])", "", written), discipline, system)
            if grade is not None:
                return grade
    raise UnknownGrade(f"{quotable(text.strip())} is no {discipline} grade; {hint}")


@lru_cache(512)
def grade_index(text: str, *, discipline: Discipline) -> float | None:
    """A grade as a number that can be compared, on the index of its discipline; None for what is no grade of it.

    Boulders: the V number. Routes: the IRCRA number, on which each lettered YDS grade is one step. A span counts as
    its middle (`climbiq.domain.grade_tables` has the tables and their source).

    >>> grade_index("V4", discipline="boulder"), grade_index("6B+", discipline="boulder")
    (4.0, 4.5)
    >>> grade_index("5.11a", discipline="route"), grade_index("V4", discipline="route")
    (14.0, None)
    """
    try:
        return float(parse_grade(text, discipline=discipline).index)
    except UnknownGrade:
        return None


def convert_grade(grade: Grade, system: System) -> Grade:
    """The same grade in another system of its discipline: a span where the other system is finer.

    Raises
    ------
    UnknownGrade
        For a system of the other discipline.

    >>> convert_grade(parse_grade("V4", discipline="boulder"), "font").text
    '6B/6B+'
    >>> convert_grade(parse_grade("7a", discipline="route"), "yds").text
    '5.11d'
    """
    if system not in LABELS[grade.discipline]:
        raise UnknownGrade(
            f"{grade.text} is a {grade.discipline} grade: it has no counterpart in that system."
        )
    if system == grade.system:
        return grade
    own = LABELS[grade.discipline][grade.system]
    usual = [label for label in LABELS[grade.discipline][system] if label.usual]
    start = max((label.index for label in usual if label.index <= grade.low), default=usual[0].index)
    end = min((label.index for label in own if label.index > grade.high), default=math.inf)
    fitting = [label for label in usual if start <= label.index < end]
    return _span(fitting[0], fitting[-1], grade.discipline, system)


def _read(written: str, discipline: Discipline, system: System) -> Grade | None:
    separators = [place for place, character in enumerate(written) if character in "/-"]
    spans = (_read_span(written[:at], written[at + 1 :], discipline, system) for at in separators)
    return _read_single(written, discipline, system) or next(filter(None, spans), None)


def _read_single(written: str, discipline: Discipline, system: System) -> Grade | None:
    labels = {label.text.casefold(): label for label in LABELS[discipline][system]}
    if written in labels:
        return _span(labels[written], labels[written], discipline, system)
    base, sign = (written[:-1], written[-1]) if written[-1:] in ("+", "-") else (written, "")
    if system in ("v", "yds") and sign and base in labels and not base.endswith(tuple("abcd")):
        label = labels[base]
        index = label.index + (_NUDGE if sign == "+" else -_NUDGE)
        return Grade(discipline, system, label.text + sign, index, index)
    return _read_without_letter(base, sign, labels, discipline, system)


def _read_without_letter(
    base: str, sign: str, labels: dict[str, Label], discipline: Discipline, system: System
) -> Grade | None:
    """A figure that stands for all its letters: 5.11 is 5.11a to 5.11d, 5.11- the lower half of them."""
    lettered = [label for text, label in labels.items() if re.fullmatch(re.escape(base) + r"[a-d]\+?", text)]
    if base in labels or not lettered or not base[-1:].isdigit() or (sign and system != "yds"):
        return None
    half = len(lettered) // 2
    chosen = {"": lettered, "-": lettered[:half], "+": lettered[half:]}[sign]
    first, last = chosen[0], chosen[-1]
    how = f"{base}{sign} is taken as {first.text} to {last.text}."
    note = how if sign else f"Without a letter {how}"
    return Grade(discipline, system, base + sign, first.index, last.index, note)


def _read_span(first: str, second: str, discipline: Discipline, system: System) -> Grade | None:
    """Two grades, the second perhaps shortened: V4-5, 5.10a/b, 6c/+."""
    low = _read_single(first, discipline, system)
    if low is None or not second:
        return None
    spellings = (second, *(first[:length] + second for length in range(1, len(first) + 1)))
    high = next(filter(None, (_read_single(each, discipline, system) for each in spellings)), None)
    if high is None or high.low <= low.high:
        return None
    note = " ".join(filter(None, (low.note, high.note)))
    return Grade(discipline, system, f"{low.text}/{high.text}", low.low, high.high, note)


def _span(first: Label, last: Label, discipline: Discipline, system: System) -> Grade:
    text = first.text if first == last else f"{first.text}/{last.text}"
    return Grade(discipline, system, text, first.index, last.index)


def _ircra_at(index: float, grade: Grade) -> float:
    labels = LABELS[grade.discipline][grade.system]
    below = max((label for label in labels if label.index <= index), key=_by_index, default=labels[0])
    above = min((label for label in labels if label.index >= index), key=_by_index, default=labels[-1])
    if below.index == above.index:
        return below.ircra
    share = (index - below.index) / (above.index - below.index)
    return below.ircra + share * (above.ircra - below.ircra)


def _by_index(label: Label) -> float:
    return label.index
