from __future__ import annotations

from modeling.models.model_output import ModelOutput
from modeling.models.population_statistic import PopulationStatistic

__all__ = ["ModelOutput", "PopulationStatistic"]
