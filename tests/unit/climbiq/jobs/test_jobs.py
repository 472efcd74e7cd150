"""Jobs without servers: asking, claiming, failing, finishing, reaping, the schedule, the admin page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone
from django_eventstream.models import Event

from climbiq.accounts import rls
from climbiq.accounts.models import User
from climbiq.common.leases import LeaseLost
from climbiq.common.models import IdempotencyRecord
from climbiq.jobs import claims, registry, schedule
from climbiq.jobs.models import Job, ScheduledRun
from climbiq.jobs.reaper import reap
from climbiq.jobs.registry import DuplicateHandler, UnknownKind, handler_of, job_handler
from climbiq.jobs.runner import run_job
from climbiq.jobs.running import CannotSucceed, RunningJob
from climbiq.jobs.services import enqueue


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A registry of the test's own, with the real one's kinds in it."""
    handler_of("purge")
    own = dict(registry._handlers)
    monkeypatch.setattr(registry, "_handlers", own)
    return own


def add(kind: str = "purge", **given: Any) -> Job:
    return Job.objects.get(pk=Job.objects.create(kind=kind, **given).pk)


def reload(job: Job | UUID) -> Job:
    return Job.objects.get(pk=job if isinstance(job, UUID) else job.pk)


class TestRegistry:
    def test_a_stand_in_gives_way_whatever_the_order(self, handlers: dict[str, Any]) -> None:
        job_handler("mine", is_default=True)(lambda job: None)
        real = job_handler("mine", queue="training", hard_limit=100)(lambda job: {"n": 1})
        job_handler("mine", is_default=True)(lambda job: None)
        assert handler_of("mine").work is real
        assert (handler_of("mine").queue, handler_of("mine").soft_limit_seconds) == ("training", 90)
        with pytest.raises(DuplicateHandler):
            job_handler("mine")(lambda job: None)

    def test_a_limit_beyond_celerys_is_refused(self) -> None:
        with pytest.raises(ValueError, match="hard_limit"):
            job_handler("mine", hard_limit=registry.LONGEST_SECONDS + 1)

    def test_the_schedules_kinds_are_there(self) -> None:
        assert {handler_of(sensor.kind).kind for sensor in schedule.SENSORS} == {
            "nightly_training",
            "prior_extraction",
            "population_statistics",
            "erase_accounts",
            "purge",
            "form_times",
        }


class TestEnqueue:
    def test_it_is_there_if_the_transaction_is(self, db) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            enqueue(kind="purge", payload={})
            raise ZeroDivisionError
        assert not Job.objects.exists()

    def test_one_waiting_job_for_each_key(self, db) -> None:
        first = enqueue(kind="purge", payload={}, dedupe_key="tonight")
        assert enqueue(kind="purge", payload={}, dedupe_key="tonight") == first
        assert enqueue(kind="purge", payload={}, dedupe_key="tomorrow") != first
        assert enqueue(kind="purge", payload={}) != enqueue(kind="purge", payload={})
        Job.objects.filter(pk=first).update(status="succeeded")
        assert enqueue(kind="purge", payload={}, dedupe_key="tonight") not in {first, None}

    def test_what_runs_may_have_missed_it_so_another_is_queued(self, db) -> None:
        first = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert first is not None
        running = claims.take(job_id=first)
        assert running is not None
        second = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert second not in {first, None}
        assert enqueue(kind="purge", payload={}, dedupe_key="k") == second
        assert claims.take(job_id=second) is None  # not beside the first
        claims.succeed(claim=running, result={})
        assert claims.take(job_id=second) is not None

    def test_a_failure_gives_way_to_a_later_request(self, db) -> None:
        first = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert first is not None
        running = claims.take(job_id=first)
        assert running is not None
        second = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert claims.fail(claim=running, error="x") == "dead"
        assert second is not None
        again = claims.take(job_id=second)
        assert again is not None
        assert claims.fail(claim=again, error="x") == "failed"

    def test_one_whose_worker_was_lost_holds_nobody_up(self, db) -> None:
        first = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert first is not None
        assert claims.take(job_id=first, lease_seconds=-1) is not None
        second = enqueue(kind="purge", payload={}, dedupe_key="k")
        assert second is not None
        assert claims.take(job_id=second) is not None
        assert claims.take(job_id=first) is None

    def test_an_unknown_kind_is_refused_at_once(self, db) -> None:
        with pytest.raises(UnknownKind):
            enqueue(kind="make_coffee", payload={})

    def test_people_ask_in_their_own_name(self, alice: User, olga: User) -> None:
        def ask(requested_by: UUID | None) -> UUID | None:
            return enqueue(kind="evaluation", payload={}, dedupe_key="platform", requested_by=requested_by)

        for somebody_else in (alice.pk, None):
            with pytest.raises(ProgrammingError), rls.as_user(olga.pk, role="operator"):
                ask(somebody_else)
        with rls.as_user(olga.pk, role="operator"):
            asked = ask(olga.pk)
            assert Job.objects.filter(pk=asked).exists()
        with rls.as_user(alice.pk):
            assert not Job.objects.exists()

    def test_the_bell_rings_after_the_commit_with_the_handlers_limits(
        self, db, handlers, monkeypatch, django_capture_on_commit_callbacks
    ) -> None:
        from climbiq.celery_app import app
        from climbiq.jobs import tasks

        rings: list[dict[str, Any]] = []
        monkeypatch.setattr(app, "send_task", lambda name, **options: rings.append({"name": name, **options}))
        job_handler("training_run", queue="training", hard_limit=1000)(lambda job: None)
        with django_capture_on_commit_callbacks(execute=True):
            job_id = enqueue(kind="training_run", payload={})
            assert rings == []
        (ring,) = rings
        assert ring["name"] == tasks.run.name  # a name that the workers know
        assert (ring["args"], ring["queue"]) == ([str(job_id)], "training")
        assert (ring["time_limit"], ring["soft_time_limit"], ring["retry"]) == (1000, 900, False)


