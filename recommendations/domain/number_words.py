"""Numbers spelled out in English: cardinals, decimals, ordinals, halves and other fractions, multiples.

Only what is a number beyond doubt counts. "One" is one only before a unit or inside a larger number; "first"
and "second" are words of order and time; "a couple", "several" and "few" are vague on purpose and pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_BELOW_TWENTY: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_UP: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES: Final = {word: value for value, word in enumerate(_BELOW_TWENTY)}
_TENS: Final = {word: 10 * value for value, word in enumerate(_TENS_UP, start=2)}
_SCALES: Final = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "billion": 10**9,
}
_ORDINALS: Final = {
    **{
        f"{word}th": value
        for word, value in _ONES.items()
        if word in {"four", "six", "seven", "ten", "eleven"} or word.endswith("teen")
    },
    **{word[:-1] + "ieth": value for word, value in _TENS.items()},
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
    "hundredth": 100,
    "thousandth": 1000,
}
# Inside a compound these are numbers as well: "twenty-second".
_SMALL_ORDINALS: Final = {"first": 1, "second": 2, **{w: v for w, v in _ORDINALS.items() if v < 10}}

_UNITS: Final = (
    r"(?:h|hrs?|hours?|min|mins|minutes?|secs?|seconds?|mg|milligrams?|g|grams?|kg|points?|days?|nights?|weeks?|"
    r"months?|years?|sessions?|times?|attempts?|cups?|coffees?|grades?|percent|per cent|pct)"
)
_CARDINAL: Final = "|".join(sorted([*_ONES, *_TENS, *_SCALES], key=len, reverse=True))
_ORDINAL: Final = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_TOKEN: Final = re.compile(
    rf"\b(?P<tens>{'|'.join(_TENS)})[- ]?(?P<unit>{'|'.join(w for w, v in _ONES.items() if 0 < v < 10)})\b"
    rf"|\b(?P<compound>{'|'.join(_TENS)})[- ](?P<ordinal_unit>{'|'.join(_SMALL_ORDINALS)})\b"
    rf"|\b(?P<word>{_CARDINAL})\b|\b(?P<ordinal>{_ORDINAL})\b",
    re.IGNORECASE,
)
_JOINT: Final = re.compile(r"[\s-]+(?:and\s+)?", re.IGNORECASE)
_POINT: Final = re.compile(
    r"\s+point((?:[\s-]+(?:zero|one|two|three|four|five|six|seven|eight|nine)\b)+)", re.IGNORECASE
)
_COUNTS: Final = re.compile(
    rf"[\s-]*(?:{_UNITS}\b|%|(?:to|or|in|out\s+of|and|[-–])\s*(?:\d|(?:{_CARDINAL})\b))", re.IGNORECASE
)
_FEW: Final = "|".join(w for w, v in _ONES.items() if 0 < v < 10)
_PART: Final = r"(?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|hundredth)s?"
# Claims of a quantity with no single numeral to compare: never supported by a payload.
_UNCHECKABLE: Final = re.compile(
    rf"\b(?:an?|{_FEW})[\s-]{_PART}\b|\b(?:{_FEW})[\s-]halves\b|\bquarters?\s+of\b"
    r"|\band\s+a\s+(?:half|quarter|third)\b"
    r"|\btwice\b|\bthrice\b|\bdoubl(?:es|ed|ing)\b|\bdouble(?=\s+(?:the|your|that|what|as|of)\b)"
    r"|\b(?:tripl|quadrupl)(?:e[sd]?|ing)\b|\bhalv(?:e[sd]?|ing)\b"
    rf"|\b(?:\d+|{_CARDINAL})-?fold\b|\b(?:dozens|hundreds|thousands|millions|billions)\b",
    re.IGNORECASE,
)
_HALF: Final = re.compile(
    r"\bhalf(?=\s+(?:an?|of|the|your|as|that|what)\b)|\bhalf(?=-(?:hour|point|day))|\b(?:by|in|one)\s+half\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SpelledNumber:
    """A number in words at `start:end` of a text; `value` None where it cannot be compared."""

    start: int
    end: int
    value: Decimal | None


def spelled_numbers(text: str) -> Iterator[SpelledNumber]:
    """Find the numbers a text spells out.

    >>> [str(n.value) for n in spelled_numbers("two hours, one hundred and five, six point four")]
    ['2', '105', '6.4']
    >>> [n.value for n in spelled_numbers("twice as strong, a third of them")]
    [None, None]
    >>> list(spelled_numbers("one of those days, first warm up, then a second coffee"))
    []
    """
    taken: list[tuple[int, int]] = []
    for match in _UNCHECKABLE.finditer(text):
        taken.append(match.span())
        yield SpelledNumber(*match.span(), None)
    for match in _HALF.finditer(text):
        if not _overlaps(match.span(), taken):
            taken.append(match.span())
            yield SpelledNumber(*match.span(), Decimal("0.5"))
    for number in _cardinals_and_ordinals(text):
        if not _overlaps((number.start, number.end), taken):
            yield number


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)


def _cardinals_and_ordinals(text: str) -> Iterator[SpelledNumber]:
    position = 0
    while (match := _TOKEN.search(text, position)) is not None:
        whole, last, end, words = _grow(text, match)
        value = Decimal(whole)
        point = _POINT.match(text, end)
        if point is not None:
            digits = "".join(str(_ONES[w.lower()]) for w in re.findall(r"[a-z]+", point[1], re.IGNORECASE))
            value, end, words = Decimal(f"{whole}.{digits}"), point.end(), 2
        is_bare_one = words == 1 and last == 1
        if not is_bare_one or _COUNTS.match(text, end):
            yield SpelledNumber(_start_with_article(text, match), end, value)
        position = end


def _grow(text: str, match: re.Match[str]) -> tuple[int, int, int, int]:
    """Take in the words after `match` while they stay one number: (value, last part, end, words)."""
    total, group = 0, _part(match)
    if group >= 1000:
        total, group = group, 0
    last, words = _part(match), 1
    while not (match["ordinal"] or match["compound"]):
        joint = _JOINT.match(text, match.end())
        following = _TOKEN.match(text, joint.end()) if joint else None
        if joint is None or following is None:
            break
        part, is_scale = _part(following), _is_scale(following)
        if is_scale and part > last and "and" not in joint[0].lower():
            group *= part
            if part >= 1000:
                total, group = total + group, 0
        elif last >= 100 and not is_scale:
            group += part
        else:
            break
        match, last, words = following, part, words + 1
    return total + group, last, match.end(), words


def _is_scale(match: re.Match[str]) -> bool:
    return bool(match["word"]) and match["word"].lower() in _SCALES


def _part(match: re.Match[str]) -> int:
    if match["tens"]:
        return _TENS[match["tens"].lower()] + _ONES[match["unit"].lower()]
    if match["compound"]:
        return _TENS[match["compound"].lower()] + _SMALL_ORDINALS[match["ordinal_unit"].lower()]
    if match["ordinal"]:
        return _ORDINALS[match["ordinal"].lower()]
    word = match["word"].lower()
    return _ONES.get(word) or _TENS.get(word) or _SCALES.get(word) or 0


def _start_with_article(text: str, match: re.Match[str]) -> int:
    article = re.search(r"\ban?\s+$", text[: match.start()], re.IGNORECASE) if _is_scale(match) else None
    return article.start() if article else match.start()
