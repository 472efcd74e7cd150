"""The record of a training run, without a night: what it started from, and what it could have learnt."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeling.domain.drift import Drift
from modeling.domain.learnt import learnt_as_json
from modeling.domain.learnt_rhythms import rhythms_as_json
from modeling.domain.population import PopulationDraws
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.session_kind import kind_names, kind_priors, with_kinds
from modeling.domain.training_data import hierarchical_priors

KINDS = (
    {"session_type": "project", "session_intensity": "high"},
    {"session_type": "power", "session_intensity": "max"},
)
RHYTHMS = RhythmPrior((Rhythm(Drift(0.0), 0.5), Rhythm(Drift(0.1, 7.0), 1.5)), np.array([0.25, 0.75]))
HELD_OUT = {
    "model_crps": 0.52,
    "person_mean_crps": 0.71,
    "n_sessions": 100,
    "coverage": {"50": 0.5, "80": 0.78, "90": 0.9, "95": 0.96},
}
DIAGNOSTICS = {
    "max_rhat": 1.003,
    "min_bulk_ess": 1900.0,
    "min_tail_ess": 1500.0,
    "divergences": 0,
    "n_draws": 2400,
    "prior_inside": 0.93,
}


def made_priors(*, kinds: bool = True) -> HierarchicalPriors:
    """The literature's, with the kinds of sessions that occurred."""
    names = kind_names(conditions=KINDS) if kinds else ()
    return with_kinds(priors=hierarchical_priors(priors={}), kinds=kind_priors(names=names))


def made_draws(priors: HierarchicalPriors, *, n: int = 400) -> PopulationDraws:
    """Near the priors' means and surer than they were."""
    rng = np.random.default_rng(8)
    p = len(priors.names)
    centre = priors.mean + priors.sd * rng.normal(0.0, 0.7, p)
    beta = centre + priors.sd * rng.uniform(0.15, 0.7, p) * rng.normal(size=(n, p))
    tau = priors.individual_sd * np.exp(rng.normal(-0.4, 0.2, (n, p)))
    return PopulationDraws(priors.names, beta, tau, rng.normal(1.05, 0.03, n))


def record_of_a_run(*, kinds: bool = True) -> dict[str, Any]:
    """Values of the columns of `training_runs` that its page shows."""
    priors = made_priors(kinds=kinds)
    return {
        "n_climbers": 20,
        "n_sessions": 400,
        "prior_version": 1,
        "durations": {"reading": 0.1, "sampling": 9.0},
        "diagnostics": DIAGNOSTICS,
        "held_out": HELD_OUT,
        "climbers": {"phases": {"cold_start": 2, "learning": 18}, "shrinkage_quartiles": [0.3, 0.4, 0.5]},
        "priors": {
            "version": 1,
            "names": list(priors.names),
            "mean": priors.mean.tolist(),
            "sd": priors.sd.tolist(),
            "individual_sd": priors.individual_sd.tolist(),
            "noise_sd": priors.noise_sd,
            "noise_floor": priors.noise_floor,
        },
        "learnt": learnt_as_json(draws=made_draws(priors))
        | {"time": rhythms_as_json(profiled=Drift(0.024, 41.0), rhythms=RHYTHMS)},
    }
