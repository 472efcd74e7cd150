"""An erasure, and whoever else is at work in the same moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from django.db import connections, transaction

from climbiq.accounts import rls
from climbiq.accounts.erasure import LastOperator, erase_account, erased_lately, request_erasure, sweep_erased
from climbiq.accounts.models import User
from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from modeling.domain.climber_outputs import ClimberOutput
from modeling.services import publishing
from tests.factories.published import publish_past_everything
from tests.fixtures.database import django_on, role_url, superuser_url

ROW = "INSERT INTO model_outputs (user_id, coefficients) VALUES (%s, '{}')"
COUNT = "SELECT count(*) FROM model_outputs WHERE user_id = %s"


@pytest.fixture
def root(cloned_database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as everything:
        yield everything


def person(root: psycopg.Connection[Any], name: str, *, operates: bool = False, is_due: bool = False) -> UUID:
    return root.execute(
        "INSERT INTO users (email, password, display_name, is_staff, is_superuser, erasure_due_at)"
        " VALUES (%s, '!', %s, %s, %s, CASE WHEN %s THEN now() END) RETURNING id",
        [f"{name}@example.org", name, operates, operates, is_due],
    ).fetchone()[0]


def until_one_waits(root: psycopg.Connection[Any]) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 20
    while not root.execute(waiting).fetchone()[0]:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)


def in_a_thread(pool: ThreadPoolExecutor, work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections["default"].close()

    return pool.submit(run)


def test_of_the_last_two_operators_one_stays(cloned_database, root, django_db_blocker):
    first, second = (person(root, name, operates=True) for name in ("olga", "omar"))

    def leave(who: UUID) -> None:
        with rls.as_user(who, role="operator"):
            request_erasure(user=User.objects.get(pk=who))

    with (
        django_db_blocker.unblock(),
        django_on(cloned_database, "app"),
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(superuser_url(cloned_database)) as holder,
    ):
        # The first one is as far as it gets before it is committed; the second comes meanwhile.
        holder.execute("SELECT FROM users WHERE is_superuser ORDER BY id FOR UPDATE")
        holder.execute("UPDATE users SET erasure_due_at = now() + interval '14 days' WHERE id = %s", [first])
        answer = in_a_thread(pool, lambda: leave(second))
        until_one_waits(root)
        holder.commit()
        with pytest.raises(LastOperator):
            answer.result(20)
    assert root.execute("SELECT id FROM users WHERE erasure_due_at IS NULL").fetchall() == [(second,)]


def test_an_operator_who_leaves_makes_the_next_wait(cloned_database, root, django_db_blocker):
    first, second = (person(root, name, operates=True) for name in ("olga", "omar"))

    def leave(who: UUID) -> str:
        try:
            with rls.as_user(who, role="operator"):
                request_erasure(user=User.objects.get(pk=who))
        except LastOperator:
            return "stays"
        return "leaves"

    with django_db_blocker.unblock(), django_on(cloned_database, "app"), ThreadPoolExecutor(1) as pool:
        with rls.as_user(first, role="operator"):
            request_erasure(user=User.objects.get(pk=first))
            answer = in_a_thread(pool, lambda: leave(second))
            until_one_waits(root)
        assert answer.result(20) == "stays"


def test_a_row_that_is_being_written_is_waited_for(cloned_database, root, django_db_blocker):
    zoe = person(root, "zoe", is_due=True)
    with (
        django_db_blocker.unblock(),
        django_on(cloned_database, "service"),
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(role_url(cloned_database, "service")) as writer,
    ):
        writer.execute(ROW, [zoe])
        erasure = in_a_thread(pool, lambda: erase_account(person=zoe))
        until_one_waits(root)
        writer.commit()
        assert erasure.result(20)["model_outputs"] == 1
    assert root.execute(COUNT, [zoe]).fetchone() == (0,)


def test_publishing_waits_for_an_erasure_and_leaves_its_person_out(cloned_database, root, django_db_blocker):
    zoe, yves = person(root, "zoe", is_due=True), person(root, "yves")
    run = publish_past_everything(root)
    outputs = [
        ClimberOutput(
            climber=str(who),
            n_sessions=3,
            mean=np.array([5.0]),
            sd=np.array([1.0]),
            covariance=np.array([1.0]),
            reliability=np.array([0.5]),
            level_mean=0.0,
            level_sd=1.0,
            noise_sd=1.0,
            shrinkage_factor=0.5,
            population_fallback=(),
        )
        for who in (zoe, yves)
    ]

    def publish_both() -> None:
        with transaction.atomic():
            publishing.write_climbers(
                run_id=run, model_version="v", names=["intercept"], outputs=outputs, seconds=1.0
            )

    with django_db_blocker.unblock(), django_on(cloned_database, "service"), ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_account(person=zoe)
            answer = in_a_thread(pool, publish_both)
            until_one_waits(root)
        answer.result(20)
    assert root.execute("SELECT user_id FROM model_outputs").fetchall() == [(yves,)]


def test_what_came_later_all_the_same_is_swept(cloned_database, root, django_db_blocker):
    zoe, yves = person(root, "zoe", is_due=True), person(root, "yves")
    with django_db_blocker.unblock(), django_on(cloned_database, "service"):
        erase_account(person=zoe)
        for who in (zoe, yves):
            root.execute(ROW, [who])
        assert erased_lately(now=datetime.now(UTC)) == [zoe]
        assert sweep_erased(person=yves) == 0
        results = []
        for _ in range(2):
            job = Job.objects.create(kind="erase_accounts")
            run_job(job_id=job.pk)
            job.refresh_from_db()
            results.append((job.status, job.result))
    assert results == [
        ("succeeded", {"accounts": 0, "rows_written_later": 1}),
        ("succeeded", {"accounts": 0}),
    ]
    assert root.execute("SELECT user_id FROM model_outputs").fetchall() == [(yves,)]
