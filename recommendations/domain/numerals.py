"""Every numeral of a text, with its value, its precision and whether it is a percentage.

A numeral without a single value as it stands (a fraction, a time, a comma that may be a list or a decimal, an
exponent, a letter that looks like a digit) has a text and no value: it can only be supported word for word.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from recommendations.domain.legibility import DASH, legible
from recommendations.domain.number_words import spelled_numbers

_JOINTS: Final = (
    r"(?:[.,:/'’_^·×∕⁄]|\*\*?|[xX](?=[0-9])|[eE][+\-−]?(?=[0-9])"
    r"|\s+point\s+(?=[0-9])| (?=[0-9]{3}(?![0-9])))"
)
_RUN: Final = re.compile(rf"(?:(?<![\w.])\.)?[0-9]+(?:{_JOINTS}[0-9]+)*")
_PLAIN: Final = re.compile(r"[0-9]*\.?[0-9]+")
_THOUSANDS: Final = re.compile(
    r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:['’][0-9]{3})+|(?: [0-9]{3})+)(?:\.[0-9]+)?"
)
_MAGNITUDE: Final = re.compile(r"\s?(?:[kK]\b|(hundred|thousand|million|billion|dozen)s?\b)", re.IGNORECASE)
_TIMES: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12}
_PERCENT: Final = re.compile(r"\s*(?:%|٪|percent\b|per\s?cent\b|pct\b|percentage\s+points?\b)", re.IGNORECASE)
_UNCLEAR_SUFFIX: Final = re.compile(
    r"\s*(?:[‰‱]|per\s?mille?\b|basis\s+points?\b)|\s+and\s+an?\s+(?:half|quarter|third)\b|-?fold\b|[²³]",
    re.IGNORECASE,
)
_MINUS_BEFORE: Final = re.compile(
    rf"(?:^|[^\w%.)\]‐‑‒–—―−˗-]){DASH}$"  # a dash glued to the numeral only: not of a range, not of a word
    rf"|{DASH}\s?{DASH}$|(?<![0-9%] )− $|(?:\bminus|\bnegative)\s+$",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(rf"\s*(?:{DASH}|to|or|up\s+to)\s*{DASH}?", re.IGNORECASE)
_BETWEEN: Final = re.compile(rf"\bbetween\s+[+]?{DASH}?$", re.IGNORECASE)
_REACH: Final = 16
_REMEMBERED: Final = 1024  # texts: payloads say the same few hundred things again and again
_AND: Final = re.compile(r"\s+and\s+", re.IGNORECASE)
_NEEDS_A_NUMBER: Final = r"(?=\s?(?:(?:mg|h|hours?|min|mins|minutes?|percent|per\s?cent)\b|%))"
_LETTERS: Final = re.compile(
    rf"\b(?=[IVX]{{2}})X{{0,3}}(?:IX|IV|V?I{{0,3}})\b|\b(?:[IVXLCDM]+|[OolI|]{{1,3}}){_NEEDS_A_NUMBER}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """One numeral.

    Attributes
    ----------
    text
        As it stands in the text, in plain characters.
    value
        What it says, with its sign; None where that is not beyond doubt.
    decimals
        How many digits stand after the point: how precisely it speaks.
    is_percent
        Whether it is a percentage; the value of ``20 %`` is 20.
    """

    text: str
    value: Decimal | None
    decimals: int = 0
    is_percent: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    numeral: Numeral


@functools.lru_cache(maxsize=_REMEMBERED)
def numerals(text: str) -> tuple[Numeral, ...]:
    """Every numeral of a text, digits and words, in order.

    >>> [(n.text, str(n.value), n.is_percent) for n in numerals("−0.3–1.1 points, 20 %, two hours")]
    [('−0.3', '-0.3', False), ('1.1', '1.1', False), ('20', '20', True), ('two', '2', False)]
    >>> [(n.text, n.value) for n in numerals("at 7:30, 3/4 of them")]
    [('7:30', None), ('3/4', None)]
    """
    reading = legible(text)
    plain = reading.text
    digits = list(_digits(plain))
    words = (w for w in _words(plain) if not any(d.start < w.end and w.start < d.end for d in digits))
    found = sorted([*digits, *words, *_letters(plain)], key=lambda f: (f.start, f.end))
    doubtful = tuple(Numeral(text=bit, value=None) for bit in reading.doubtful)
    return (*_with_percent_of_ranges(plain, found), *doubtful)


def _digits(plain: str) -> Iterator[_Found]:
    for match in _RUN.finditer(plain):
        run, end = match[0], match.end()
        value, decimals = _value_of(run)
        magnitude = _MAGNITUDE.match(plain, end)
        if magnitude is not None and value is not None:
            value *= _TIMES[magnitude[1].lower()] if magnitude[1] else 1000
            run, end, decimals = plain[match.start() : magnitude.end()], magnitude.end(), 0
        yield _found(plain, match.start(), end, run, value, decimals)


def _value_of(run: str) -> tuple[Decimal | None, int]:
    if _PLAIN.fullmatch(run):
        return Decimal(run), len(run.partition(".")[2])
    if _THOUSANDS.fullmatch(run):
        digits = re.sub(r"[,'’ ]", "", run)
        return Decimal(digits), len(digits.partition(".")[2])
    return None, 0


def _words(plain: str) -> Iterator[_Found]:
    for number in spelled_numbers(plain):
        decimals = 0 if number.value is None else max(0, -int(number.value.as_tuple().exponent))
        text = plain[number.start : number.end]
        yield _found(plain, number.start, number.end, text, number.value, decimals)


def _letters(plain: str) -> Iterator[_Found]:
    """Roman numerals, and letters that stand where a number must."""
    for match in _LETTERS.finditer(plain):
        yield _Found(match.start(), match.end(), Numeral(text=match[0], value=None))


def _found(plain: str, start: int, end: int, text: str, value: Decimal | None, decimals: int) -> _Found:
    """Add what stands around a numeral: its sign, its percent sign, or a suffix that makes it unclear."""
    percent = _PERCENT.match(plain, end)
    if _MINUS_BEFORE.search(_just_before(plain, start)):
        text, value = f"−{text}", None if value is None else -value
    if _UNCLEAR_SUFFIX.match(plain, end):
        value = None
    numeral = Numeral(text=text, value=value, decimals=decimals, is_percent=percent is not None)
    return _Found(start, percent.end() if percent else end, numeral)


def _just_before(plain: str, position: int) -> str:
    """The few characters that can bear on a numeral: a long text must not be searched again for each of them."""
    return plain[max(0, position - _REACH) : position]


def _with_percent_of_ranges(plain: str, found: list[_Found]) -> Iterator[Numeral]:
    """In ``10–20 %`` both ends are percentages, though only one carries the sign."""
    for here, following in zip(found, (*found[1:], None), strict=False):
        numeral = here.numeral
        if following is not None and following.numeral.is_percent and not numeral.is_percent:
            between = plain[here.end : following.start]
            if _RANGE.fullmatch(between) or (
                _AND.match(between) and _BETWEEN.search(_just_before(plain, here.start))
            ):
                numeral = replace(numeral, is_percent=True)
        yield numeral
