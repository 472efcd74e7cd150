"""A night, from the tables to what is published, with the real sampler on twenty climbers who commit."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from django.db import transaction

from climbiq.accounts.rls import Identity, acting_as
from climbiq.domain.literature import QUALITY_PRIORS
from climbiq.domain.variables import MODEL_VARIABLES
from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from climbiq.jobs.services import enqueue
from experts.selectors import current_priors
from modeling.domain.climber_outputs import covariance_of
from modeling.domain.design_matrix import design_matrix
from modeling.domain.diary import CLIMBER, QUALITY
from modeling.domain.gate import held_out_crps
from modeling.domain.known_then import data_as_known_then
from modeling.domain.learnt import learnt_from_json
from modeling.domain.personal import personal_posterior
from modeling.domain.simulate import simulate_diary
from modeling.domain.stored_population import from_json
from modeling.models import ModelOutput, PopulationPosterior, TrainingRun
from modeling.priors import as_population_priors
from modeling.selectors import published_population, sessions_by_climber, treated_columns
from modeling.services import training_inputs
from modeling.services.training import RunOutcome, trained_model
from modeling.services.training_inputs import TrainingInputs
from modeling.services.training_record import RunWasTaken, TrainingIsRunning, one_at_a_time
from tests.factories.climbing_logs import write_frame, write_simulated
from tests.fixtures.database import copy_template, django_on, run_on_server, superuser_url

NAME = "climbiq_training"
N_CLIMBERS = 20


@dataclass
class House:
    """A database of climbers, and a hand in it that may do anything."""

    root: psycopg.Connection[tuple[Any, ...]]

    def one(self, statement: str, *values: object) -> tuple[Any, ...]:
        row = self.root.execute(statement, values).fetchone()
        assert row is not None
        return row

    def empty(self) -> None:
        """Nobody, no session, nothing trained."""
        self.root.execute("SET session_replication_role = replica")  # no trigger that forbids it
        self.root.execute(
            "TRUNCATE users, sessions, pre_session_data, post_session_data, model_outputs, training_runs,"
            " population_posteriors CASCADE"
        )
        self.root.execute("SET session_replication_role = origin")


@pytest.fixture(scope="module")
def house(template_database: str, django_db_blocker: Any) -> Iterator[House]:
    """Twenty climbers with twenty sessions; this process works as the background role, and commits."""
    copy_template(NAME)
    with (
        psycopg.connect(superuser_url(NAME), autocommit=True) as root,
        django_db_blocker.unblock(),
        django_on(NAME, "service"),
    ):
        write_simulated(root, n_climbers=N_CLIMBERS, n_sessions=20)
        yield House(root)
    run_on_server("DROP DATABASE {} WITH (FORCE)", NAME)


@pytest.fixture(scope="module")
def published(house: House) -> RunOutcome:
    """The first night."""
    return trained_model(trigger="schedule")


def test_it_is_published(published: RunOutcome) -> None:
    assert published.status == "published", published
    assert published.words == "Published: recommendations use it from now on."
    run = TrainingRun.objects.get(pk=published.run_id)
    assert (run.status, run.n_climbers, run.n_sessions, run.prior_version) == ("published", 20, 400, 1)
    assert (run.progress, run.reasons) == (1.0, [])
    assert run.diagnostics["max_rhat"] < 1.01
    assert run.held_out["model_crps"] < run.held_out["person_mean_crps"]
    assert run.climbers["phases"] == {"cold_start": 0, "learning": 20, "personalized": 0}
    priors = current_priors()
    known_then, used = data_as_known_then(
        sessions=treated_columns()[0],
        priors=as_population_priors(rows=priors.rows, version=priors.version),
    )
    told = held_out_crps(data=known_then, priors=used)
    assert told is not None
    assert run.held_out["model_crps"] == pytest.approx(
        told.model_crps
    )  # no gap filled from held-out sessions
    assert run.held_out["person_mean_crps"] == pytest.approx(told.person_mean_crps)
    assert set(run.durations) >= {"reading", "sampling", "testing forecasts", "publishing"}
    assert len(run.priors["mean"]) == len(run.priors["names"]) == 34
    assert run.priors["quality"] == QUALITY_PRIORS.as_dict()
    learnt = learnt_from_json(stored=run.learnt, priors=run.priors)
    assert [row.name for row in learnt] == [*run.priors["names"], "noise"]
    found = published_population()
    assert found is not None
    # the page tells what is served, of more draws than are served
    middle = [row.after.mean / unit for row, unit in zip(learnt, (1.0, 1.2), strict=False)]
    np.testing.assert_allclose(middle, found.trained.draws.beta.mean(axis=0)[:2], atol=0.15)


def test_everybody_has_their_row(published: RunOutcome) -> None:
    rows = list(ModelOutput.objects.all())
    assert len(rows) == N_CLIMBERS
    for row in rows:
        assert row.run_id == published.run_id
        assert (row.sessions_included, row.phase) == (20, "learning")
        assert 0 < row.shrinkage_factor < 1
        assert set(row.coefficients) == set(row.posterior_names) == set(row.reliability)
        low, high = row.confidence_intervals["sleep_hours"]
        assert low < row.coefficients["sleep_hours"] < high
        assert row.reliability["type:power"] == 0
        assert row.training_duration_sec > 0
        assert row.population_fallback == []


def test_what_is_served_is_what_was_trained(published: RunOutcome) -> None:
    found = published_population()
    assert found is not None
    assert found.run_id == published.run_id
    assert found.model_version == TrainingRun.objects.get(pk=published.run_id).model_version
    rows = {row.user_id: row for row in ModelOutput.objects.all()}
    for climber, own in zip(sorted(rows, key=str), sessions_by_climber(), strict=True):
        matrix = design_matrix(sessions=own, columns=found.trained.names)
        served = (
            personal_posterior(
                trained=found.trained, design=matrix.design, outcome=matrix.outcome, day=matrix.day
            )
            .summary()
            .posterior
        )
        row = rows[climber]
        assert tuple(row.posterior_names) == served.names
        np.testing.assert_allclose(row.posterior_mean, served.mean, rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            covariance_of(lower=row.posterior_covariance), served.covariance, rtol=0, atol=1e-6
        )
        assert row.level_mean == pytest.approx(served.level_mean, abs=1e-6)


def test_everybody_hears_of_it_once(published: RunOutcome, house: House) -> None:
    said = house.root.execute("SELECT DISTINCT type, data, eid FROM django_eventstream_event").fetchall()
    pointer = f'{{"kind": "training_finished", "id": "{published.run_id}"}}'
    assert said == [("training_finished", pointer, 1)]
    assert house.one("SELECT count(*) FROM django_eventstream_event") == (N_CLIMBERS,)


def test_nobody_sees_what_is_anothers(published: RunOutcome, house: House) -> None:
    climber = ModelOutput.objects.first()
    assert climber is not None
    staff = house.one(
        "INSERT INTO users (email, password, display_name, is_superuser, is_staff)"
        " VALUES ('coach@example.org', '!', '', false, true) RETURNING id"
    )[0]
    seen = {}
    with django_on(NAME, "app"):
        for role, user in (("climber", climber.user_id), ("coach", staff), ("operator", staff)):
            with acting_as(Identity(str(user), role)):
                counts = (m.objects.count() for m in (TrainingRun, PopulationPosterior, ModelOutput))
                seen[role] = tuple(map(bool, counts)), ModelOutput.objects.count()
    assert seen == {
        "climber": ((False, True, True), 1),
        "coach": ((False, True, False), 0),
        "operator": ((True, True, False), 0),
    }


def test_nothing_new_is_not_trained_again(published: RunOutcome) -> None:
    again = trained_model(trigger="command")
    assert again.status == "nothing_to_do"
    assert "o session, prior or code is new since" in again.words
    assert "sampling" not in TrainingRun.objects.get(pk=again.run_id).durations
    assert PopulationPosterior.objects.get(is_current=True).run_id == published.run_id


def test_the_nightly_job_is_a_run(published: RunOutcome) -> None:
    with transaction.atomic():
        job_id = enqueue(kind="nightly_training", payload={}, dedupe_key="scheduled")
    assert job_id is not None
    run_job(job_id=job_id)
    job = Job.objects.get(pk=job_id)
    assert job.status == "succeeded", job.error
    run = TrainingRun.objects.get(job_id=job_id)
    assert (run.trigger, run.status) == ("schedule", "nothing_to_do")
    assert job.result["training_run"] == str(run.pk)
    assert job.result["outcome"].startswith("There was nothing to do.")


def test_a_job_beside_another_run_is_tried_again(published: RunOutcome) -> None:
    job = Job.objects.create(kind="nightly_training")
    with one_at_a_time():
        run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert "another training is running" in job.error
    assert not TrainingRun.objects.filter(job_id=job.pk).exists()


def test_another_at_work_is_told(published: RunOutcome) -> None:
    with one_at_a_time():
        TrainingRun.objects.create(trigger="button", stage="sampling")
        try:
            with pytest.raises(TrainingIsRunning, match=r"running since .* stage: sampling"):
                trained_model(trigger="command")
        finally:
            TrainingRun.objects.filter(status="running").update(
                status="failed", finished_at="2026-01-01T00:00Z"
            )
    with one_at_a_time():
        pass


def test_absurd_priors_are_held_back_and_the_old_population_serves(
    published: RunOutcome, house: House
) -> None:
    from modeling.domain.hierarchical import SamplerSettings

    before = dict(ModelOutput.objects.values_list("user_id", "model_version"))
    absurd = "UPDATE population_priors SET population_mean = population_mean + %s WHERE variable_name = 'sleep_hours'"
    house.root.execute("SET session_replication_role = replica")
    try:
        house.root.execute(absurd, [40])
        held = trained_model(trigger="schedule", sampler=SamplerSettings(draws=250))
    finally:
        house.root.execute(absurd, [-40])
        house.root.execute("SET session_replication_role = origin")
    assert held.status == "held", held
    assert any("of the prior predictive rounds to 1–10 (0.5–10.5)" in reason for reason in held.reasons)
    assert "what was published before goes on serving" in held.words
    assert PopulationPosterior.objects.get().run_id == published.run_id
    assert dict(ModelOutput.objects.values_list("user_id", "model_version")) == before
    run = TrainingRun.objects.get(pk=held.run_id)
    assert run.sampled is not None
    assert "sampling again" not in run.durations  # as long as it was asked for, and no longer


def test_a_run_that_failed_says_why(published: RunOutcome) -> None:
    def stop(progress: float, note: str) -> None:
        if note == "preparing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained_model(trigger="command", force=True, on_progress=stop)
    run = TrainingRun.objects.latest("started_at")
    assert (run.status, run.reasons) == ("failed", ["KeyboardInterrupt"])


def test_other_priors_of_quality_are_other_inputs(published: RunOutcome, monkeypatch) -> None:
    known = TrainingRun.objects.get(pk=published.run_id).inputs_hash
    inputs = TrainingInputs.read()
    assert inputs.hash == known
    assert dataclasses.replace(inputs, elicited={"type:power": 0.1}).hash != known
    monkeypatch.setattr(training_inputs, "QUALITY_PRIORS", dataclasses.replace(QUALITY_PRIORS, noise_sd=1.4))
    assert inputs.hash != known


class Taken:
    """Takes a run for dead at one of its stages, as another process does once the first one's lock is lost."""

    def __init__(self, house: House, *, at: str) -> None:
        self.house, self.at, self.other = house, at, None

    def __call__(self, _progress: float, note: str) -> None:
        if note != self.at or self.other is not None:
            return
        lost = self.house.one(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND d.datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert lost == (1,)
        self.other = trained_model(trigger="button")


@pytest.mark.parametrize("stage", ["preparing", "publishing"])
def test_a_run_that_was_taken_for_dead_writes_nothing_more(
    published: RunOutcome, house: House, stage: str
) -> None:
    before = dict(ModelOutput.objects.values_list("user_id", "run_id"))
    taken = Taken(house, at=stage)
    with pytest.raises(RunWasTaken, match="taken for dead while it went on"):
        trained_model(trigger="command", force=True, on_progress=taken)
    assert taken.other is not None
    assert taken.other.status == "nothing_to_do"
    run = TrainingRun.objects.filter(trigger="command").latest("started_at")
    assert (run.status, run.model_version) == ("failed", "")
    assert "its process ended" in run.reasons[-1]
    # what it was about to publish went with its transaction
    assert PopulationPosterior.objects.get().run_id == published.run_id
    assert dict(ModelOutput.objects.values_list("user_id", "run_id")) == before


def test_too_few_draws_are_drawn_again_and_force_trains_on_the_same_inputs(
    published: RunOutcome, monkeypatch
) -> None:
    from modeling.domain import hierarchical

    # 4 chains of 200: less than 400 independent draws, with the usual seed
    few = functools.partial(hierarchical.SamplerSettings, draws=200, tune=300)
    monkeypatch.setattr(hierarchical, "SamplerSettings", few)
    told: list[str] = []
    again = trained_model(trigger="command", force=True, on_progress=lambda _, note: told.append(note))
    assert again.status == "published", again
    assert any(
        re.match(r"800 draws were too few \(R-hat .*\): sampled again, 3 times as long", note)
        for note in again.notes
    ), again.notes
    run, first = (TrainingRun.objects.get(pk=outcome.run_id) for outcome in (again, published))
    assert run.inputs_hash == first.inputs_hash
    assert run.diagnostics["n_draws"] == 3 * 800
    assert {"sampling", "sampling again"} <= set(run.durations)
    assert told.index("sampling") < told.index("sampling again") < told.index("climbers")
    assert told.count("drift") == told.count("statistics") == 1  # nothing but the sampling is done again
    assert PopulationPosterior.objects.get(is_current=True).run_id == again.run_id


CONTRADICTING = """
    UPDATE post_session_data q SET session_quality = least(10, greatest(1, 6 + CASE WHEN n.is_late THEN -1 ELSE 1 END
        * round(0.9 * (coalesce(p.energy_level, 3) + coalesce(p.motivation_level, 3) - coalesce(p.stress_level, 3) - 3))))
    FROM pre_session_data p JOIN (
        SELECT id, 5 * row_number() OVER days > 4 * count(*) OVER (PARTITION BY user_id) AS is_late
        FROM sessions WINDOW days AS (PARTITION BY user_id ORDER BY session_date, id)
    ) n ON n.id = p.session_id
    WHERE q.session_id = p.session_id
"""


@contextmanager
def conditions_that_turn_round(house: House) -> Iterator[None]:
    """Energy and motivation lift every climber's rating, stress lowers it; in the last fifth it is the other way round."""
    kept = house.root.execute("SELECT session_quality, session_id FROM post_session_data").fetchall()
    house.root.execute("SET session_replication_role = replica")
    house.root.execute(CONTRADICTING)
    try:
        yield
    finally:
        with house.root.cursor() as cursor:
            cursor.executemany(
                "UPDATE post_session_data SET session_quality = %s WHERE session_id = %s", kept
            )
        house.root.execute("SET session_replication_role = origin")


def test_a_run_that_foresees_worse_than_the_person_mean_is_held_and_the_old_one_serves(
    published: RunOutcome, house: House
) -> None:
    """Nothing is absurd but the sessions: the sampler, its priors and the gate are those of every night."""
    before = published_population()
    assert before is not None
    climbers = dict(ModelOutput.objects.values_list("user_id", "run_id"))
    with conditions_that_turn_round(house):
        held = trained_model(trigger="schedule")
    assert held.status == "held", held
    assert len(held.reasons) == 1, held.reasons
    assert re.fullmatch(r"held-out CRPS \S+ is not ahead of the person mean \(\S+\)", held.reasons[0])
    run = TrainingRun.objects.get(pk=held.run_id)
    assert (run.status, run.reasons) == ("held", list(held.reasons))
    assert run.held_out["model_crps"] > 1.2 * run.held_out["person_mean_crps"]
    # It learnt what was so for four fifths, and converged on it: only the forecasts speak against it.
    assert run.diagnostics["max_rhat"] < 1.01
    after = published_population()
    assert after is not None
    assert (after.run_id, after.model_version) == (before.run_id, before.model_version)
    np.testing.assert_array_equal(after.trained.draws.beta, before.trained.draws.beta)
    assert dict(ModelOutput.objects.values_list("user_id", "run_id")) == climbers
    assert PopulationPosterior.objects.get(is_current=True).run_id == before.run_id


# --- Bad data: each run ends, and says what was odd -----------------------------------------------------------


def diary(**changes: object) -> pd.DataFrame:
    frame = simulate_diary(n_climbers=4, n_sessions=12, seed=4, deviation_share=0.0).frame
    for name, value in changes.items():
        frame[name] = value
        if f"planned_{name}" in frame:
            frame[f"planned_{name}"] = value
    return frame


def lonely() -> pd.DataFrame:
    frame = diary()
    return frame[frame[CLIMBER] != frame[CLIMBER].iloc[0]].head(25)


def identical(n_climbers: int) -> pd.DataFrame:
    frame = pd.concat([diary().head(1)] * 1000, ignore_index=True)
    frame[CLIMBER] = [f"{i % n_climbers}" for i in range(1000)]
    return frame


def absurd() -> pd.DataFrame:
    frame = diary()
    frame.loc[5, "days_since_hard_session"] = -2_000_000_000
    return frame


JUDGED = {"published", "held"}
BAD_DATA: dict[str, tuple[Callable[[], pd.DataFrame], str, set[str]]] = {
    "constant columns": (lambda: diary(sleep_quality=3, stress_level=3), "never varied", JUDGED),
    "an absurd value": (absurd, "1 values of days_since_hard_session outside 0–365 ignored", JUDGED),
    "one with one session": (lonely, "1 climbers with a single session", JUDGED),
    "every outcome 10": (lambda: diary(**{QUALITY: 10}), "every outcome is 10", JUDGED),
    "a variable that nobody said": (
        lambda: diary(caffeine_mg=np.nan),
        "never varied, so the prior stands: caffeine_mg",
        JUDGED,
    ),
    "a thousand times the same": (lambda: identical(2), "never varied", JUDGED),
    "one alone": (lambda: identical(1), "1 climber with 730 rated sessions", {"nothing_to_do"}),
    "nobody": (lambda: diary().head(0), "0 climbers with 0 rated sessions", {"nothing_to_do"}),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_end_well(house: House, case: str) -> None:
    from modeling.domain.hierarchical import SamplerSettings

    make, told, ends = BAD_DATA[case]
    house.empty()
    write_frame(house.root, make(), kinds=False)
    ended = trained_model(trigger="command", sampler=SamplerSettings(draws=250, tune=250))
    assert ended.status in ends, ended
    assert told in " ".join((*ended.notes, *ended.reasons)), ended
    if ends == JUDGED:
        _is_usable(TrainingRun.objects.get(pk=ended.run_id))
    for row in ModelOutput.objects.all():
        assert np.isfinite(
            [*row.posterior_mean, *row.posterior_covariance, row.level_mean, row.level_sd]
        ).all()
        assert set(row.coefficients) == {"intercept", *MODEL_VARIABLES}
    assert TrainingRun.objects.filter(status__in=["running", "sampled"]).count() == 0


def _is_usable(run: TrainingRun) -> None:
    """Published or held, what the run drew is finite and stands for climbers who may come."""
    trained = from_json(stored=run.sampled)  # which reads finite numbers alone
    draws = trained.draws
    assert draws.names == ("intercept", *MODEL_VARIABLES)
    assert (np.abs(draws.beta[:, 0] - 5.5) < 6.0).all()
    # The few stored points are scaled to the mean square of all draws, which moves them by a hair.
    assert (draws.sigma >= 0.99 * QUALITY_PRIORS.noise_floor).all()
    new = personal_posterior(
        trained=trained, design=np.zeros((0, len(draws.names))), outcome=np.zeros(0), day=np.zeros(0)
    ).summary()
    assert np.isfinite(new.posterior.covariance).all()
    learnt = learnt_from_json(stored=run.learnt, priors=run.priors)
    assert [row.name for row in learnt] == [*draws.names, "noise"]
    assert np.isfinite([row.after.mean for row in learnt]).all()
    assert np.isfinite([run.held_out["model_crps"], run.held_out["person_mean_crps"]]).all()


def test_not_a_number_counts_as_not_said(house: House) -> None:
    """A CHECK refuses it. A restored table without its constraints spoils neither the night nor the serving."""
    from modeling.domain.hierarchical import SamplerSettings

    house.empty()
    write_frame(house.root, diary(), kinds=False)
    house.root.execute("ALTER TABLE pre_session_data DROP CONSTRAINT pre_session_data_sleep_hours_finite")
    house.root.execute("SET session_replication_role = replica")
    house.root.execute(
        "UPDATE pre_session_data SET sleep_hours = 'NaN'::numeric WHERE session_id IN (SELECT min(id::text)::uuid"
        " FROM sessions GROUP BY user_id)"
    )
    house.root.execute("SET session_replication_role = origin")
    assert house.one("SELECT count(*) FROM pre_session_data WHERE sleep_hours = 'NaN'") == (4,)
    with pytest.raises(psycopg.NotSupportedError, match="cannot convert NaN to integer"):
        house.root.execute("UPDATE post_session_data SET session_quality = 'NaN'::numeric")
    sessions, _ = treated_columns()
    slept = sessions.values[:, MODEL_VARIABLES.index("sleep_hours")]
    assert np.isnan(slept).sum() == 4
    ended = trained_model(trigger="command", sampler=SamplerSettings(draws=250, tune=250))
    assert ended.status in JUDGED, ended
    run = TrainingRun.objects.get(pk=ended.run_id)
    _is_usable(run)
    trained = from_json(stored=run.sampled)
    for own in sessions_by_climber():
        matrix = design_matrix(sessions=own, columns=trained.names)
        assert np.isfinite(matrix.design).all()
