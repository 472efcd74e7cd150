"""Runs and populations in the database: who sees them, what can be changed, what tells processes of a new one."""

from __future__ import annotations

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from climbiq.accounts.rls import Identity, acting_as, as_user
from climbiq.common.models import DataVersion
from modeling.models import PopulationPosterior, TrainingRun
from tests.fixtures.database import role_url

pytestmark = pytest.mark.django_db


def ended(status: str = "published", **fields: object) -> TrainingRun:
    return TrainingRun.objects.create(trigger="command", status=status, finished_at=timezone.now(), **fields)


def version() -> int:
    return DataVersion.objects.get(name="model").version


def test_operators_read_runs_and_nobody_else(alice, carol, olga):
    ended()
    for person, seen in ((alice, 0), (carol, 0), (olga, 1)):
        with acting_as(Identity.of(person)):
            assert TrainingRun.objects.count() == seen


def test_the_population_is_everybodys_who_is_signed_in(alice, carol):
    PopulationPosterior.objects.create(run=ended(), model_version="a", population={})
    for person in (alice, carol):
        with acting_as(Identity.of(person)):
            assert PopulationPosterior.objects.count() == 1


@pytest.mark.parametrize("table", ["training_runs", "population_posteriors"])
@pytest.mark.parametrize(
    "verb", ["INSERT INTO {} (id) VALUES (gen_random_uuid())", "UPDATE {} SET id = id", "DELETE FROM {}"]
)
def test_the_web_role_writes_neither(alice, table, verb):
    with (
        pytest.raises(Exception, match="permission denied"),
        as_user(alice.pk),
        transaction.get_connection().cursor() as cursor,
    ):
        cursor.execute(verb.format(table))


@pytest.mark.parametrize("status", ["published", "held", "failed", "nothing_to_do"])
def test_what_has_ended_is_never_changed(status):
    run = ended(status)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        TrainingRun.objects.filter(pk=run.pk).update(reasons=["another"])
    assert TrainingRun.objects.get(pk=run.pk).reasons == []


def test_an_end_has_its_time():
    with pytest.raises(IntegrityError, match="finished_at_its_end"), transaction.atomic():
        TrainingRun.objects.create(trigger="command", status="published")
    with pytest.raises(IntegrityError, match="finished_at_its_end"), transaction.atomic():
        TrainingRun.objects.create(trigger="command", status="sampled", finished_at=timezone.now())


def test_one_population_is_current():
    PopulationPosterior.objects.create(run=ended(), model_version="a", population={})
    with pytest.raises(IntegrityError, match="one_current"), transaction.atomic():
        PopulationPosterior.objects.create(run=ended(), model_version="b", population={})


def test_a_new_population_is_told():
    before = version()
    PopulationPosterior.objects.create(run=ended(), model_version="a", population={})
    assert version() == before + 1
    PopulationPosterior.objects.update(is_current=False)
    after = version()
    assert after == before + 2
    PopulationPosterior.objects.create(run=ended(), model_version="b", population={}, is_current=False)
    PopulationPosterior.objects.update(is_current=False)
    assert version() == after


def test_the_background_role_changes_nothing_that_was_published(cloned_database):
    with psycopg.connect(role_url(cloned_database, "service"), autocommit=True) as service:
        run = service.execute(
            "INSERT INTO training_runs (trigger, status, finished_at) VALUES ('command', 'published', now())"
            " RETURNING id, durations, reasons"
        ).fetchone()
        assert run is not None
        assert run[1:] == ({}, [])
        service.execute(
            "INSERT INTO population_posteriors (run_id, model_version, population) VALUES (%s, 'a', '{}')",
            run[:1],
        )
        for forbidden in (
            "UPDATE population_posteriors SET population = '[]'",
            "UPDATE population_posteriors SET model_version = 'b'",
            "DELETE FROM population_posteriors",
            "DELETE FROM training_runs",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(forbidden)
        service.execute("UPDATE population_posteriors SET is_current = false")
