"""Would it have predicted what came next? Rolling origin per climber, and climbers it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modeling.domain.baselines import Split, baselines
from modeling.domain.personal import TrainedPopulation
from modeling.domain.predictive import Predictive, Scores, score
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rolling import predict_with_rhythms
from modeling.domain.statistics import GroupedData
from modeling.domain.training import fit

if TYPE_CHECKING:
    from modeling.domain.hierarchical import SamplerSettings

Floats = NDArray[np.float64]

FEWEST_DAYS = 30
PIT_BINS = 10
PIT_SEED = 1


class NothingToEvaluate(ValueError):
    """No climber has enough days to be split."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of the model and of every baseline on the same test sessions.

    Attributes
    ----------
    scores
        Model name → scores; ``"climbiq"`` is what is served.
    calibration
        Nominal level → coverage of the central interval, for the plot.
    pit
        (10,) shares of the probability integral transforms; 0.1 each if calibrated.
    n_climbers
        Climbers with enough days.
    trained
        The population that was trained on the first part.
    notes
        Oddities of the data.
    """

    scores: Mapping[str, Scores]
    calibration: Mapping[float, float]
    pit: Floats
    n_climbers: int
    trained: TrainedPopulation
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "models": {name: scores.as_dict() for name, scores in self.scores.items()},
            "calibration": {f"{level:.2f}": share for level, share in self.calibration.items()},
            "pit": self.pit.tolist(),
            "n_climbers": self.n_climbers,
            "notes": list(self.notes),
        }


def evaluate(
    *,
    data: GroupedData,
    priors: HierarchicalPriors,
    split: float = 0.6,
    sampler: SamplerSettings | None = None,
) -> Evaluation:
    """Train on the first part of every climber's sessions, predict the rest one by one, score beside baselines.

    Nothing is fitted or chosen on the test part. A climber's own posterior goes on learning from each test session
    once it has been predicted, as it does when it is served.

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    priors
        Priors in the design's column order.
    split
        Share of each climber's sessions that trains (rounded up).
    sampler
        NUTS settings; None for the Laplace approximation, which the sampler agrees with to the second digit.

    Raises
    ------
    NothingToEvaluate
        Fewer than two climbers with 30 sessions.
    """
    kept = long_enough(data=data, n_sessions=FEWEST_DAYS)
    parts = chronological_split(data=kept, share=split)
    training = rows_of(data=kept, rows=parts.train)
    result = fit(data=training, priors=priors, sampler=sampler)
    static = fit(data=training, priors=priors, drift="none", own_rhythm=False)
    plain = fit(data=training, priors=priors, own_rhythm=False)
    outcome = kept.outcome[parts.test]
    served = one_step_ahead(data=kept, trained=result.population, rows=parts.test)
    forecasts = {
        "climbiq": served,
        "climbiq_unrounded": replace(served, whole_numbers=False),
        "climbiq_one_rhythm": one_step_ahead(data=kept, trained=plain.population, rows=parts.test),
        "static_mixed_model": one_step_ahead(data=kept, trained=static.population, rows=parts.test),
        **baselines(data=kept, split=parts),
    }
    levels = np.round(np.arange(0.05, 1.0, 0.05), 2)
    transforms = served.pit(outcome=outcome, rng=np.random.default_rng(PIT_SEED))
    return Evaluation(
        scores={name: score(predictive=p, outcome=outcome) for name, p in forecasts.items()},
        calibration={float(q): float(served.covered(outcome=outcome, level=q).mean()) for q in levels},
        pit=np.histogram(transforms, bins=PIT_BINS, range=(0.0, 1.0))[0] / outcome.size,
        n_climbers=kept.n_groups,
        trained=result.population,
        notes=result.notes,
    )


def one_step_ahead(*, data: GroupedData, trained: TrainedPopulation, rows: NDArray[np.bool_]) -> Predictive:
    """What the trained population predicts for the chosen rows, each from the climber's earlier ones."""
    everything = predict_with_rhythms(
        data=data,
        prior=trained.draws.as_prior(),
        rhythms=trained.rhythms,
        whole_numbers=trained.whole_numbers,
    )
    return replace(
        everything, mean=everything.mean[rows], sd=everything.sd[rows], weight=everything.weight[rows]
    )


def long_enough(*, data: GroupedData, n_sessions: int) -> GroupedData:
    """Only climbers with at least ``n_sessions`` sessions."""
    counts = np.diff(data.start)
    keep = np.repeat(counts >= n_sessions, counts)
    if (counts >= n_sessions).sum() < 2:
        raise NothingToEvaluate(f"fewer than two climbers have {n_sessions} sessions")
    return rows_of(data=data, rows=keep)


def chronological_split(*, data: GroupedData, share: float) -> Split:
    """The first ``share`` of each climber's sessions, rounded up, trains; the rest is predicted."""
    counts = np.diff(data.start)
    place = np.arange(data.outcome.size) - np.repeat(data.start[:-1], counts)
    # 0.6 * 35 is a hair above 21 in floating point: a row must not be lost to that
    train = place < np.repeat(np.ceil(np.round(share * counts, 9)), counts)
    return Split(train=train, test=~train)


def rows_of(*, data: GroupedData, rows: NDArray[np.bool_]) -> GroupedData:
    """The chosen rows; climbers without any are dropped."""
    counts = np.add.reduceat(rows.astype(np.int64), data.start[:-1])
    start = np.concatenate([[0], np.cumsum(counts[counts > 0])]).astype(np.int64)
    return GroupedData(
        data.outcome[rows],
        data.design[rows],
        start,
        data.day[rows],
        data.labels[counts > 0],
        data.order[rows],
    )
