"""Scores, not speed: does the lead hold on other data, and against a rival that was tuned?

Prints the table of docs/methods/evaluation.md, *Does it hold elsewhere?* It takes three minutes or so, and so it is not
among what `make bench` measures unasked: `make bench ARGS="modeling_elsewhere"`, or
`python -m tests.bench.modeling_elsewhere [--diary FILE]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.domain.baselines import LEAST_SD, Split, baselines, earlier_average
from modeling.domain.diary import Diary, read_diary
from modeling.domain.drift import Drift
from modeling.domain.evaluation import FEWEST_DAYS, chronological_split, long_enough, one_step_ahead, rows_of
from modeling.domain.predictive import Predictive, normal_predictive
from modeling.domain.rating_scale import common_step
from modeling.domain.simulate import SimulatedDiary, simulate_diary
from modeling.domain.statistics import GroupedData
from modeling.domain.training import fit

Floats = NDArray[np.float64]
Scored = dict[str, tuple[float, float]]  # forecaster → CRPS and MAE

SHARE, SEEDS = 0.6, (7, 8, 9)
ALPHAS, PENALTIES = (0.05, 0.1, 0.2, 0.3, 0.5), (1.0, 10.0, 100.0, 1000.0)
OWN_DRIFTS, OWN_NOISES = (Drift(0.0), Drift(0.03, 45.0), Drift(0.15, 10.0)), (0.6, 1.0, 1.5)
SIMULATED: dict[str, Callable[..., SimulatedDiary]] = {
    "50 × 60, levels as in the demo": partial(simulate_diary, n_climbers=50, n_sessions=60),
    "… no drift": partial(simulate_diary, n_climbers=50, n_sessions=60, drift=Drift(0.0)),
    "… slow drift": partial(simulate_diary, n_climbers=50, n_sessions=60, drift=Drift(0.03, 45.0)),
    "… fast drift": partial(simulate_diary, n_climbers=50, n_sessions=60, drift=Drift(0.15, 10.0)),
    "… random walk": partial(simulate_diary, n_climbers=50, n_sessions=60, drift=Drift(0.03)),
    "… quality not rounded": partial(simulate_diary, n_climbers=50, n_sessions=60, whole_numbers=False),
    "… 40 % of the conditions missing": partial(
        simulate_diary, n_climbers=50, n_sessions=60, missing_share=0.4
    ),
    "… rhythms of their own": partial(
        simulate_diary, n_climbers=50, n_sessions=60, drift=OWN_DRIFTS, noise_scales=OWN_NOISES
    ),
    "… and kinds of sessions": partial(
        simulate_diary, n_climbers=50, n_sessions=60, drift=OWN_DRIFTS, noise_scales=OWN_NOISES, kinds=True
    ),
    "300 × 35": partial(simulate_diary, n_climbers=300, n_sessions=35),
    "5 × 40": partial(simulate_diary, n_climbers=5, n_sessions=40),
}


def main() -> int:
    """Print a row for each data set: CRPS of ours and of rivals, then the MAE of ours and of the tuned one."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).parents[3] / "shared" / "data" / "soccermon_team_a.csv"
    parser.add_argument("--diary", type=Path, default=beside, help="a diary file, as for manage.py evaluate")
    path = parser.parse_args().diary
    sys.stdout.write(
        "| data | climbiq | one rhythm | ridge on own EWMA | tuned, rounded | MAE climbiq | MAE tuned |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    for name, scored in (*_of_diary(path), *_of_simulated()):
        crps = " | ".join(f"{scored[who][0]:.3f}" for who in ("climbiq", "one rhythm", "ridge", "tuned"))
        mae = f"{scored['climbiq'][1]:.3f} | {scored['tuned'][1]:.3f}"
        sys.stdout.write(f"| {name} | {crps} | {mae} |\n")
        sys.stdout.flush()
    return 0


def _of_diary(path: Path) -> Iterator[tuple[str, Scored]]:
    """All people of the diary, and each half of them alone; nothing where there is no such file."""
    if not path.exists():
        return
    diary = read_diary(frame=pd.read_csv(path))
    yield "the diary", scores(diary)
    counts = np.diff(diary.data.start)
    for name, half in (("every other person, from the second", 1), ("the others", 0)):
        rows = np.repeat(np.arange(counts.size) % 2 == half, counts)
        yield name, scores(replace(diary, data=rows_of(data=diary.data, rows=rows)))


def _of_simulated() -> Iterator[tuple[str, Scored]]:
    """Means over three diaries of each kind."""
    for name, simulate in SIMULATED.items():
        each = [scores(read_diary(frame=simulate(seed=seed).frame)) for seed in SEEDS]
        yield (
            name,
            {
                who: (float(np.mean([s[who][0] for s in each])), float(np.mean([s[who][1] for s in each])))
                for who in each[0]
            },
        )


def scores(diary: Diary) -> Scored:
    """CRPS and MAE of the test part; what is chosen is chosen inside the training part."""
    data = long_enough(data=diary.data, n_sessions=FEWEST_DAYS)
    split = chronological_split(data=data, share=SHARE)
    training = rows_of(data=data, rows=split.train)
    trained = fit(data=training, priors=diary.priors).population
    plain = fit(data=training, priors=diary.priors, own_rhythm=False).population
    forecasts = {
        "climbiq": one_step_ahead(data=data, trained=trained, rows=split.test),
        "one rhythm": one_step_ahead(data=data, trained=plain, rows=split.test),
        "ridge": baselines(data=data, split=split)["ridge_own_ewma"],
        "tuned": tuned_rival(data=data, split=split, training=training),
    }
    outcome = data.outcome[split.test]
    return {
        who: (float(p.crps(outcome=outcome).mean()), float(np.abs(p.median() - outcome).mean()))
        for who, p in forecasts.items()
    }


def tuned_rival(*, data: GroupedData, split: Split, training: GroupedData) -> Predictive:
    """Ridge on own-EWMA deviations with the smoothing of outcome and conditions and the penalty of least inner CRPS.

    Fitted on the first 60 % of the training part and compared on the rest of it. Each person has a residual SD of their own,
    and where there is a step of rating its forecasts are rounded as ours are.
    """
    inner = chronological_split(data=training, share=SHARE)
    truth = training.outcome[inner.test]
    choices = list(product(ALPHAS, ALPHAS, PENALTIES))
    tried = [_rival(training, inner, *choice).crps(outcome=truth).mean() for choice in choices]
    return _rival(data, split, *choices[int(np.argmin(tried))])


def _rival(data: GroupedData, split: Split, alpha: float, of_conditions: float, penalty: float) -> Predictive:
    columns, outcome, train = data.design[:, 1:], data.outcome, split.train
    usual = earlier_average(columns, data.start, of_conditions, columns[train].mean(axis=0))
    level = earlier_average(outcome[:, None], data.start, alpha, outcome[train].mean(keepdims=True))[:, 0]
    away, target = columns - usual, outcome - level
    scale = away[train].std(axis=0)
    z = (away - away[train].mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)
    offset = target[train].mean()
    gram = z[train].T @ z[train] + penalty * np.eye(z.shape[1])
    mean = level + offset + z @ np.linalg.solve(gram, z[train].T @ (target[train] - offset))
    owner = np.repeat(np.arange(data.n_groups), np.diff(data.start))
    squares = np.bincount(owner[train], weights=(outcome - mean)[train] ** 2, minlength=data.n_groups)
    sd = np.maximum(
        np.sqrt(squares / np.maximum(np.bincount(owner[train], minlength=data.n_groups), 1)), LEAST_SD
    )
    return normal_predictive(
        mean=mean[split.test],
        sd=sd[owner[split.test]],
        rating_step=common_step(outcome=outcome[train]),
    )


if __name__ == "__main__":
    sys.exit(main())
