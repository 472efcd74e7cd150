"""Publishes how conditions and responses are spread over climbers, for comparisons that nobody can be traced by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from climbiq.domain.variables import CONDITIONS, VARIABLES
from experts.selectors import current_priors
from modeling.domain.population_prior import population_prior
from modeling.domain.population_summary import Spread, condition_spreads, response_spreads
from modeling.models import PopulationStatistic
from modeling.priors import as_population_priors
from modeling.selectors import sessions_by_climber

WINDOW_DAYS = 730  # how people climb changes; two years are many and recent


def compute_population_statistics(*, today: date) -> tuple[Spread, ...]:
    """Compute all statistics from the last two years, reading only."""
    climbers = sessions_by_climber(since=today - timedelta(days=WINDOW_DAYS))
    priors = current_priors()
    prior = population_prior(priors=as_population_priors(rows=priors.rows, version=priors.version))
    numeric = [name for name in CONDITIONS if VARIABLES[name].kind == "number"]
    return (
        *condition_spreads(climbers=climbers, names=numeric),
        *response_spreads(climbers=climbers, prior=prior),
    )


def publish_population_statistics(*, spreads: Sequence[Spread]) -> int:
    """Replace the published statistics in one transaction; returns how many there are now."""
    with transaction.atomic():
        PopulationStatistic.objects.all().delete()
        PopulationStatistic.objects.bulk_create(_row(spread) for spread in spreads)
    return len(spreads)


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
