"""A trained population as JSON: what a run stores and publishes, and serving reads back number for number."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modeling.domain.drift import Drift, InvalidDrift
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import InvalidDraws, PopulationDraws
from modeling.domain.rating_scale import InvalidRatingStep
from modeling.domain.rhythm import InvalidRhythms, Rhythm, RhythmPrior

Floats = NDArray[np.float64]

FORMAT: Final = 2
BEFORE_HALVES: Final = 1  # knew whole ratings or none; read, never written


class DamagedPopulation(ValueError):
    """What was stored is not, or is no longer, a trained population; the message says where."""


class UnknownFormat(DamagedPopulation):
    """Written by another version of the program, which must read it."""


def as_json(*, trained: TrainedPopulation) -> dict[str, Any]:
    """Everything that serving needs, as JSON; floats keep every bit.

    An infinite half-life is null: JSON has no infinity. The digest covers every number and name, so that a value
    changed by hand is noticed when it is read.

    Examples
    --------
    >>> draws = PopulationDraws(("intercept",), np.array([[5.1]]), np.array([[1.0]]), np.array([0.9]))
    >>> rhythms = RhythmPrior((Rhythm(Drift(0.02, 45.0), 1.0),), np.ones(1))
    >>> stored = as_json(trained=TrainedPopulation(draws, rhythms, 1.0))
    >>> stored["beta"], stored["rhythms"]
    ([[5.1]], [{'rate_per_day': 0.02, 'half_life_days': 45.0, 'noise_scale': 1.0, 'weight': 1.0}])
    """
    draws, rhythms = trained.draws, trained.rhythms
    return {
        "format": FORMAT,
        "names": list(draws.names),
        "beta": draws.beta.tolist(),
        "tau": draws.tau.tolist(),
        "sigma": draws.sigma.tolist(),
        "rhythms": [
            {
                "rate_per_day": float(r.drift.rate_per_day),
                "half_life_days": None if r.drift.is_random_walk else float(r.drift.half_life_days),
                "noise_scale": float(r.noise_scale),
                "weight": weight,
            }
            for r, weight in zip(rhythms.rhythms, rhythms.weight.tolist(), strict=True)
        ],
        "rating_step": float(trained.rating_step),
        "digest": _digest(trained, str(float(trained.rating_step))),
    }


def from_json(*, stored: Mapping[str, Any]) -> TrainedPopulation:
    """Read a population back, or say what is wrong with it.

    Raises
    ------
    UnknownFormat
        Its format number is not this program's.
    DamagedPopulation
        A part is missing, is no number, does not fit the others, or was changed after it was written.

    Examples
    --------
    >>> from_json(stored={"format": 2, "names": ["intercept"]})
    Traceback (most recent call last):
    modeling.domain.stored_population.DamagedPopulation: beta is missing
    """
    if not isinstance(stored, Mapping):
        raise DamagedPopulation(f"expected an object, got {type(stored).__name__}")
    found = stored.get("format")
    if found not in (BEFORE_HALVES, FORMAT) or isinstance(found, bool):
        raise UnknownFormat(f"format {found!r}, this program reads {FORMAT}")
    names = _names(stored)
    beta, tau = (_numbers(_part(stored, part, list), part, 2) for part in ("beta", "tau"))
    sigma = _numbers(_part(stored, "sigma", list), "sigma", 1)
    if found == BEFORE_HALVES:
        scale: object = _part(stored, "whole_numbers", bool)
        step = float(bool(scale))
    else:
        scale = step = float(_numbers([_part(stored, "rating_step", int | float)], "rating_step", 1)[0])
    rhythms = [_rhythm(entry, i) for i, entry in enumerate(_part(stored, "rhythms", list))]
    try:
        trained = TrainedPopulation(
            draws=PopulationDraws(names, beta, tau, sigma),
            rhythms=RhythmPrior(tuple(r for r, _ in rhythms), np.array([w for _, w in rhythms])),
            rating_step=step,
        )
    except (InvalidDraws, InvalidRatingStep, InvalidRhythms) as error:
        raise DamagedPopulation(str(error)) from None
    if _part(stored, "digest", str) != _digest(trained, str(scale)):
        raise DamagedPopulation("the digest does not fit: a value was changed after it was written")
    return trained


def _part(stored: Mapping[str, Any], name: str, kind: type | UnionType) -> Any:
    if name not in stored:
        raise DamagedPopulation(f"{name} is missing")
    value = stored[name]
    if not isinstance(value, kind):
        expected = getattr(kind, "__name__", "number")
        raise DamagedPopulation(f"{name} is {type(value).__name__}, expected {expected}")
    return value


def _names(stored: Mapping[str, Any]) -> tuple[str, ...]:
    names = _part(stored, "names", list)
    if not names or not all(isinstance(n, str) for n in names) or len(set(names)) != len(names):
        raise DamagedPopulation("names must be different texts")
    return tuple(names)


def _numbers(values: Sequence[Any], what: str, dimensions: int) -> Floats:
    """An array of finite numbers; texts, booleans and nulls are none."""
    try:
        raw = np.array(values, dtype=object)
        plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in raw.ravel())
        numbers = raw.astype(np.float64) if plain else None
    except (ValueError, OverflowError):  # rows of different lengths; an integer beyond every float
        numbers = None
    if numbers is None or numbers.ndim != dimensions or not np.isfinite(numbers).all():
        raise DamagedPopulation(f"{what} is no {dimensions}-dimensional array of finite numbers")
    return numbers


def _rhythm(entry: Any, position: int) -> tuple[Rhythm, float]:
    where = f"rhythms[{position}]"
    if not isinstance(entry, Mapping):
        raise DamagedPopulation(f"{where} is no object")
    given = {key: entry.get(key) for key in ("rate_per_day", "half_life_days", "noise_scale", "weight")}
    if given["half_life_days"] is None and "half_life_days" in entry:
        given["half_life_days"] = 0.0  # stands for infinity below; 0 itself is no half-life
    rate, half_life, noise_scale, weight = _numbers(list(given.values()), where, 1).tolist()
    if noise_scale <= 0.0:
        raise DamagedPopulation(f"{where}: the noise's scale must be positive")
    try:
        drift = Drift(rate, math.inf if entry["half_life_days"] is None else half_life)
    except InvalidDrift as error:
        raise DamagedPopulation(f"{where}: {error}") from None
    return Rhythm(drift, noise_scale), weight


def _digest(trained: TrainedPopulation, scale: str) -> str:
    """SHA-256 of names, scale of ratings and numbers.

    Adding 0.0 makes -0.0 and 0.0 the same: databases do not tell them apart.
    """
    draws, rhythms = trained.draws, trained.rhythms
    told = hashlib.sha256("\n".join((*draws.names, scale)).encode())
    grid = [(r.drift.rate_per_day, r.drift.half_life_days, r.noise_scale) for r in rhythms.rhythms]
    for numbers in (draws.beta, draws.tau, draws.sigma, np.array(grid), rhythms.weight):
        told.update(str(numbers.shape).encode())
        told.update((np.ascontiguousarray(numbers, dtype="<f8") + 0.0).tobytes())
    return told.hexdigest()
