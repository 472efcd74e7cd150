"""How conditions and responses are spread over climbers, each climber counting once however often they log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.population import PopulationDraws

Floats = NDArray[np.float64]

FEWEST_CLIMBERS: Final = 20  # fewer could be recognised
RESPONSE_SUFFIX: Final = "_coefficient"
PROBABILITIES: Final = tuple(np.round(np.linspace(0.01, 0.99, 99), 2).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One quantity over climbers.

    Attributes
    ----------
    counts
        Scale point → how many climbers' worth of sessions, for scales; None for continuous quantities.
    """

    name: str
    n_climbers: int
    n_values: int
    mean: float
    std: float
    quantiles: tuple[tuple[float, float], ...]
    counts: Mapping[float, float] | None


def condition_spreads(
    *, climbers: Sequence[Sequence[TreatedSession]], names: Sequence[str]
) -> tuple[Spread, ...]:
    """Spread of each condition over all sessions, weighted 1/n within a climber.

    Conditions that fewer than 20 climbers state are left out.
    """
    found = []
    for name in names:
        values: list[float] = []
        weights: list[float] = []
        n_climbers = 0
        for sessions in climbers:
            stated = [float(v) for s in sessions if (v := s.conditions.get(name)) is not None]
            if stated:
                n_climbers += 1
                values += stated
                weights += [1.0 / len(stated)] * len(stated)
        if n_climbers >= FEWEST_CLIMBERS:
            found.append(_spread(name, n_climbers, np.array(values), np.array(weights)))
    return tuple(found)


def response_spreads(*, population: PopulationDraws, n_climbers: int) -> tuple[Spread, ...]:
    """How climbers' true coefficients are spread, as `<variable>_coefficient`: what serves says it, not their means.

        mean = E beta_k,   std = sqrt(E tau_k²),   quantile(p) = mean + std Phi^-1(p)

    The posterior means of climbers lie closer together than their coefficients do: they are shrunken. Effects that
    are taken to be the same for all have no spread, and fewer than 20 climbers are not told of.

    Parameters
    ----------
    population
        Draws of the population that is published.
    n_climbers
        Climbers it was learnt from.
    """
    if n_climbers < FEWEST_CLIMBERS:
        return ()
    mean, std = population.beta.mean(axis=0), np.sqrt((population.tau**2).mean(axis=0))
    standard = ndtri(np.array(PROBABILITIES))
    return tuple(
        Spread(
            name=f"{name}{RESPONSE_SUFFIX}",
            n_climbers=n_climbers,
            n_values=n_climbers,
            mean=float(mean[k]),
            std=float(std[k]),
            quantiles=tuple(zip(PROBABILITIES, (mean[k] + std[k] * standard).tolist(), strict=True)),
            counts=None,
        )
        for k, name in enumerate(population.names)
        if name in VARIABLES and std[k] > 0.0
    )


def weighted_quantiles(*, values: Floats, weights: Floats, probabilities: Sequence[float]) -> list[float]:
    """The values below which the given shares of the weight lie (inverse of the weighted distribution function).

    >>> import numpy as np
    >>> weighted_quantiles(values=np.array([1.0, 2.0]), weights=np.array([3.0, 1.0]), probabilities=[0.5, 0.9])
    [1.0, 2.0]
    """
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    positions = np.searchsorted(cumulative, np.asarray(probabilities) * cumulative[-1], side="left")
    return [float(v) for v in values[order][np.minimum(positions, len(values) - 1)]]


def _spread(name: str, n_climbers: int, values: Floats, weights: Floats) -> Spread:
    mean = float(np.average(values, weights=weights))
    std = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    variable = VARIABLES.get(name)
    counts = None
    if variable is not None and variable.unit == "points":
        points, inverse = np.unique(values, return_inverse=True)
        counts = {float(p): float(c) for p, c in zip(points, np.bincount(inverse, weights), strict=True)}
    quantiles = weighted_quantiles(values=values, weights=weights, probabilities=PROBABILITIES)
    return Spread(
        name=name,
        n_climbers=n_climbers,
        n_values=len(values),
        mean=mean,
        std=std,
        quantiles=tuple(zip(PROBABILITIES, quantiles, strict=True)),
        counts=counts,
    )
