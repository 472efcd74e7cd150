"""What a run learnt of climbers in general, beside what it started from: for the pictures on its page.

Coefficients are told in points of quality for a typical difference between days, so that hours of sleep and
milligrams of caffeine stand on one axis; kinds of sessions against the reference kind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import INTERCEPT
from modeling.domain.population import PopulationDraws
from modeling.domain.session_kind import FAMILIES, INTENSITY, read_name

Floats = NDArray[np.float64]

# The ends of the central 95 % and 50 %, and the middle.
PROBABILITIES: Final = (0.025, 0.25, 0.5, 0.75, 0.975)
_NORMAL: Final[Floats] = ndtri(PROBABILITIES)
_HALF_NORMAL: Final[Floats] = ndtri((1.0 + np.array(PROBABILITIES)) / 2.0)  # of |z|
_MEAN_OF_HALF_NORMAL: Final = math.sqrt(2.0 / math.pi)


class UnreadableLearnt(ValueError):
    """Stored numbers that are no summary of this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A quantity's mean with its central 50 % and 95 % intervals, points of quality."""

    mean: float
    half: tuple[float, float]
    most: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One quantity before and after the run.

    Attributes
    ----------
    label, per
        In words, and for how much of it: ``"Sleep"``, ``"per 1.2 h"``.
    is_kind
        Whether it is of a kind of session, and not of a condition.
    before, after
        Its average over climbers: the prior and what was learnt.
    spread_before, spread_after
        How far climbers lie apart (SD); None where they are taken not to differ.
    """

    name: str
    label: str
    per: str
    is_kind: bool
    before: Believed
    after: Believed
    spread_before: Believed | None = None
    spread_after: Believed | None = None


def learnt_as_json(*, draws: PopulationDraws) -> dict[str, Any]:
    """Means and quantiles over all draws, in natural units, for the run's record.

    Examples
    --------
    >>> draws = PopulationDraws(("intercept",), np.array([[5.0], [6.0], [7.0]]), np.ones((3, 1)), np.full(3, 0.9))
    >>> learnt_as_json(draws=draws)["effects"]
    {'intercept': [6.0, 5.05, 5.5, 6.0, 6.5, 6.95]}
    """
    varies = draws.tau.max(axis=0) > 0.0
    return {
        "probabilities": list(PROBABILITIES),
        "effects": {name: _told(draws.beta[:, k]) for k, name in enumerate(draws.names)},
        "spreads": {name: _told(draws.tau[:, k]) for k, name in enumerate(draws.names) if varies[k]},
        "noise": _told(draws.sigma),
    }


def learnt_from_json(*, stored: Mapping[str, Any], priors: Mapping[str, Any]) -> tuple[Learnt, ...]:
    """Every coefficient before and after, in the design's order, the noise of a session last.

        before: N(mean, sd²),   spread before: HalfNormal(individual_sd),   noise: sqrt(floor² + HalfNormal²)

    Parameters
    ----------
    stored
        Of :func:`learnt_as_json`.
    priors
        The run's record of its priors: `names`, `mean`, `sd`, `individual_sd`, `noise_sd`, `noise_floor`.

    Raises
    ------
    UnreadableLearnt
        Something is missing, or of another kind.

    Examples
    --------
    >>> stored = {"probabilities": list(PROBABILITIES), "spreads": {}, "noise": [1.0, 0.9, 0.9, 1.0, 1.1, 1.1],
    ...           "effects": {"caffeine_mg": [0.004, 0.001, 0.003, 0.004, 0.005, 0.007]}}
    >>> caffeine, _ = learnt_from_json(stored=stored, priors={
    ...     "names": ["caffeine_mg"], "mean": [0.003], "sd": [0.002], "individual_sd": [0.0],
    ...     "noise_sd": 1.3, "noise_floor": 0.05})
    >>> caffeine.label, caffeine.per, round(caffeine.before.mean, 6), caffeine.after.half
    ('Caffeine', 'per 100 mg', 0.3, (0.3, 0.5))
    """
    try:
        if tuple(stored["probabilities"]) != PROBABILITIES:
            raise UnreadableLearnt(f"quantiles at {stored['probabilities']}")
        columns = (priors[part] for part in ("names", "mean", "sd", "individual_sd"))
        rows = [
            _coefficient(name, mean, sd, individual_sd, stored)
            for name, mean, sd, individual_sd in zip(*columns, strict=True)
        ]
        floor, noise = priors["noise_floor"], priors["noise_sd"]
        before = _believed([noise * _MEAN_OF_HALF_NORMAL, *np.hypot(floor, noise * _HALF_NORMAL)])
        return (*rows, _noise(before, _believed(stored["noise"])))
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableLearnt(f"{type(error).__name__}: {error}") from None


def in_words(name: str) -> tuple[str, str]:
    """What a coefficient is of, and for how much of it.

    >>> in_words("sleep_hours"), in_words("type:power×stress_level"), in_words("intensity:max")
    (('Sleep', 'per 1.2 h'), ('Power × stress', 'per 0.9 points'), ('Max intensity', 'against moderate'))
    """
    if name == INTERCEPT:
        return "Usual quality", "of 10"
    if name in VARIABLES:
        return VARIABLES[name].label, _per(name)
    column = read_name(name)
    family = FAMILIES[column.variable]
    kind = family.vocabulary[column.kind]
    if column.moderator is not None:
        return f"{kind} × {VARIABLES[column.moderator].label.lower()}", _per(column.moderator)
    label = f"{kind} intensity" if column.variable == INTENSITY else kind
    return label, f"against {family.vocabulary[family.reference].lower()}"


def _coefficient(
    name: str, mean: float, sd: float, individual_sd: float, stored: Mapping[str, Any]
) -> Learnt:
    label, per = in_words(name)
    unit = _typical_difference(name)
    is_kind = name != INTERCEPT and name not in VARIABLES
    before = [mean, *(mean + sd * _NORMAL)]
    spread_before = [individual_sd * _MEAN_OF_HALF_NORMAL, *(individual_sd * _HALF_NORMAL)]
    return Learnt(
        name=name,
        label=label,
        per=per,
        is_kind=is_kind,
        before=_believed(before, unit),
        after=_believed(stored["effects"][name], unit),
        spread_before=_believed(spread_before, unit) if individual_sd else None,
        spread_after=_believed(stored["spreads"][name], unit) if individual_sd else None,
    )


def _noise(before: Believed, after: Believed) -> Learnt:
    return Learnt(
        name="noise",
        label="Days that look alike differ by",
        per="SD",
        is_kind=False,
        before=before,
        after=after,
    )


def _typical_difference(name: str) -> float:
    if name in VARIABLES:
        return float(VARIABLES[name].spread)
    moderator = None if name == INTERCEPT else read_name(name).moderator
    return 1.0 if moderator is None else float(VARIABLES[moderator].spread)


def _per(name: str) -> str:
    return f"per {VARIABLES[name].spread:g} {VARIABLES[name].unit}"


def _told(values: Floats) -> list[float]:
    return [float(values.mean()), *np.quantile(values, PROBABILITIES).tolist()]


def _believed(numbers: Sequence[float], unit: float = 1.0) -> Believed:
    mean, low_95, low_50, _, high_50, high_95 = (unit * float(number) for number in numbers)
    return Believed(mean=mean, half=(low_50, high_50), most=(low_95, high_95))
