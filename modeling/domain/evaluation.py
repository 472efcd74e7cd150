"""Would it have predicted what came next? Rolling origin per climber, and climbers it never saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modeling.domain.baselines import Split, baselines
from modeling.domain.personal import TrainedPopulation
from modeling.domain.predictive import Predictive, score
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rating_scale import NO_STEP
from modeling.domain.rolling import predict_with_rhythms
from modeling.domain.scorecard import LEVELS, PIT_BINS, Scorecard
from modeling.domain.shares import independent_cases
from modeling.domain.statistics import GroupedData
from modeling.domain.training import FIT_SEED, fit
from modeling.domain.warm_up import compile_loops

if TYPE_CHECKING:
    from modeling.domain.hierarchical import SamplerSettings

Floats = NDArray[np.float64]

FEWEST_DAYS = 30
FEWEST_CLIMBERS = 2
DEFAULT_SPLIT = 0.6
STAGES = ("compiling", "training", "training its simpler forms", "predicting", "scoring")


class NothingToEvaluate(ValueError):
    """Too few climbers have enough days, or the split leaves nothing to predict."""


def evaluate(
    *,
    data: GroupedData,
    priors: HierarchicalPriors,
    split: float = DEFAULT_SPLIT,
    sampler: SamplerSettings | None = None,
    seed: int = FIT_SEED,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Scorecard:
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
        Share of each climber's sessions that trains (rounded up), between 0 and 1.
    sampler
        NUTS settings; None for the Laplace approximation, which the sampler agrees with to the second digit.
    seed
        Of the population's draws, and of the ties that a rating's PIT breaks.
    on_stage
        Told the name of each stage as it begins.

    Raises
    ------
    NothingToEvaluate
        Fewer than two climbers with 30 sessions, or no session left to train on or to predict.
    """
    kept = long_enough(data=data, n_sessions=FEWEST_DAYS)
    parts = chronological_split(data=kept, share=split)
    if not (parts.train.any() and parts.test.any()):
        raise NothingToEvaluate(
            f"a split of {split:g} leaves nothing to {'predict' if split > 0.5 else 'train on'}"
        )
    training = rows_of(data=kept, rows=parts.train)
    on_stage(STAGES[0])
    compile_loops()
    on_stage(STAGES[1])
    result = fit(data=training, priors=priors, sampler=sampler, seed=seed)
    on_stage(STAGES[2])
    static = fit(data=training, priors=priors, drift="none", own_rhythm=False, seed=seed)
    plain = fit(data=training, priors=priors, own_rhythm=False, seed=seed)
    on_stage(STAGES[3])
    outcome = kept.outcome[parts.test]
    served = one_step_ahead(data=kept, trained=result.population, rows=parts.test)
    rivals = {
        "static_mixed": one_step_ahead(data=kept, trained=static.population, rows=parts.test),
        **baselines(data=kept, split=parts),
    }
    forecasts = {
        "climbiq": served,
        "climbiq_unrounded": served.in_steps(rating_step=NO_STEP),
        "climbiq_as_shown": served.as_one_normal(),
        "climbiq_one_rhythm": one_step_ahead(data=kept, trained=plain.population, rows=parts.test),
        **rivals,
    }
    on_stage(STAGES[4])
    transforms = served.pit(outcome=outcome, rng=np.random.default_rng(seed))
    owner = np.repeat(np.arange(kept.n_groups), np.diff(kept.start))[parts.test]
    held = [served.covered(outcome=outcome, level=level) for level in LEVELS]
    return Scorecard(
        scores={name: score(predictive=p, outcome=outcome) for name, p in forecasts.items()},
        rounded={
            name: score(predictive=p.in_steps(rating_step=served.rating_step), outcome=outcome)
            for name, p in rivals.items()
            if served.rating_step.any() and not p.rating_step.any()
        },
        calibration=tuple((q, float(inside.mean())) for q, inside in zip(LEVELS, held, strict=True)),
        calibration_n=tuple(independent_cases(inside=inside, owner=owner) for inside in held),
        pit=tuple((np.histogram(transforms, bins=PIT_BINS, range=(0.0, 1.0))[0] / outcome.size).tolist()),
        split=split,
        seed=seed,
        n_climbers=kept.n_groups,
        n_training=int(parts.train.sum()),
        n_test=int(parts.test.sum()),
        notes=_left_out(data, kept) + result.notes,
    )


def one_step_ahead(*, data: GroupedData, trained: TrainedPopulation, rows: NDArray[np.bool_]) -> Predictive:
    """What the trained population predicts for the chosen rows, each from the climber's earlier ones."""
    everything = predict_with_rhythms(
        data=data,
        prior=trained.draws.as_prior(),
        rhythms=trained.rhythms,
        rating_step=trained.rating_step,
    )
    return everything.of(rows=rows)


def long_enough(*, data: GroupedData, n_sessions: int) -> GroupedData:
    """Only climbers with at least ``n_sessions`` sessions."""
    counts = np.diff(data.start)
    keep = np.repeat(counts >= n_sessions, counts)
    enough = int((counts >= n_sessions).sum())
    if enough < FEWEST_CLIMBERS:
        raise NothingToEvaluate(
            f"{enough} of {counts.size} climbers {'has' if enough == 1 else 'have'} {n_sessions} sessions or more;"
            f" at least {FEWEST_CLIMBERS} are needed"
        )
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


def _left_out(data: GroupedData, kept: GroupedData) -> tuple[str, ...]:
    short = data.n_groups - kept.n_groups
    return (f"{short} climbers with fewer than {FEWEST_DAYS} sessions left out",) if short else ()
