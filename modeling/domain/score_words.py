"""A scorecard in words and rows, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from modeling.domain.predictive import Scores
from modeling.domain.scorecard import MODEL_LABELS, OURS, Scorecard

ROUNDED: Final = "… rounded to ratings, as ours"
WELL_CALIBRATED: Final = 0.03  # as far as coverage may lie from what was said


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One model's line of the table.

    Attributes
    ----------
    held, width
        Outcomes in a hundred within the central intervals at 50, 80, 90 and 95 %, and how wide those are.
    """

    label: str
    mae: float
    rmse: float
    crps: float
    held: tuple[float, ...]
    width: tuple[float, ...]
    is_ours: bool


def score_rows(*, card: Scorecard) -> tuple[ScoreRow, ...]:
    """Every model, ours first, then as tables show them; a rival's forecasts rounded as ours are behind it."""
    names = [
        *(n for n in MODEL_LABELS if n in card.scores),
        *(n for n in card.scores if n not in MODEL_LABELS),
    ]
    rows = []
    for name in names:
        rows.append(_row(MODEL_LABELS.get(name, name), card.scores[name], is_ours=name == OURS))
        if name in card.rounded:
            rows.append(_row(ROUNDED, card.rounded[name], is_ours=False))
    return tuple(rows)


def _row(label: str, scores: Scores, *, is_ours: bool) -> ScoreRow:
    return ScoreRow(
        label=label,
        mae=scores.mae,
        rmse=scores.rmse,
        crps=scores.crps,
        held=tuple(100 * share for share in scores.coverage.values()),
        width=tuple(scores.width.values()),
        is_ours=is_ours,
    )


def score_words(*, card: Scorecard) -> tuple[str, ...]:
    """What it means: how far off, beside whom, and whether intervals hold what they say."""
    ours, rival = card.scores[OURS], card.strongest_rival
    theirs = card.rivals[rival]
    alike = ", rounded to ratings as ours is," if rival in card.rounded else ","
    label = MODEL_LABELS.get(rival, rival)
    held = {level: f"{100 * share:.0f} %" for level, share in ours.coverage.items()}
    missed = f"The middle of its forecasts missed by {ours.mae:.2f} points on average"
    words = [
        f"{missed}; the strongest rival, “{label}”{alike} missed by {theirs.mae:.2f}.",
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
