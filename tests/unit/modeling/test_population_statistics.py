"""Statistics over climbers: each counts once, nobody is shown before there are twenty."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from django.utils import timezone

from modeling.domain.climber_outputs import ClimberOutput
from modeling.domain.personal import TrainedPopulation
from modeling.models import PopulationPosterior, PopulationStatistic, TrainingRun
from modeling.services.population_statistics import (
    compute_population_statistics,
    publish_population_statistics,
)
from modeling.services.publishing import publish
from sessions_app.models import PostSessionData, PreSessionData, Session
from tests.factories.people import make_climber
from tests.factories.published import trained_population

TODAY = date(2026, 11, 20)


def log(user, stress: int | None, *, times: int = 1) -> None:
    for day in range(times):
        session = Session.objects.create(
            user=user, session_date=date(2026, 11, 1 + day % 19), status="completed"
        )
        PreSessionData.objects.create(session=session, user=user, stress_level=stress)
        PostSessionData.objects.create(session=session, user=user, session_quality=5 + day % 3)


def refresh() -> int:
    """What the job does."""
    return publish_population_statistics(spreads=compute_population_statistics(today=TODAY))


@pytest.mark.django_db
def test_nineteen_climbers_are_too_few():
    for _ in range(19):
        log(make_climber(), 3)
    assert refresh() == 0
    log(make_climber(), 3)
    assert refresh() > 0


@pytest.mark.django_db
def test_a_climber_who_logs_much_counts_once():
    for _ in range(19):
        log(make_climber(), 2)
    log(make_climber(), 4, times=60)
    refresh()
    stress = PopulationStatistic.objects.get(name="stress_level")
    assert (stress.n_climbers, stress.n_values) == (20, 79)
    assert stress.mean == pytest.approx((19 * 2 + 4) / 20)
    assert stress.counts == {"2": pytest.approx(19.0), "4": pytest.approx(1.0)}


@pytest.mark.django_db
def test_what_was_not_said_is_not_counted():
    for n in range(20):
        log(make_climber(), None if n == 0 else 3)
    refresh()
    assert not PopulationStatistic.objects.filter(name="stress_level").exists()


def output_of(climber: str, trained: TrainedPopulation) -> ClimberOutput:
    p = len(trained.names)
    return ClimberOutput(
        climber=climber, n_sessions=12, mean=np.zeros(p), sd=np.ones(p), reliability=np.zeros(p),
        covariance=np.eye(p)[np.tril_indices(p)], level_mean=0.0, level_sd=0.1, noise_sd=1.0,
        shrinkage_factor=0.1, population_fallback=(),
    )  # fmt: skip


def publish_for(n_climbers: int) -> TrainedPopulation:
    trained = trained_population()
    run = TrainingRun.objects.create(
        trigger="command", status="published", n_climbers=n_climbers, finished_at=timezone.now()
    )
    publish(
        run_id=run.pk,
        model_version=f"v{n_climbers}",
        trained=trained,
        outputs=[output_of(str(make_climber().pk), trained) for _ in range(n_climbers)],
        seconds=1.0,
    )
    return trained


@pytest.mark.django_db
def test_responses_are_those_of_the_published_population():
    """Centre E beta and spread sqrt(E tau²): the SD of climbers' shrunken means would be too small a spread."""
    draws = publish_for(20).draws
    k = draws.names.index("stress_level")
    published = PopulationStatistic.objects.get(name="stress_level_coefficient")
    assert published.n_climbers == 20
    assert published.counts is None
    assert published.mean == pytest.approx(draws.beta[:, k].mean())
    assert published.std == pytest.approx(np.sqrt((draws.tau[:, k] ** 2).mean()))
    values = dict(zip(published.quantiles["probability"], published.quantiles["value"], strict=True))
    assert values[0.5] == pytest.approx(published.mean)
    assert values[0.84] == pytest.approx(published.mean + 0.994458 * published.std, abs=1e-5)  # tables
    refresh()
    again = PopulationStatistic.objects.get(name="stress_level_coefficient")
    assert (again.mean, again.std, again.n_climbers) == (published.mean, published.std, 20)


@pytest.mark.django_db
def test_nineteen_climbers_responses_are_not_told():
    publish_for(20)
    publish_for(19)
    assert not PopulationStatistic.objects.filter(name__endswith="_coefficient").exists()


@pytest.mark.django_db
def test_before_anything_is_published_there_are_no_responses():
    for n in range(20):
        log(make_climber(), 1 + n % 5, times=12)
    refresh()
    assert not PopulationStatistic.objects.filter(name__endswith="_coefficient").exists()


@pytest.mark.django_db
def test_a_damaged_population_leaves_the_conditions(caplog):
    for n in range(20):
        log(make_climber(), 1 + n % 5)
    publish_for(20)
    PopulationPosterior.objects.update(population={"format": 1})
    refresh()
    assert PopulationStatistic.objects.filter(name="stress_level").exists()
    assert "cannot be read" in caplog.text


@pytest.mark.django_db
def test_an_empty_house_has_nothing_to_say():
    assert refresh() == 0
