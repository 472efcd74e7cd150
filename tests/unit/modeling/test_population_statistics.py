"""Statistics over climbers: each counts once, nobody is shown before there are twenty."""

from __future__ import annotations

from datetime import date

import pytest

from modeling.models import PopulationStatistic
from modeling.services.population_statistics import (
    compute_population_statistics,
    publish_population_statistics,
)
from sessions_app.models import PostSessionData, PreSessionData, Session
from tests.factories.people import make_climber

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


@pytest.mark.django_db
def test_responses_of_climbers_with_enough_sessions():
    for n in range(20):
        log(make_climber(), 1 + n % 5, times=12)
    refresh()
    response = PopulationStatistic.objects.get(name="stress_level_coefficient")
    assert response.n_climbers == 20
    assert response.counts is None
    assert response.quantiles["probability"][0] == 0.01


@pytest.mark.django_db
def test_an_empty_house_has_nothing_to_say():
    assert refresh() == 0
