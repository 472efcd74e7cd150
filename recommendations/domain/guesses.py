"""The climber's own forecasts beside ours: who was nearer, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from scipy.special import stdtrit

from recommendations.domain import rounding
from recommendations.domain.rounding import JSON

__all__ = ["FEW", "NEEDED", "Guess", "GuessScores", "Nearer", "score_guesses"]

Nearer = Literal["too_few", "undecided", "own", "ours"]

NEEDED: Final = 10  # below it a mean says nothing about either, and an interval rests on a few days
FEW: Final = 20  # below it a verdict is said with a caution
# Ratings are whole numbers: errors that look equal still differ by their rounding.
_ROUNDING_SD: Final = 1.0 / math.sqrt(12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One rated session of which both were said beforehand.

    Attributes
    ----------
    own
        The climber's number, given before ours was shown, 1–10.
    ours
        What they were then shown to expect, 1–10.
    observed
        How they rated it, 1–10.
    """

    session_id: UUID
    day: date
    own: float
    ours: float
    observed: float

    @property
    def own_error(self) -> float:
        """Points above what came, negative below."""
        return self.own - self.observed

    @property
    def our_error(self) -> float:
        """The same of ours."""
        return self.ours - self.observed


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessScores:
    """Both forecasts over the same sessions.

    Attributes
    ----------
    guesses
        The earliest session first.
    own_mae, our_mae
        Mean absolute errors, points; None below `NEEDED` sessions.
    difference, interval_95
        By how many points ours was nearer on average (own error − our error), and its 95 % interval.
    nearer
        Whose forecasts were nearer by more than chance.
    """

    guesses: tuple[Guess, ...]
    own_mae: float | None = None
    our_mae: float | None = None
    difference: float | None = None
    interval_95: tuple[float, float] | None = None
    nearer: Nearer = "too_few"

    @property
    def n(self) -> int:
        """How many sessions are compared."""
        return len(self.guesses)

    def as_payload(self) -> dict[str, JSON]:
        """Rounded as shown."""
        ends = self.interval_95
        return {
            "sessions": self.n,
            "sessions_needed": NEEDED,
            "own_mean_absolute_error": _rounded(self.own_mae),
            "our_mean_absolute_error": _rounded(self.our_mae),
            "difference": _rounded(self.difference),
            "difference_interval_95": None if ends is None else [rounding.gain(end) for end in ends],
            "nearer": self.nearer,
        }


def score_guesses(*, guesses: Sequence[Guess]) -> GuessScores:
    """Compare the climber's forecasts with ours, session by session.

        d_t = |own_t − y_t| − |ours_t − y_t|,   mean(d) ± t_{0.975, n−1} s / √n,   s = max(sd(d), 1/√12)

    The floor of s is the rounding of ratings: equal differences are not certainty. Sessions count as independent;
    a long good or bad phase makes the interval somewhat too narrow.

    Parameters
    ----------
    guesses
        In any order; there may be none.

    Examples
    --------
    >>> from uuid import UUID
    >>> said = [(8, 6.4, 6), (7, 6.1, 5), (6, 6.0, 6), (9, 6.8, 8), (7, 6.2, 7)] * 2
    >>> got = score_guesses(guesses=[
    ...     Guess(session_id=UUID(int=n), day=date(2026, 5, n), own=own, ours=ours, observed=observed)
    ...     for n, (own, ours, observed) in enumerate(said, start=1)
    ... ])
    >>> got.own_mae, round(got.our_mae, 2), got.nearer
    (1.0, 0.7, 'undecided')
    """
    ordered = tuple(sorted(guesses, key=lambda guess: (guess.day, guess.session_id.int)))
    n = len(ordered)
    if n < NEEDED:
        return GuessScores(guesses=ordered)
    own = [abs(guess.own_error) for guess in ordered]
    ours = [abs(guess.our_error) for guess in ordered]
    differences = [a - b for a, b in zip(own, ours, strict=True)]
    mean = math.fsum(differences) / n
    sd = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1))
    half = float(stdtrit(n - 1, 0.975)) * max(sd, _ROUNDING_SD) / math.sqrt(n)
    low, high = mean - half, mean + half
    nearer: Nearer = "ours" if low > 0.0 else "own" if high < 0.0 else "undecided"
    return GuessScores(
        guesses=ordered,
        own_mae=math.fsum(own) / n,
        our_mae=math.fsum(ours) / n,
        difference=mean,
        interval_95=(low, high),
        nearer=nearer,
    )


def _rounded(points: float | None) -> float | None:
    return None if points is None else rounding.gain(points)
