"""The operators' page of jobs: who sees it, what it shows, and another try for what was given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.models import User
from climbiq.jobs.models import Job, ScheduledRun
from climbiq.jobs.services import requeue


def add(kind: str = "purge", **given: Any) -> Job:
    return Job.objects.get(pk=Job.objects.create(kind=kind, **given).pk)


def reload(job: Job | UUID) -> Job:
    return Job.objects.get(pk=job if isinstance(job, UUID) else job.pk)


@pytest.mark.django_db
class TestAdmin:
    @pytest.fixture
    def olgas(self, client: Client, olga: User, settings) -> Client:
        settings.DEMO = True  # the second factor has tests of its own
        client.force_login(olga)
        return client

    def test_operators_see_and_nobody_edits(self, olgas: Client, alice: User) -> None:
        job = add(status="dead", attempts=3, error="RuntimeError: <b>boom</b>\n  x.py:1 f", progress=0.4)
        page = olgas.get(reverse("admin:jobs_job_changelist"))
        assert page.status_code == 200
        text = page.content.decode()
        assert "RuntimeError: &lt;b&gt;boom&lt;/b&gt;" in text
        assert '<progress max="100" value="40">' in text
        one = olgas.get(reverse("admin:jobs_job_change", args=[job.pk]))
        assert one.status_code == 200
        assert 'name="_save"' not in one.content.decode()
        assert olgas.get(reverse("admin:jobs_job_add")).status_code == 403
        assert olgas.post(reverse("admin:jobs_job_delete", args=[job.pk]), {"post": "yes"}).status_code == 403
        ScheduledRun.objects.create(name="purge_sensor", slot=timezone.now(), outcome="job x")
        assert "purge_sensor" in olgas.get(reverse("admin:jobs_scheduledrun_changelist")).content.decode()

    def test_coaches_do_not(self, client: Client, carol: User, settings) -> None:
        settings.DEMO = True
        client.force_login(carol)
        assert client.get(reverse("admin:jobs_job_changelist")).status_code == 403
        assert "jobs/job" not in client.get(reverse("admin:index")).content.decode()

    def test_a_job_that_was_given_up_gets_another_try(self, olgas: Client) -> None:
        dead = add(status="dead", attempts=3, error="x", finished_at=timezone.now())
        done = add(status="succeeded")
        answer = olgas.post(
            reverse("admin:jobs_job_changelist"),
            {"action": "try_again", "_selected_action": [str(dead.pk), str(done.pk)]},
            follow=True,
        )
        assert "1 queued again. 1 left as they are." in answer.content.decode()
        row = reload(dead)
        assert (row.status, row.attempts, row.error, row.finished_at) == ("queued", 0, "", None)
        assert reload(done).status == "succeeded"

    def test_not_beside_an_open_one_with_its_key(self, olgas: Client) -> None:
        dead = add(status="dead", dedupe_key="k")
        add(dedupe_key="k")
        with pytest.raises(IntegrityError), transaction.atomic():
            requeue(job_id=dead.pk)
        answer = olgas.post(
            reverse("admin:jobs_job_changelist"),
            {"action": "try_again", "_selected_action": [str(dead.pk)]},
            follow=True,
        )
        assert "already waiting" in answer.content.decode()
        assert reload(dead).status == "dead"

    def test_the_database_keeps_others_from_it_too(self, carol: User) -> None:
        dead = add(status="dead")
        with rls.as_user(carol.pk, role="coach"):
            assert not Job.objects.exists()
            with connection.cursor() as cursor:
                cursor.execute("UPDATE jobs SET status = 'queued'")
                assert cursor.rowcount == 0
        assert reload(dead).status == "dead"
