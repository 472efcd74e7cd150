"""Populations that were trained on kinds of sessions, and climbers for whom kinds truly differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS, TreatedSession, design_matrix
from modeling.domain.population_prior import population_prior
from modeling.domain.posterior import GaussianPrior
from modeling.domain.session_kind import kind_priors

KINDS = (
    "type:project", "type:project×stress_level", "type:project×sleep_hours",
    "type:technique", "type:technique×stress_level", "type:technique×sleep_hours",
    "type:recovery", "type:recovery×stress_level", "type:recovery×sleep_hours",
    "intensity:max", "intensity:low",
)  # fmt: skip
COLUMNS = (*COEFFICIENTS, *KINDS)


def trained_on_kinds(
    means: Mapping[str, float], *, sd: float | Mapping[str, float] = 0.1, names: Sequence[str] = KINDS
) -> GaussianPrior:
    """The literature's prior with kinds' columns: the means given (0 elsewhere), independent."""
    base = population_prior(priors={})
    sds = [sd.get(name, 0.0) if isinstance(sd, Mapping) else sd for name in names]
    p = len(base.names)
    covariance = np.zeros((p + len(names), p + len(names)))
    covariance[:p, :p] = base.covariance
    covariance[range(p, p + len(names)), range(p, p + len(names))] = np.square(sds)
    return GaussianPrior(
        (*base.names, *names),
        np.concatenate([base.mean, [means.get(name, 0.0) for name in names]]),
        covariance,
        base.sigma,
    )


def to_learn(names: Sequence[str] = KINDS) -> GaussianPrior:
    """The prior with kinds' columns as training starts from it."""
    priors = kind_priors(names=names)
    return trained_on_kinds(
        dict(zip(names, priors.mean, strict=True)), sd=dict(zip(names, priors.sd, strict=True)), names=names
    )


def simulated_sessions(
    truth: Mapping[str, float], *, n: int, seed: int, noise: float = 0.8
) -> tuple[TreatedSession, ...]:
    """Sessions whose quality follows the truth: a coefficient by column name, 0 where none is given."""
    random = np.random.default_rng(seed)
    conditions = [
        {name: VARIABLES[name].reference for name in MODEL_VARIABLES}
        | {
            "stress_level": float(random.integers(1, 6)),
            "sleep_hours": float(random.integers(10, 19)) / 2,
            "session_type": str(random.choice(["project", "volume", "technique", "recovery"])),
            "session_intensity": str(random.choice(["max", "moderate", "low"])),
        }
        for _ in range(n)
    ]
    blank = [
        TreatedSession(day=float(i), conditions=c, session_quality=0.0) for i, c in enumerate(conditions)
    ]
    theta = np.array([truth.get(name, 0.0) for name in COLUMNS])
    quality = design_matrix(sessions=blank, columns=COLUMNS).design @ theta + random.normal(0, noise, n)
    return tuple(
        TreatedSession(day=s.day, conditions=s.conditions, session_quality=float(q))
        for s, q in zip(blank, quality, strict=True)
    )
