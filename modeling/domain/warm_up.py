"""Compiles what an evaluation runs, before it does: the first time on a machine, this is what takes long."""

from __future__ import annotations

import numpy as np

from modeling.domain.baselines import Split, baselines
from modeling.domain.drift import Drift
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rolling import predict_one_step_ahead
from modeling.domain.statistics import group_data
from modeling.domain.training import fit

CLIMBERS, SESSIONS = 2, 4


def compile_loops() -> None:
    """Run every compiled loop once on a handful of sessions; what is on disk already is only loaded."""
    rng = np.random.default_rng(1)
    n = CLIMBERS * SESSIONS
    data = group_data(
        outcome=rng.normal(6.0, 1.0, n),
        design=np.column_stack([np.ones(n), rng.normal(size=n)]),
        group=np.repeat(np.arange(CLIMBERS), SESSIONS),
    )
    priors = HierarchicalPriors(("intercept", "x"), np.array([6.0, 0.0]), np.ones(2), np.ones(2))
    trained = fit(data=data, priors=priors, drift=Drift(0.1, 7.0), own_rhythm=False).population
    predict_one_step_ahead(data=data, prior=trained.draws.as_prior(), drift=Drift(0.1, 7.0))
    train = np.tile(np.arange(SESSIONS) < SESSIONS // 2, CLIMBERS)
    baselines(data=data, split=Split(train=train, test=~train))
