"""How far a session came out from what was expected of it, and how much of that is believed: one classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from recommendations.domain import rounding

Why = Literal["as_expected", "learnt", "noise"]

EXPECTED_WITHIN: Final = 0.5  # of the predictive standard deviation: less is no surprise
HARDLY: Final = 0.1  # of the same: what moves then is not the rating's doing
LEARNT_SHARE: Final = 0.1  # of the surprise that the model now expects: less is put down to chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """One session's rating beside what was expected of it; every word on it comes from here.

    Attributes
    ----------
    expected, observed
        Quality as predicted before the session (not clipped to the scale), and as rated.
    predictive_sd
        Of the session as it was predicted: noise and unsaid conditions included.
    explained
        Points of the surprise that the model now expects for such a session.
    moved
        Whether any estimate moved far enough to be news.
    """

    expected: float
    observed: float
    predictive_sd: float
    explained: float
    moved: bool

    @property
    def points(self) -> float:
        return self.observed - self.expected

    @property
    def points_told(self) -> float:
        """The difference of the two numbers as they are shown, so that nobody subtracts to another."""
        return rounding.quality(rounding.quality(self.observed) - rounding.quality(self.expected))

    @property
    def explained_told(self) -> float:
        """Size of what is explained as it is shown: never against the surprise, and never more than all of it."""
        with_it = self.explained if self.points >= 0.0 else -self.explained
        return rounding.quality(min(max(with_it, 0.0), abs(self.points_told)))

    @property
    def share(self) -> float:
        """Part of the surprise that the model now expects, 0–1."""
        return min(max(self.explained / self.points, 0.0), 1.0) if self.points else 0.0

    @property
    def is_off_the_scale(self) -> bool:
        """Whether more, or less, was expected than the scale can say."""
        return not LOWEST_QUALITY <= rounding.quality(self.expected) <= HIGHEST_QUALITY

    @property
    def why(self) -> Why:
        """What became of it.

        ========================================================================  =============
        within half a predictive standard deviation, and no estimate moved far    as_expected
        within a tenth of it, or the same number as shown                         as_expected
        a tenth of it or more is expected from now on                             learnt
        less than that                                                            noise
        ========================================================================  =============

        >>> new = Surprise(expected=5.0, observed=6.0, predictive_sd=1.9, explained=0.55, moved=True)
        >>> known = Surprise(expected=5.0, observed=6.5, predictive_sd=1.4, explained=0.04, moved=False)
        >>> new.why, known.why
        ('learnt', 'noise')
        """
        sds = abs(self.points) / self.predictive_sd
        if sds < HARDLY or self.points_told == 0.0 or (sds < EXPECTED_WITHIN and not self.moved):
            return "as_expected"
        return "learnt" if self.share >= LEARNT_SHARE and self.explained_told > 0.0 else "noise"
