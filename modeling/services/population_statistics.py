"""Publishes how conditions and responses are spread over climbers, for comparisons that nobody can be traced by."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from climbiq.domain.variables import CONDITIONS, VARIABLES
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population_summary import RESPONSE_SUFFIX, Spread, condition_spreads, response_spreads
from modeling.domain.stored_population import DamagedPopulation, from_json
from modeling.models import PopulationPosterior, PopulationStatistic
from modeling.selectors import sessions_by_climber

log = logging.getLogger(__name__)

WINDOW_DAYS = 730  # how people climb changes; two years are many and recent


def compute_population_statistics(*, today: date) -> tuple[Spread, ...]:
    """Compute all statistics, reading only: conditions of the last two years, responses of what is published."""
    climbers = sessions_by_climber(since=today - timedelta(days=WINDOW_DAYS))
    numeric = [name for name in CONDITIONS if VARIABLES[name].kind == "number"]
    conditions = condition_spreads(climbers=climbers, names=numeric)
    current = (
        PopulationPosterior.objects.filter(is_current=True)
        .values_list("population", "run__n_climbers")
        .first()
    )
    if current is None:
        return conditions
    stored, n_climbers = current
    try:
        population = from_json(stored=stored).draws
    except DamagedPopulation as damage:  # the recommendations go on without it, and so do the conditions
        log.warning("the published population cannot be read: %s", damage)
        return conditions
    return (*conditions, *response_spreads(population=population, n_climbers=n_climbers or 0))


def publish_population_statistics(*, spreads: Sequence[Spread]) -> int:
    """Replace the published statistics in one transaction; returns how many there are now."""
    with transaction.atomic():
        PopulationStatistic.objects.all().delete()
        PopulationStatistic.objects.bulk_create(_row(spread) for spread in spreads)
    return len(spreads)


def publish_responses(*, trained: TrainedPopulation, n_climbers: int) -> None:
    """Replace the statistics of responses, inside the transaction that publishes the population they describe."""
    spreads = response_spreads(population=trained.draws, n_climbers=n_climbers)
    PopulationStatistic.objects.filter(name__endswith=RESPONSE_SUFFIX).delete()
    PopulationStatistic.objects.bulk_create(_row(spread) for spread in spreads)


def _row(spread: Spread) -> PopulationStatistic:
    return PopulationStatistic(
        name=spread.name,
        n_climbers=spread.n_climbers,
        n_values=spread.n_values,
        mean=spread.mean,
        std=spread.std,
        quantiles={
            "probability": [p for p, _ in spread.quantiles],
            "value": [v for _, v in spread.quantiles],
        },
        counts=None if spread.counts is None else {f"{v:g}": n for v, n in spread.counts.items()},
    )
