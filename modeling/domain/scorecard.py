"""What an evaluation found: scores, calibration, cold start; as numbers that are stored, printed and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from modeling.domain.predictive import Scores

PIT_BINS: Final = 10
LEVELS: Final = tuple(round(0.05 * k, 2) for k in range(1, 20))

# In the order in which tables show them.
MODEL_LABELS: Final[Mapping[str, str]] = {
    "climbiq": "ClimbIQ",
    "climbiq_unrounded": "… without rounding to ratings",
    "climbiq_as_shown": "… as one normal, as pages show",
    "climbiq_one_rhythm": "… one rhythm for all",
    "static_mixed": "Static mixed model",
    "ridge_own_ewma": "Ridge on deviations from own EWMA",
    "ewma": "EWMA (0.2)",
    "last_value": "Last value",
    "person_mean": "Person mean",
    "ridge": "Ridge",
    "global_mean": "Global mean",
}
OURS: Final = "climbiq"
VARIANTS: Final = frozenset({"climbiq_unrounded", "climbiq_as_shown", "climbiq_one_rhythm"})


class UnreadableScorecard(ValueError):
    """Stored numbers that are no scorecard of this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """Scores after ``n_own`` sessions, beside the climber's mean shrunk towards everyone's, rounded as ours are."""

    n_own: int
    n_climbers: int
    n_sessions: int
    mae: float
    crps: float
    shrunken_mean_mae: float
    shrunken_mean_crps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Scores of the model and of every rival on the same test sessions.

    Attributes
    ----------
    scores
        Model name → scores; ``"climbiq"`` is the full mixture, rounded where outcomes are ratings, and
        ``"climbiq_as_shown"`` the one normal that pages show in its place.
    rounded
        Rival → scores of its forecasts once they are rounded to ratings as ours are; empty where outcomes are no
        ratings. What ours is compared with: rounding alone is no merit.
    calibration
        (nominal level, share of test sessions within that central interval), for the plot.
    calibration_n
        For each of them, how many independent sessions would leave as much to chance: a climber's go together.
    pit
        (10,) shares of the probability integral transforms; 0.1 each if calibrated.
    split, seed
        As asked for.
    n_climbers, n_training, n_test
        Climbers with enough days, and their sessions before and after the split.
    notes
        Oddities of the data.
    cold_start
        Empty where it was not asked for.
    """

    scores: Mapping[str, Scores]
    rounded: Mapping[str, Scores]
    calibration: tuple[tuple[float, float], ...]
    calibration_n: tuple[float, ...]
    pit: tuple[float, ...]
    split: float
    seed: int
    n_climbers: int
    n_training: int
    n_test: int
    notes: tuple[str, ...] = ()
    cold_start: tuple[ColdStart, ...] = ()

    @property
    def rivals(self) -> dict[str, Scores]:
        """Rival → the scores that ours are compared with, like with like."""
        return {
            name: self.rounded.get(name, scores)
            for name, scores in self.scores.items()
            if name != OURS and name not in VARIANTS
        }

    @property
    def strongest_rival(self) -> str:
        """The model other than ours with the lowest CRPS."""
        rivals = self.rivals
        return min(rivals, key=lambda name: rivals[name].crps)

    @property
    def behind(self) -> tuple[tuple[str, str], ...]:
        """(measure, rival) wherever a rival's error is not above ours."""
        ours = self.scores[OURS]
        return tuple(
            (measure, name)
            for measure in ("mae", "rmse", "crps")
            for name, theirs in self.rivals.items()
            if getattr(theirs, measure) <= getattr(ours, measure)
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON; :func:`read_scorecard` reads it back."""
        return {
            "models": {name: scores.as_dict() for name, scores in self.scores.items()},
            "rounded": {name: scores.as_dict() for name, scores in self.rounded.items()},
            "calibration": [list(point) for point in self.calibration],
            "calibration_n": list(self.calibration_n),
            "pit": list(self.pit),
            "cold_start": [asdict(point) for point in self.cold_start],
            "split": self.split,
            "seed": self.seed,
            "n_climbers": self.n_climbers,
            "n_training": self.n_training,
            "n_test": self.n_test,
            "notes": list(self.notes),
        }


def read_scorecard(stored: Mapping[str, Any]) -> Scorecard:
    """Read what :meth:`Scorecard.as_dict` wrote.

    Raises
    ------
    UnreadableScorecard
        Something is missing, or of another kind.
    """
    try:
        return Scorecard(
            scores={str(name): Scores(**scores) for name, scores in stored["models"].items()},
            rounded={str(name): Scores(**scores) for name, scores in stored["rounded"].items()},
            calibration=tuple((float(said), float(seen)) for said, seen in stored["calibration"]),
            calibration_n=tuple(map(float, stored["calibration_n"])),
            pit=tuple(map(float, stored["pit"])),
            split=float(stored["split"]),
            seed=int(stored["seed"]),
            n_climbers=int(stored["n_climbers"]),
            n_training=int(stored["n_training"]),
            n_test=int(stored["n_test"]),
            notes=tuple(map(str, stored["notes"])),
            cold_start=tuple(ColdStart(**point) for point in stored["cold_start"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableScorecard(f"{type(error).__name__}: {error}") from None
