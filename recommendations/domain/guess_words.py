"""How the comparison of the climber's forecasts with ours is said: nothing from too few, no winner by chance."""

from __future__ import annotations

from typing import Final

from climbiq.domain.written_numbers import fixed_points
from recommendations.domain.guesses import FEW, NEEDED, GuessScores

__all__ = ["guess_sentences"]

_STILL_FEW: Final = "These are few sessions: it can still turn."


def guess_sentences(scores: GuessScores) -> list[str]:
    """What can be said of both forecasts, one sentence after the other.

    >>> guess_sentences(GuessScores(guesses=()))[0]
    'None of your rated sessions has a guess of yours and one of ours yet.'
    """
    if scores.own_mae is None or scores.our_mae is None or scores.interval_95 is None:
        return [
            _so_far(scores.n),
            f"From {NEEDED} on they are compared here, after {NEEDED - scores.n} more; fewer say nothing about either.",
        ]
    own, ours = fixed_points(scores.own_mae), fixed_points(scores.our_mae)
    said = [f"Over {scores.n} sessions your guesses were off by {own} on average, ours by {ours}."]
    low, high = scores.interval_95
    match scores.nearer:
        case "ours":
            said.append(f"Ours were nearer, by {low:.1f} to {high:.1f} points: hardly by chance.")
        case "own":
            said.append(f"Yours were nearer, by {-high:.1f} to {-low:.1f} points: hardly by chance.")
        case _:
            said.append(
                "The difference is no larger than chance makes it: neither is the better guesser so far."
            )
    if scores.nearer != "undecided" and scores.n < FEW:
        said.append(_STILL_FEW)
    return said


def _so_far(n: int) -> str:
    match n:
        case 0:
            return "None of your rated sessions has a guess of yours and one of ours yet."
        case 1:
            return "One of your rated sessions has a guess of yours and one of ours so far."
        case _:
            return f"{n} of your rated sessions have a guess of yours and one of ours so far."
