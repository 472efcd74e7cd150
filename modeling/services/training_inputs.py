"""What a run starts from: sessions, priors and elicited effects, read once, with the hash of them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from climbiq.domain.literature import QUALITY_PRIORS
from experts.selectors import CurrentPriors, current_priors, settled_answers
from modeling.domain.population_prior import PopulationPrior
from modeling.domain.training_data import TrainingData
from modeling.domain.treated_columns import TreatedColumns
from modeling.priors import as_population_priors, elicited_means
from modeling.selectors import treated_columns
from modeling.services.code_version import code_version


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingInputs:
    """All that a run's result depends on, but the code.

    Attributes
    ----------
    notes
        What was odd about the sessions.
    elicited
        Column of a kind of session → prior mean that the coaches' judgments give.
    """

    sessions: TreatedColumns
    notes: tuple[str, ...]
    priors: CurrentPriors
    elicited: Mapping[str, float]

    @classmethod
    def read(cls) -> TrainingInputs:
        """Read them (background role).

        Raises
        ------
        NoPriors
            No priors are loaded.
        """
        sessions, notes = treated_columns()
        return cls(
            sessions=sessions,
            notes=notes,
            priors=current_priors(),
            elicited=elicited_means(settled=settled_answers()),
        )

    @property
    def believed(self) -> dict[str, PopulationPrior]:
        """The table of priors as values."""
        return as_population_priors(rows=self.priors.rows, version=self.priors.version)

    @property
    def hash(self) -> str:
        """SHA-256 of sessions, priors of coefficients, of kinds and of quality, and the code."""
        rows = {
            name: {k: str(v) for k, v in row.items() if k != "created_at"}
            for name, row in self.priors.rows.items()
        }
        inputs = [
            self.sessions.fingerprint(),
            self.priors.version,
            rows,
            dict(self.elicited),
            QUALITY_PRIORS.as_dict(),
            code_version(),
        ]
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()

    @property
    def too_few(self) -> str:
        """Why nothing can be learnt from them."""
        n = self.sessions.n_climbers
        climbers = "1 climber" if n == 1 else f"{n} climbers"
        return (
            f"there is no population to learn from {climbers} with {self.sessions.n_sessions:,} rated sessions:"
            " the priors go on serving"
        )


def priors_as_json(*, data: TrainingData, version: int) -> dict[str, Any]:
    """The priors that a run trains with, for its record."""
    priors = data.priors
    return {
        "version": version,
        "names": list(priors.names),
        "mean": priors.mean.tolist(),
        "sd": priors.sd.tolist(),
        "individual_sd": priors.individual_sd.tolist(),
        "noise_sd": priors.noise_sd,
        "noise_floor": priors.noise_floor,
        "quality": QUALITY_PRIORS.as_dict(),
    }
