"""A scorecard in words and rows, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from modeling.domain.scorecard import MODEL_LABELS, OURS, Scorecard

WELL_CALIBRATED: Final = 0.03  # as far as coverage may lie from what was said
Z_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One model's line of the table; coverage in whole per cent at 50, 80, 90 and 95 %."""

    label: str
    mae: float
    rmse: float
    crps: float
    coverage: tuple[int, ...]
    is_ours: bool


def score_rows(*, card: Scorecard) -> tuple[ScoreRow, ...]:
    """Every model, ours first, then as tables show them."""
    names = [
        *(n for n in MODEL_LABELS if n in card.scores),
        *(n for n in card.scores if n not in MODEL_LABELS),
    ]
    return tuple(
        ScoreRow(
            label=MODEL_LABELS.get(name, name),
            mae=card.scores[name].mae,
            rmse=card.scores[name].rmse,
            crps=card.scores[name].crps,
            coverage=tuple(round(100 * share) for share in card.scores[name].coverage.values()),
            is_ours=name == OURS,
        )
        for name in names
    )


def score_words(*, card: Scorecard) -> tuple[str, ...]:
    """What it means: how far off, beside whom, and whether intervals hold what they say."""
    ours, rival = card.scores[OURS], card.strongest_rival
    theirs = card.scores[rival]
    label = MODEL_LABELS.get(rival, rival)
    held = {level: f"{100 * share:.0f} %" for level, share in ours.coverage.items()}
    missed = f"The middle of its forecasts missed by {ours.mae:.2f} points on average"
    words = [
        f"{missed}; the strongest rival, “{label}”, missed by {theirs.mae:.2f}.",
        f"Of its 80 % intervals {held['80']} held the outcome, of its 95 % intervals {held['95']}.",
    ]
    off = [
        f"{level} % intervals held {held[level]}"
        for level, share in ours.coverage.items()
        if abs(share - float(level) / 100) > WELL_CALIBRATED
    ]
    if off:
        words.append(f"That is more than three points beside what was said: {'; '.join(off)}.")
    if card.behind:
        where = ", ".join(f"{measure.upper()} of “{MODEL_LABELS.get(n, n)}”" for measure, n in card.behind)
        words.append(f"It is not ahead in {where}.")
    return tuple(words)


def share_interval(*, share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share seen in n independent cases.

    Source: Wilson (1927).

    >>> [round(end, 3) for end in share_interval(share=0.5, n=100)]
    [0.404, 0.596]
    """
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * float(np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)))
    return max(centre - half, 0.0), min(centre + half, 1.0)