class TestClaims:
    def test_one_claim_at_a_time(self, db) -> None:
        job = add(payload={"n": 1})
        claim = claims.take(job_id=job.pk)
        assert claim is not None
        assert (claim.attempt, claim.token, claim.payload) == (1, 1, {"n": 1})
        assert claims.take(job_id=job.pk) is None

    def test_after_the_lease_another_may(self, db) -> None:
        job = add()
        old = claims.take(job_id=job.pk, lease_seconds=-1)
        new = claims.take(job_id=job.pk)
        assert old is not None
        assert new is not None
        assert (new.attempt, new.token) == (2, 2)
        assert not claims.extend(claim=old, progress=None, note="")
        assert claims.extend(claim=new, progress=0.5, note="half")
        assert claims.fail(claim=old, error="late") is None
        for late in (lambda: claims.hold(claim=old), lambda: claims.succeed(claim=old, result={})):
            with pytest.raises(LeaseLost):
                late()
        assert (reload(job).status, reload(job).progress) == ("running", 0.5)

    @pytest.mark.parametrize(
        "state",
        [
            pytest.param({"status": "succeeded"}, id="done"),
            pytest.param({"status": "dead"}, id="given up"),
            pytest.param({"attempts": 3}, id="no attempts left"),
            pytest.param({"run_after": datetime(2999, 1, 1, tzinfo=UTC)}, id="not yet"),
        ],
    )
    def test_nothing_to_do(self, db, state: dict[str, Any]) -> None:
        assert claims.take(job_id=add(**state).pk) is None

    def test_each_failure_waits_longer_and_the_last_is_the_last(self, db) -> None:
        job = add(max_attempts=3)
        waits = []
        for expected in ("failed", "failed", "dead"):
            Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(hours=1))
            claim = claims.take(job_id=job.pk)
            assert claim is not None
            assert claims.fail(claim=claim, error="x" * 10_000) == expected
            row = reload(job)
            assert row.run_after is not None
            waits.append((row.run_after - timezone.now()).total_seconds())
            assert len(row.error) == claims.MAX_ERROR_CHARS
        assert 15 < waits[0] < 38
        assert 38 < waits[1] < 76


