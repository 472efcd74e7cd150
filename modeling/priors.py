"""From the experts' table of priors, and their answers on scenarios, to the model's priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from climbiq.domain.literature import rests_on_studies
from experts.selectors import SettledAnswers
from modeling.domain.elicited_kinds import elicited_kind_means
from modeling.domain.kind_answers import CoachAnswer, SettledScenario, kind_judgments
from modeling.domain.population_prior import PopulationPrior


def as_population_priors(
    *, rows: Mapping[str, Mapping[str, Any]], version: int
) -> dict[str, PopulationPrior]:
    """Turn rows of `population_priors` into the values that the model starts from."""
    return {
        name: PopulationPrior(
            mean=float(row["population_mean"]),
            sd=float(row["population_std"]),
            individual_sd=float(row["individual_variance"] or 0.0),
            optimal_min=_number(row["optimal_min"]),
            optimal_max=_number(row["optimal_max"]),
            version=version,
            literature=rests_on_studies(row["literature_sources"]),
            coach_scenarios=int(row["expert_n_scenarios"] or 0),
        )
        for name, row in rows.items()
    }


def elicited_means(*, settled: Sequence[SettledAnswers]) -> dict[str, float]:
    """Prior means of kinds' columns, from what coaches agree on; empty where they judged no change of kind."""
    scenarios = [
        SettledScenario(
            conditions=one.conditions,
            disputed=frozenset(one.disputed),
            answers=[
                CoachAnswer(baseline=baseline, counterfactuals=changes, confidence=confidence)
                for baseline, changes, confidence in one.answers
            ],
        )
        for one in settled
    ]
    return elicited_kind_means(judgments=kind_judgments(scenarios=scenarios))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
