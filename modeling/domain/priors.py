"""Priors of the hierarchical model, as arrays in the order of the design's columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.literature import QUALITY_PRIORS

Floats = NDArray[np.float64]


class InvalidPriors(ValueError):
    """A prior that is no distribution, or that does not fit the design."""


@dataclass(frozen=True, slots=True)
class HierarchicalPriors:
    """Priors of population effects, climbers' spread and noise; stored with every run.

        beta_k ~ N(mean_k, sd_k²),  tau_k ~ HalfNormal(individual_sd_k)
        sigma² = noise_floor² + s²,  s ~ HalfNormal(noise_sd)

    Attributes
    ----------
    names
        Column names; the first is ``"intercept"``.
    mean, sd
        (p,) prior of the population effects, quality points per natural unit.
    individual_sd
        (p,) scale of the spread between climbers; 0: the same effect for everyone.
    noise_sd
        Scale of the session noise, quality points.
    noise_floor
        Noise that no rating is without; keeps ratings that never change from claiming certainty.
    """

    names: tuple[str, ...]
    mean: Floats
    sd: Floats
    individual_sd: Floats
    noise_sd: float = 1.0
    noise_floor: float = QUALITY_PRIORS.noise_floor

    def __post_init__(self) -> None:
        p = len(self.names)
        if p == 0 or self.names[0] != "intercept":
            raise InvalidPriors("the first column must be the intercept")
        if len(set(self.names)) != p:
            raise InvalidPriors("column names must differ")
        if not (self.mean.shape == self.sd.shape == self.individual_sd.shape == (p,)):
            raise InvalidPriors(
                f"{p} names, but {self.mean.shape}, {self.sd.shape}, {self.individual_sd.shape}"
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all() and (self.sd > 0.0).all()):
            raise InvalidPriors("prior means must be finite and prior SDs positive")
        if not (np.isfinite(self.individual_sd).all() and (self.individual_sd >= 0.0).all()):
            raise InvalidPriors("individual SDs must be finite and not negative")
        if not (np.isfinite(self.noise_sd) and self.noise_sd > 0.0):
            raise InvalidPriors("the noise's scale must be positive")
        if not (np.isfinite(self.noise_floor) and self.noise_floor > 0.0):
            raise InvalidPriors("the noise's floor must be positive")

    @property
    def order(self) -> NDArray[np.intp]:
        """Columns that vary between climbers first, as the kernel wants them."""
        return np.argsort(self.individual_sd == 0.0, kind="stable")

    @property
    def n_random(self) -> int:
        return int((self.individual_sd > 0.0).sum())