class TestRun:
    def test_the_result_and_the_end_are_one_transaction(self, alice: User, handlers) -> None:
        def work(job: RunningJob) -> None:
            with job.finishing() as result:
                User.objects.filter(pk=alice.pk).update(display_name="written")
                result["n"] = 1

        job_handler("work")(work)
        job = add("work")
        run_job(job_id=job.pk)
        row = reload(job)
        assert (row.status, row.result, row.progress, row.lease_until) == ("succeeded", {"n": 1}, 1.0, None)
        alice.refresh_from_db()
        assert alice.display_name == "written"
        run_job(job_id=job.pk)
        assert reload(job).attempts == 1

    def test_whoever_lost_the_job_writes_nothing(self, alice: User, handlers, caplog) -> None:
        def work(job: RunningJob) -> None:
            Job.objects.filter(pk=job.id).update(token=7)  # somebody else claims it meanwhile
            with job.finishing():
                User.objects.filter(pk=alice.pk).update(display_name="written")

        job_handler("work")(work)
        job = add("work")
        run_job(job_id=job.pk)
        alice.refresh_from_db()
        assert alice.display_name == "Alice"
        assert reload(job).status == "running"
        assert "somebody else has it now" in caplog.text

    def test_what_is_returned_is_the_result(self, db, handlers) -> None:
        job_handler("work")(lambda job: {"at": datetime(2026, 3, 1, tzinfo=UTC), "id": UUID(int=1)})
        job = add("work")
        run_job(job_id=job.pk)
        assert reload(job).result == {"at": "2026-03-01T00:00:00Z", "id": str(UUID(int=1))}

    def test_a_failure_is_recorded_and_undone(self, alice: User, handlers) -> None:
        def work(job: RunningJob) -> None:
            with job.finishing():
                User.objects.filter(pk=alice.pk).update(display_name="half-written")
                raise RuntimeError("the gym is closed")

        job_handler("work")(work)
        job = add("work")
        run_job(job_id=job.pk)
        row = reload(job)
        assert row.status == "failed"
        assert row.error.startswith("RuntimeError: the gym is closed\n")
        assert "test_jobs.py" in row.error
        alice.refresh_from_db()
        assert alice.display_name == "Alice"

    def test_hopeless_is_given_up_at_once_and_its_person_is_told(
        self, alice: User, handlers, django_capture_on_commit_callbacks
    ) -> None:
        def work(job: RunningJob) -> None:
            raise CannotSucceed("the file is gone")

        job_handler("work", max_attempts=9)(work)
        job = add("work", requested_by=alice)
        with django_capture_on_commit_callbacks(execute=True):
            run_job(job_id=job.pk)
        assert (reload(job).status, reload(job).attempts) == ("dead", 1)
        assert list(Event.objects.values_list("type", flat=True)) == ["job_dead"]

    def test_a_kind_of_another_version_is_given_up(self, db) -> None:
        job = add("of_tomorrow")
        run_job(job_id=job.pk)
        assert reload(job).status == "dead"
        assert "of_tomorrow" in reload(job).error


