"""How fast levels drift and how noisy sessions are: what a run learnt of time, for its record and its page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modeling.domain.drift import Drift, InvalidDrift
from modeling.domain.rhythm import RhythmPrior


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntRhythm:
    """A rhythm and the share of climbers that have it."""

    drift: Drift
    noise_scale: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntRhythms:
    """The population's profiled drift, and the climbers' own rhythms, the most common first."""

    profiled: Drift
    rhythms: tuple[LearntRhythm, ...]


def rhythms_as_json(*, profiled: Drift, rhythms: RhythmPrior) -> dict[str, Any]:
    """For the run's record; a half-life that is infinite is null.

    >>> import numpy as np
    >>> from modeling.domain.rhythm import Rhythm
    >>> told = rhythms_as_json(profiled=Drift(0.02), rhythms=RhythmPrior((Rhythm(Drift(0.1, 7.0), 0.5),), np.ones(1)))
    >>> told["drift"]
    {'rate_per_day': 0.02, 'half_life_days': None}
    >>> rhythms_from_json(stored={"time": told}).rhythms
    (LearntRhythm(drift=Drift(rate_per_day=0.1, half_life_days=7.0), noise_scale=0.5, weight=1.0),)
    """
    return {
        "drift": _drift_as_json(profiled),
        "rhythms": [
            {**_drift_as_json(r.drift), "noise_scale": r.noise_scale, "weight": weight}
            for r, weight in zip(rhythms.rhythms, rhythms.weight.tolist(), strict=True)
        ],
    }


def rhythms_from_json(*, stored: Mapping[str, Any] | None) -> LearntRhythms | None:
    """Read them from what a run learnt; None where it holds none, or none that can be read."""
    try:
        told = (stored or {})["time"]
        found = [
            LearntRhythm(drift=_drift(r), noise_scale=float(r["noise_scale"]), weight=float(r["weight"]))
            for r in told["rhythms"]
        ]
        return LearntRhythms(
            profiled=_drift(told["drift"]), rhythms=tuple(sorted(found, key=lambda r: -r.weight))
        )
    except (KeyError, TypeError, ValueError, InvalidDrift):
        return None


def _drift_as_json(drift: Drift) -> dict[str, float | None]:
    half_life = drift.half_life_days
    return {
        "rate_per_day": drift.rate_per_day,
        "half_life_days": half_life if math.isfinite(half_life) else None,
    }


def _drift(told: Mapping[str, Any]) -> Drift:
    half_life = told["half_life_days"]
    return Drift(float(told["rate_per_day"]), math.inf if half_life is None else float(half_life))
