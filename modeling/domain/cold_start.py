"""How soon does it know a climber? Climbers left out of training, predicted after n own sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.domain.evaluation import rows_of
from modeling.domain.mode import PopulationMode
from modeling.domain.personal import TrainedPopulation, personal_posterior
from modeling.domain.predictive import Predictive, normal_predictive, score
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.scorecard import ColdStart
from modeling.domain.statistics import GroupedData
from modeling.domain.training import FEWEST_CLIMBERS, FIT_SEED, fit

Floats = NDArray[np.float64]

OWN_SESSIONS = (0, 1, 3, 5, 10, 30, 60)
HORIZON_SESSIONS = 20
FOLDS = 5


def cold_start_curve(
    *,
    data: GroupedData,
    priors: HierarchicalPriors,
    own_sessions: Sequence[int] = OWN_SESSIONS,
    folds: int = FOLDS,
    seed: int = FIT_SEED,
    on_stage: Callable[[str], None] = lambda _: None,
) -> tuple[ColdStart, ...]:
    """Leave every climber out once; after n of their sessions predict the next twenty, without learning on.

    No curve without two climbers to train on whoever is left out, nor where nobody has twenty sessions
    (:func:`why_no_curve` says which).

    The rival predicts (n ȳ + k m) / (n + k) with k = sigma² / tau² estimated from the climbers who train.

    Parameters
    ----------
    data
        Sessions ordered by climber and day.
    priors
        Priors in the design's column order.
    own_sessions
        The n to report; climbers with fewer than n + 20 sessions do not count there.
    folds
        Groups of climbers left out together.
    seed
        Of the population's draws.
    on_stage
        Told the name of each stage as it begins.
    """
    if why_no_curve(data=data):
        return ()
    counts = np.diff(data.start)
    fold_of = np.arange(data.n_groups) % min(folds, data.n_groups)
    found: dict[int, list[tuple[Predictive, Predictive, Floats]]] = {n: [] for n in own_sessions}
    for fold in range(int(fold_of.max()) + 1):
        on_stage(f"cold start, climbers left out {fold + 1} of {int(fold_of.max()) + 1}")
        others = rows_of(data=data, rows=np.repeat(fold_of != fold, counts))
        result = fit(data=others, priors=priors, seed=seed)
        rival = _intercept_only(others, priors)
        for u in np.flatnonzero(fold_of == fold):
            for n in own_sessions:
                if counts[u] >= n + HORIZON_SESSIONS:
                    found[n].append(_after(data, int(u), n, result.population, rival))
    return tuple(_summarised(n, cases) for n, cases in found.items() if cases)


def why_no_curve(*, data: GroupedData) -> str | None:
    """Why nobody can be left out, for a note; None where there is a curve.

    >>> from modeling.domain.statistics import group_data
    >>> two = group_data(outcome=np.ones(50), design=np.ones((50, 1)), group=np.repeat([0, 1], 25))
    >>> why_no_curve(data=two)
    'no cold-start curve: of 2 climbers one left out leaves fewer than 2 to train on'
    """
    if data.n_groups <= FEWEST_CLIMBERS:
        return (
            f"no cold-start curve: of {data.n_groups} climbers one left out leaves fewer than"
            f" {FEWEST_CLIMBERS} to train on"
        )
    if np.diff(data.start).max() < HORIZON_SESSIONS:
        return f"no cold-start curve: nobody has {HORIZON_SESSIONS} sessions"
    return None


def _after(
    data: GroupedData, u: int, n: int, trained: TrainedPopulation, rival: PopulationMode
) -> tuple[Predictive, Predictive, Floats]:
    rows = data.rows(group=u)
    past, ahead = slice(rows.start, rows.start + n), slice(rows.start + n, rows.start + n + HORIZON_SESSIONS)
    posterior = personal_posterior(
        trained=trained, design=data.design[past], outcome=data.outcome[past], day=data.day[past]
    )
    last = data.day[past][-1] if n else data.day[ahead][0]
    each = [
        posterior.predictive(design_row=row, days_since_last=float(day - last))
        for row, day in zip(data.design[ahead], data.day[ahead], strict=True)
    ]
    ours = Predictive(
        np.concatenate([p.mean for p in each]),
        np.concatenate([p.sd for p in each]),
        np.concatenate([p.weight for p in each]),
        np.concatenate([p.rating_step for p in each]),
    )
    k = rival.sigma**2 / max(float(rival.tau[0]) ** 2, 1e-12)
    mean = (data.outcome[past].sum() + k * rival.beta[0]) / (n + k)
    sd = np.sqrt(rival.sigma**2 * (1.0 + 1.0 / (n + k)))
    size = data.outcome[ahead].size
    theirs = normal_predictive(
        mean=np.full(size, mean), sd=np.full(size, sd), rating_step=posterior.rating_step
    )
    return ours, theirs, data.outcome[ahead]


def _intercept_only(data: GroupedData, priors: HierarchicalPriors) -> PopulationMode:
    """The random-intercept model of the rival: overall mean, spread between climbers, noise."""
    only = GroupedData(data.outcome, data.design[:, :1], data.start, data.day, data.labels, data.order)
    first = HierarchicalPriors(
        priors.names[:1],
        priors.mean[:1],
        priors.sd[:1],
        priors.individual_sd[:1],
        priors.noise_sd,
        priors.noise_floor,
    )
    return fit(data=only, priors=first, drift="none", own_rhythm=False).mode


def _summarised(n: int, cases: list[tuple[Predictive, Predictive, Floats]]) -> ColdStart:
    """Scores over all climbers; folds may have different numbers of rhythms, so they are scored apart."""
    size = sum(outcome.size for _, _, outcome in cases)
    ours = [score(predictive=p, outcome=y) for p, _, y in cases]
    theirs = [score(predictive=p, outcome=y) for _, p, y in cases]
    weight = np.array([s.n for s in ours]) / size
    return ColdStart(
        n_own=n,
        n_climbers=len(cases),
        n_sessions=size,
        mae=float(weight @ np.array([s.mae for s in ours])),
        crps=float(weight @ np.array([s.crps for s in ours])),
        shrunken_mean_mae=float(weight @ np.array([s.mae for s in theirs])),
        shrunken_mean_crps=float(weight @ np.array([s.crps for s in theirs])),
    )