class TestReaper:
    @pytest.fixture(autouse=True)
    def rings(self, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
        from climbiq.jobs import reaper

        rung: list[UUID] = []
        monkeypatch.setattr(reaper, "ring", lambda *, job_id, handler: rung.append(job_id) or True)
        return rung

    @staticmethod
    def ago(seconds: float) -> datetime:
        return timezone.now() - timedelta(seconds=seconds)

    def test_it_rings_for_what_nobody_came_for_and_not_all_the_time(
        self, db, rings: list[UUID], settings
    ) -> None:
        settings.JOB_RING_AGAIN_SECONDS = 60
        asked = self.ago(20)
        fresh = add(rung_at=asked, run_after=asked)
        lost = add(rung_at=self.ago(90), run_after=self.ago(90))
        retry_due = add(status="failed", attempts=1, rung_at=self.ago(50), run_after=self.ago(30))
        retry_later = add(status="failed", attempts=1, rung_at=self.ago(90), run_after=self.ago(-300))
        silent = add(
            status="running",
            attempts=1,
            rung_at=self.ago(50),
            lease_until=self.ago(30),
            run_after=self.ago(50),
        )
        working = add(
            status="running",
            attempts=1,
            rung_at=self.ago(90),
            lease_until=self.ago(-300),
            run_after=self.ago(90),
        )
        add(status="succeeded", rung_at=self.ago(90), run_after=self.ago(90))
        assert reap().rung == 3
        assert set(rings) == {lost.pk, retry_due.pk, silent.pk}
        assert {fresh.pk, retry_later.pk, working.pk}.isdisjoint(rings)
        assert reap().rung == 0

    def test_it_buries_what_has_no_attempts_left(
        self, alice: User, rings: list[UUID], django_capture_on_commit_callbacks
    ) -> None:
        lost = add(status="running", attempts=3, lease_until=self.ago(30), requested_by=alice)
        alive = add(status="running", attempts=3, lease_until=self.ago(-300))
        with django_capture_on_commit_callbacks(execute=True):
            assert reap().buried == 1
        assert (reload(lost).status, reload(alive).status) == ("dead", "running")
        assert "worker was lost" in reload(lost).error
        assert rings == []
        assert Event.objects.get().type == "job_dead"

    def test_a_kind_without_a_handler_does_not_stop_it(self, db, rings: list[UUID]) -> None:
        add("of_tomorrow", rung_at=self.ago(90), run_after=self.ago(90))
        job = add(rung_at=self.ago(90), run_after=self.ago(90))
        assert reap().rung == 1
        assert rings == [job.pk]


NIGHT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class TestSchedule:
    @pytest.mark.parametrize(
        ("name", "now", "slot"),
        [
            ("nightly_training_sensor", NIGHT, NIGHT),
            ("nightly_training_sensor", NIGHT + timedelta(hours=23, minutes=59), NIGHT),
            ("nightly_training_sensor", NIGHT - timedelta(seconds=1), NIGHT - timedelta(days=1)),
            ("new_consensus_sensor", NIGHT + timedelta(minutes=59), NIGHT),
            ("new_consensus_sensor", NIGHT + timedelta(minutes=60), NIGHT + timedelta(hours=1)),
        ],
    )
    def test_slots(self, name: str, now: datetime, slot: datetime) -> None:
        assert schedule._BY_NAME[name].slot(now) == slot

    def test_two_beats_make_one_run(self, db) -> None:
        first = schedule.sense(name="nightly_training_sensor", now=NIGHT)
        assert first is not None
        assert schedule.sense(name="nightly_training_sensor", now=NIGHT + timedelta(seconds=5)) is None
        job = Job.objects.get()
        assert (job.kind, first.outcome) == ("nightly_training", f"job {job.pk}")
        assert schedule.sense(name="nightly_training_sensor", now=NIGHT + timedelta(days=1)) is not None
        assert ScheduledRun.objects.count() == 2
        assert Job.objects.count() == 1  # the first night's is still open

    def test_until_its_service_exists_the_job_says_so(self, db, handlers, monkeypatch) -> None:
        for kind in ("nightly_training", "prior_extraction"):
            handlers.pop(kind)
            from climbiq.jobs.maintenance import _nothing

            job_handler(kind, is_default=True)(_nothing)
            job = add(kind)
            run_job(job_id=job.pk)
            assert (reload(job).status, reload(job).result) == ("succeeded", {"outcome": "nothing to do"})

    @pytest.mark.parametrize(
        ("hours_late", "is_made_up"),
        [(5, True), (19.9, True), (20.1, False)],
        ids=["morning", "evening", "too late"],
    )
    def test_a_machine_that_slept_at_night_trains_by_day(
        self, db, hours_late: float, is_made_up: bool
    ) -> None:
        runs = schedule.make_up_for_missed(now=NIGHT + timedelta(hours=hours_late))
        assert ("nightly_training_sensor" in {run.name for run in runs}) is is_made_up

    def test_what_was_missed_is_made_up_for_once(self, db) -> None:
        made_up = schedule.make_up_for_missed(now=NIGHT + timedelta(minutes=20))
        names = [run.name.removesuffix("_sensor") for run in made_up]
        assert names == ["nightly_training", "new_consensus", "erasure"]
        assert schedule.make_up_for_missed(now=NIGHT + timedelta(minutes=21)) == []
        assert "nightly_training_sensor" not in {
            run.name for run in schedule.make_up_for_missed(now=NIGHT + timedelta(days=2, hours=21))
        }

    def test_beat_has_the_specifications_names_and_times(self) -> None:
        from climbiq.celery_app import app
        from climbiq.jobs import tasks

        entries = app.conf.beat_schedule
        assert {entry["task"] for entry in entries.values()} == {tasks.sense.name, tasks.reap.name}
        training, consensus = entries["nightly_training_sensor"], entries["new_consensus_sensor"]
        assert (training["schedule"].hour, training["schedule"].minute) == ({2}, {0})
        assert (len(consensus["schedule"].hour), consensus["schedule"].minute) == (24, {0})
        assert entries["reaper"]["schedule"] == 30
        assert app.conf.result_backend is None
        assert app.conf.timezone == "UTC"

    def test_the_purge_throws_away_what_is_old_and_nothing_else(self, alice: User) -> None:
        old, new = timezone.now() - timedelta(hours=25), timezone.now() - timedelta(hours=23)
        for key, when in (("old", old), ("new", new)):
            IdempotencyRecord.objects.create(
                user=alice,
                key=key,
                method="POST",
                path="/",
                body_digest="",
                status=200,
                content_type="",
                body=b"",
                created_at=when,
            )
            Event.objects.create(channel="a", type=key, data="{}", eid=1 if key == "old" else 2)
        Event.objects.filter(type="old").update(created=old)
        ancient = add(status="dead", finished_at=timezone.now() - timedelta(days=91))
        open_one = add(run_after=timezone.now() - timedelta(days=91))
        job = add("purge")
        run_job(job_id=job.pk)
        assert reload(job).result == {
            "idempotency_records": 1,
            "events": 1,
            "deleted_sessions": 0,
            "logins": 0,
            "jobs": 1,
            "scheduled_runs": 0,
        }
        assert IdempotencyRecord.objects.get().key == "new"
        assert Event.objects.get().type == "new"
        assert not Job.objects.filter(pk=ancient.pk).exists()
        assert reload(open_one).status == "queued"
