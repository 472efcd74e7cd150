"""The check that every number in an explanation is one the climber was really given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from recommendations.domain.numerals import Numeral, numerals

# Keys whose numbers say nothing about the session: an index of 2 must not back up "2 hours".
_BOOKKEEPING: Final = re.compile(
    r"(?:^|_)(?:id|ids|uuid|index|seq|v|version|hash|digest|at|date|day_of_week)$"
)
_SHARE: Final = re.compile(
    r"(?:^|_)(?:probability|probabilities|share|shares|reliability|percent|shrinkage)(?:_|$)"
)
_RANK: Final = re.compile(r"(?:^|_)(?:percentile|percent|pct)(?:_|$)")
_IDENTIFIER: Final = re.compile(
    r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9a-f]{16,}|\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.IGNORECASE
)
_COARSE_FROM: Final = 10  # below this a whole number is too coarse a rounding: 6.4 is not 6


@dataclass(slots=True)
class GivenNumbers:
    """The numbers of some payloads by how they may be said, to hold sentence after sentence against."""

    values: set[Decimal] = field(default_factory=set)
    percentages: set[Decimal] = field(default_factory=set)
    quoted: set[tuple[Decimal, bool]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, payloads: Iterable[object]) -> GivenNumbers:
        """Collect them."""
        given = cls()
        for payload in payloads:
            _collect(payload, key="", sources=given)
        return given

    def unsupported(self, text: str) -> tuple[str, ...]:
        """The numerals of `text` that are none of them; see `unsupported_numbers`."""
        return tuple(n.text for n in numerals(text) if not self._support(n))

    def _support(self, numeral: Numeral) -> bool:
        if numeral.value is None:
            return _spelling(numeral.text) in self.words
        if (numeral.value, numeral.is_percent) in self.quoted:
            return True
        if numeral.is_percent:
            return any(_says_percentage(numeral, percentage) for percentage in self.percentages)
        return any(_says(numeral, value) for value in self.values)


def unsupported_numbers(*, text: str, payloads: Iterable[object]) -> tuple[str, ...]:
    """The numerals of `text` that do not occur in `payloads`.

    A numeral t with d decimals says a payload's value v when t = v, or when t is v rounded to d decimals and

    * d > 0 and the rounding keeps v's leading digit: 6.43 → 6.4, never 0.06 → 0.1;
    * d = 0 and |v| ≥ 10: 82.3 → 82, never 6.43 → 6.

    A percentage says 100·p of a value p stored as a probability, share or reliability (0.87 → 87 %, never
    rounded to 0 or 100), or a stored percentile. Signs count. No other arithmetic is allowed: no sums,
    differences, ratios, changes of unit. Numbers inside a payload's sentences may be repeated as they stand.
    Keys, ids, versions and dates support nothing.

    Parameters
    ----------
    text
        What would be shown.
    payloads
        JSON-like mappings, as the client receives them.

    Returns
    -------
    tuple of str
        The offending numerals in plain characters, in order; empty when the text is safe.

    Notes
    -----
    Number words are understood in English only. A numeral is compared by value, not by unit: a sentence that
    says "0.3 points" of what were 0.3 hours passes.

    Examples
    --------
    >>> payload = {"gain": 0.3, "gain_interval_95": [-0.58, 1.18], "probability_of_gain": 0.75}
    >>> unsupported_numbers(text="0.3 points (−0.58 to 1.18), 75 % likely", payloads=[payload])
    ()
    >>> unsupported_numbers(text="0.6 points, three times in 4", payloads=[payload])
    ('0.6', 'three', '4')
    """
    return GivenNumbers.of(payloads).unsupported(text)


def _collect(value: object, *, key: str, sources: GivenNumbers) -> None:
    if value is None or isinstance(value, bool) or _is_bookkeeping(key):
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            _collect(item, key=str(name), sources=sources)
    elif isinstance(value, str):
        for numeral in _quotable(value):
            if numeral.value is None:
                sources.words.add(_spelling(numeral.text))
            else:
                sources.quoted.add((numeral.value, numeral.is_percent))
    elif isinstance(value, int | float | Decimal):
        _collect_number(value, key=key, sources=sources)
    elif isinstance(value, Iterable):
        for item in value:
            _collect(item, key=key, sources=sources)


def _collect_number(value: int | float | Decimal, *, key: str, sources: GivenNumbers) -> None:
    if not math.isfinite(value):
        return
    number = Decimal(str(value))
    sources.values.add(number)
    if _is_share(key) and 0 <= number <= 1:
        sources.percentages.add(100 * number)
    if _is_rank(key):
        sources.percentages.add(number)


# The same few keys come hundreds of times in each recommendation.
@lru_cache(maxsize=1024)
def _is_bookkeeping(key: str) -> bool:
    return _BOOKKEEPING.search(key) is not None


@lru_cache(maxsize=1024)
def _is_share(key: str) -> bool:
    return _SHARE.search(key) is not None


@lru_cache(maxsize=1024)
def _is_rank(key: str) -> bool:
    return _RANK.search(key) is not None


def _quotable(sentence: str) -> Iterator[Numeral]:
    if not _IDENTIFIER.fullmatch(sentence.strip()):
        yield from numerals(sentence)


def _says(numeral: Numeral, value: Decimal) -> bool:
    said = numeral.value
    if said is None or said == value:
        return said is not None
    if not _is_rounding(said, value, numeral.decimals):
        return False
    if numeral.decimals == 0:
        return abs(value) >= _COARSE_FROM
    return said != 0 and -numeral.decimals <= value.adjusted()


def _says_percentage(numeral: Numeral, percentage: Decimal) -> bool:
    said = numeral.value
    if said is None or said == percentage:
        return said is not None
    return said not in (0, 100) and _is_rounding(said, percentage, numeral.decimals)


def _is_rounding(said: Decimal, value: Decimal, decimals: int) -> bool:
    return abs(said - value) <= Decimal(5).scaleb(-decimals - 1)


def _spelling(text: str) -> str:
    return text.lower().removeprefix("0") if ":" in text else text.lower()
