from __future__ import annotations

from modeling.models.evaluation import EVALUATION, Evaluation
from modeling.models.model_output import ModelOutput
from modeling.models.population_posterior import PopulationPosterior
from modeling.models.population_statistic import PopulationStatistic
from modeling.models.training_run import TrainingRun

__all__ = [
    "EVALUATION",
    "Evaluation",
    "ModelOutput",
    "PopulationPosterior",
    "PopulationStatistic",
    "TrainingRun",
]
