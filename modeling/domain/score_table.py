"""A scorecard as plain text: aligned, at most 110 characters wide, readable without colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from modeling.domain.score_words import score_rows
from modeling.domain.scorecard import MODEL_LABELS, PIT_BINS, ColdStart, Scorecard

LEVEL_KEYS: Final = ("50", "80", "90", "95")
BAR_SHARE: Final = 0.01  # of one character of a bar
NAME_WIDTH: Final = 33


def score_table(*, card: Scorecard) -> str:
    """The tables of an evaluation: scores and intervals, PIT, cold start, notes.

    Parameters
    ----------
    card
        What was found.
    """
    parts = [
        list(_what(card)),
        list(_scores(card)),
        list(_legend()),
        list(_pit(card)),
        *([list(_cold_start(card.cold_start))] if card.cold_start else []),
        [f"Note: {note}." for note in (*card.notes, *_standing(card))],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _what(card: Scorecard) -> Iterator[str]:
    yield f"{card.n_test:,} sessions of {card.n_climbers:,} climbers predicted one by one, each from everything before"
    yield f"it; trained on the first {card.split:.0%} of each climber's sessions, {card.n_training:,} in all."


def _legend() -> Iterator[str]:
    yield "MAE of the predictive median, RMSE of the predictive mean, CRPS of the whole forecast, in quality points."
    yield "Central intervals at 50, 80, 90 and 95 %: how many outcomes in a hundred lay inside, and how wide they were."


def _scores(card: Scorecard) -> Iterator[str]:
    heads = [
        *(f"{word:>7}" for word in ("MAE", "RMSE", "CRPS")),
        *(f"{f'{k} %':>8} {'width':>5}" for k in LEVEL_KEYS),
    ]
    yield f"{'':{NAME_WIDTH}}{''.join(heads)}"
    for row in score_rows(card=card):
        points = "".join(f"{value:7.3f}" for value in (row.mae, row.rmse, row.crps))
        intervals = "".join(
            f"{held:8.1f} {width:5.2f}" for held, width in zip(row.held, row.width, strict=True)
        )
        yield f"{row.label:{NAME_WIDTH}}{points}{intervals}"


def _pit(card: Scorecard) -> Iterator[str]:
    yield f"PIT: where outcomes fell in the forecast's distribution; calibrated is {100 / PIT_BINS:.0f} % everywhere"
    for k, share in enumerate(card.pit):
        yield f"  {k / PIT_BINS:.1f}–{(k + 1) / PIT_BINS:.1f} {100 * share:5.1f} %  {'█' * round(share / BAR_SHARE)}"


def _cold_start(points: tuple[ColdStart, ...]) -> Iterator[str]:
    yield "Cold start: climbers left out of training, their next 20 sessions after n own ones"
    yield f"{'own sessions':>14}{'climbers':>10}{'MAE':>8}{'CRPS':>8}   shrunken person mean:{'MAE':>6}{'CRPS':>8}"
    for p in points:
        yield (
            f"{p.n_own:14}{p.n_climbers:10}{p.mae:8.3f}{p.crps:8.3f}"
            f"{'':24}{p.shrunken_mean_mae:6.3f}{p.shrunken_mean_crps:8.3f}"
        )


def _standing(card: Scorecard) -> tuple[str, ...]:
    """Where ours is not ahead, in words."""
    if not card.behind:
        label = MODEL_LABELS.get(card.strongest_rival, card.strongest_rival)
        return (f"ahead of every rival in MAE, RMSE and CRPS; the strongest is “{label}”",)
    return tuple(
        f"not ahead in {measure.upper()} of “{MODEL_LABELS.get(name, name)}”" for measure, name in card.behind
    )
