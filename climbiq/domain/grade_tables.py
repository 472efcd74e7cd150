"""Climbing grades as numbers: one index per discipline, and the IRCRA scale beside it.

Boulders and routes have an index each, and nothing leads from one to the other: a V5 is not "a 5.12".

* boulder index: the V number; Font grades lie on it by the table in common use (V4 is 6B and 6B+).
* route index: the IRCRA number, on which every lettered YDS grade is one step (5.11a = 14).

IRCRA numbers follow the comparative table of Draper et al. 2015 (Sports Technology 8:3–4, 88–94); where a grade spans
several, their middle. Ours are the numbers of VB, of 4b, 5b and their like, and of what stands above its end at 32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["LABELS", "Discipline", "Label", "System"]

Discipline = Literal["boulder", "route"]
System = Literal["v", "font", "french", "yds"]


@dataclass(frozen=True, slots=True)
class Label:
    """One grade of a system; a spelling that is not `usual` is read, but never the answer to a conversion."""

    text: str
    index: float
    ircra: float
    usual: bool = True


_V: Final = (
    Label("VB", -1, 9.5),
    *(
        Label(f"V{number}", number, ircra)
        for number, ircra in enumerate(
            (12, 14.5, 15.5, 16.5, 18, 19, 20, 21.5, 22.5, 23.5, 25, 26, 27.5, 28.5, 29.5, 31, 32, 33)
        )
    ),
)

_FONT: Final = (
    Label("3", -1, 11),
    Label("3+", -0.5, 11.5),
    Label("4", 0, 12),
    Label("4A", 0, 12, usual=False),
    Label("4B", 0.25, 12.5, usual=False),
    Label("4+", 0.5, 13),
    Label("4C", 0.5, 13, usual=False),
    Label("5", 1, 14),
    Label("5A", 1, 14, usual=False),
    Label("5B", 1.5, 14.5, usual=False),
    Label("5+", 2, 15),
    Label("5C", 2, 15, usual=False),
    Label("6A", 3, 16),
    Label("6A+", 3.5, 16.5),
    Label("6B", 4, 17),
    Label("6B+", 4.5, 18),
    Label("6C", 5, 18.5),
    Label("6C+", 5.5, 19.5),
    Label("7A", 6, 20.5),
    Label("7A+", 7, 21.5),
    Label("7B", 8, 22.5),
    Label("7B+", 8.5, 23.5),
    Label("7C", 9, 24.5),
    Label("7C+", 10, 25.5),
    Label("8A", 11, 26.5),
    Label("8A+", 12, 27.5),
    Label("8B", 13, 28.5),
    Label("8B+", 14, 29.5),
    Label("8C", 15, 31),
    Label("8C+", 16, 32),
    Label("9A", 17, 33),
)


def _on_ircra(text: str, number: float, *, usual: bool = True) -> Label:
    return Label(text, number, number, usual)


_YDS: Final = tuple(
    _on_ircra(text, number)
    for number, text in enumerate(
        (
            *(f"5.{minor}" for minor in range(1, 10)),
            *(f"5.{minor}{letter}" for minor in range(10, 16) for letter in "abcd"),
        ),
        start=1,
    )
)

_FRENCH: Final = (
    *(_on_ircra(text, number) for number, text in enumerate(("1", "2", "2+", "3-", "3", "3+"), start=1)),
    _on_ircra("4", 7),
    _on_ircra("4a", 7, usual=False),
    _on_ircra("4b", 7.5, usual=False),
    _on_ircra("4+", 8),
    _on_ircra("4c", 8, usual=False),
    _on_ircra("5", 9),
    _on_ircra("5a", 9, usual=False),
    _on_ircra("5b", 9.5, usual=False),
    _on_ircra("5+", 10),
    _on_ircra("5c", 10, usual=False),
    *(
        _on_ircra(text, number)
        for number, text in enumerate(
            (
                *(
                    f"{figure}{letter}{plus}"
                    for figure in (6, 7, 8)
                    for letter in "abc"
                    for plus in ("", "+")
                ),
                *("9a", "9a+", "9b", "9b+", "9c"),
            ),
            start=11,
        )
    ),
)

LABELS: Final[Mapping[Discipline, Mapping[System, tuple[Label, ...]]]] = {
    "boulder": {"v": _V, "font": _FONT},
    "route": {"yds": _YDS, "french": _FRENCH},
}
