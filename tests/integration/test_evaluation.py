"""The platform's own sessions evaluated by the background role: as a command, and as a job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from modeling.domain.scorecard import read_scorecard
from modeling.models import EVALUATION
from tests.factories.climbing_logs import write_simulated
from tests.fixtures.database import copy_template, django_on, run_on_server, superuser_url
from tests.fixtures.servers import Site

NAME = "climbiq_evaluation"


@pytest.fixture(scope="module")
def database(template_database: str, django_db_blocker: Any) -> Iterator[str]:
    """Eight climbers with forty sessions of every kind; this process works as the background role."""
    copy_template(NAME)
    with (
        psycopg.connect(superuser_url(NAME), autocommit=True) as root,
        django_db_blocker.unblock(),
        django_on(NAME, "service"),
    ):
        write_simulated(root, n_climbers=8, n_sessions=40)
        yield NAME
    run_on_server("DROP DATABASE {} WITH (FORCE)", NAME)


def test_as_a_job(database: str) -> None:
    job = Job.objects.create(kind=EVALUATION)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded", job.error
    card = read_scorecard(job.result)
    assert (card.n_climbers, card.n_training, card.n_test) == (8, 8 * 24, 8 * 16)
    assert card.scores["climbiq"].crps < card.scores["person_mean"].crps
    assert [point.n_own for point in card.cold_start] == [0, 1, 3, 5, 10]


def test_as_a_command(database: str) -> None:
    found = json.loads(Site(database).manage("evaluate", "--json"))
    assert found["models"]["climbiq"]["n"] == 8 * 16
    # with kinds of sessions, as it is served, and the same numbers as the job's
    job = Job.objects.filter(status="succeeded").first()
    assert job is None or job.result["models"] == found["models"]


def test_four_are_too_few_to_be_told(database: str) -> None:
    with psycopg.connect(superuser_url(database), autocommit=True) as root:
        root.execute(
            "UPDATE sessions SET status = 'skipped' WHERE user_id IN (SELECT id FROM users ORDER BY id LIMIT 4)"
        )
    job = Job.objects.create(kind=EVALUATION)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.result == {
        "too_little": "4 of 4 climbers have 30 rated sessions or more and at least 5 are needed"
    }
