"""From the table of population priors to the normal prior over one climber's coefficients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from climbiq.domain.literature import QUALITY_PRIORS, rests_on_studies
from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.design_matrix import COEFFICIENTS
from modeling.domain.posterior import GaussianPrior, InvalidPrior


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationPrior:
    """One row of `population_priors`: what one unit of a variable's dose is worth before own sessions.

    Attributes
    ----------
    mean, sd
        Average coefficient over climbers and how uncertain that average is, quality points per unit.
    individual_sd
        Standard deviation of climbers around the average (the column's name says variance).
    optimal_min, optimal_max
        Where advice stays, in natural units; None: as registered.
    version
        0 for the literature as it ships.
    literature, coach_scenarios
        Whether studies stand behind it, and how many scenarios coaches judged for it.
    """

    mean: float
    sd: float
    individual_sd: float
    optimal_min: float | None = None
    optimal_max: float | None = None
    version: int = 0
    literature: bool = True
    coach_scenarios: int = 0

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise InvalidPrior(f"a population mean must be finite, got {self.mean}")
        if not all(math.isfinite(sd) and sd >= 0.0 for sd in (self.sd, self.individual_sd)):
            raise InvalidPrior(f"standard deviations must be finite, got {self.sd} and {self.individual_sd}")


@cache
def literature_priors() -> Mapping[str, PopulationPrior]:
    """The priors before any coach or session has spoken.

    >>> literature_priors()["caffeine_mg"].mean
    0.003
    """
    found = {}
    for name in MODEL_VARIABLES:
        entry, registered = VARIABLES[name].prior, VARIABLES[name].optimal_range
        if entry is None:  # the registry's own test keeps this from happening
            raise InvalidPrior(f"{name} has no prior")
        found[name] = PopulationPrior(
            mean=entry["population_mean"],
            sd=entry["population_std"],
            individual_sd=entry["individual_variance"],
            optimal_min=registered[0] if registered else None,
            optimal_max=registered[1] if registered else None,
            literature=rests_on_studies(entry["sources"]),
        )
    return found


def population_prior(*, priors: Mapping[str, PopulationPrior]) -> GaussianPrior:
    """What is believed about a new climber's coefficients, before their first session.

        intercept ~ N(intercept_mean, intercept_sd² + intercept_individual_sd²)     of QUALITY_PRIORS, like sigma
        coefficient_k ~ N(mean_k, sd_k² + individual_sd_k²), independent

    Parameters
    ----------
    priors
        Variable → prior. Model variables it lacks take the literature's; other names have no column in the
        design matrix and are not used.

    Examples
    --------
    >>> prior = population_prior(priors={})
    >>> prior.names[0], float(prior.mean[0]), float(prior.covariance[0, 0]), prior.sigma
    ('intercept', 5.0, 2.0, 1.3)
    """
    used = [priors.get(name) or literature_priors()[name] for name in MODEL_VARIABLES]
    mean = np.array([QUALITY_PRIORS.intercept_mean, *(p.mean for p in used)])
    variances = [
        QUALITY_PRIORS.intercept_sd**2 + QUALITY_PRIORS.intercept_individual_sd**2,
        *(p.sd**2 + p.individual_sd**2 for p in used),
    ]
    return GaussianPrior(COEFFICIENTS, mean, np.diag(variances), QUALITY_PRIORS.noise_sd)
