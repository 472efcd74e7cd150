"""The operators' page of the evaluation: its words in every state, its button, and the job behind it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import NoReverseMatch, reverse

from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from modeling.models import EVALUATION, Evaluation
from tests.factories.scorecards import made_scorecard, made_scores

PAGE = "admin:modeling_evaluation_changelist"
BUTTON = "admin:modeling_evaluation_evaluate"
ENDED = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


@pytest.fixture
def console(client, olga, settings):
    settings.DEMO = True  # staff need no second factor here
    client.force_login(olga)
    return client


def page(client) -> str:
    response = client.get(reverse(PAGE))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def ended(**fields) -> Job:
    return Job.objects.create(**({"kind": EVALUATION, "status": "succeeded", "finished_at": ENDED} | fields))


def test_before_the_first_one(console):
    text = page(console)
    assert "Never evaluated yet" in text
    assert "chart__drawing" not in text
    assert 'http-equiv="refresh"' not in text


def test_the_last_one_in_words_table_and_pictures(console):
    ended(result=made_scorecard().as_dict())
    text = page(console)
    for told in (
        "Last evaluated 23 Nov 2026",
        "missed by 0.55 points on average; the strongest rival, “Static mixed model”, missed by 0.83",
        "Of its 80 % intervals 80 % held the outcome",
        "384 sessions of 24 climbers were predicted; the first 60 % of each, 576 sessions, trained",
        "said 80 %, seen 80 % (n 384)",
        "after 30 own sessions 0.57, the shrunken mean 0.87",
        "3 climbers with fewer than 30 sessions left out",
        "not that a condition causes it",
    ):
        assert told in text, told
    assert text.count('class="chart__drawing"') == 2
    assert len(re.findall(r'<tr(?: class="is-ours")?><th scope="row">', text)) >= 10
    assert "more than three points" not in text
    assert "not ahead" not in text


def test_it_says_where_it_is_not_ahead_or_not_calibrated(console):
    scores = {
        "climbiq": made_scores(0.7, coverage=0.045),
        "ewma": made_scores(0.6),
        "ridge": made_scores(0.9),
    }
    ended(result=made_scorecard(scores=scores, cold_start=()).as_dict())
    text = page(console)
    assert "more than three points beside what was said: 50 % intervals held 55 %;" in text
    assert "It is not ahead in MAE of “EWMA (0.2)”, RMSE of “EWMA (0.2)”, CRPS of “EWMA (0.2)”" in text
    assert text.count('class="chart__drawing"') == 1


def test_too_little_data(console):
    ended(result={"too_little": "3 of 7 climbers have 30 rated sessions or more and at least 5 are needed"})
    text = page(console)
    assert (
        "Too little data: 3 of 7 climbers have 30 rated sessions or more and at least 5 are needed." in text
    )


def test_a_scorecard_of_another_version(console):
    ended(result={"models": {"climbiq": {"mae": 0.5}}})
    assert "of another version" in page(console)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({"status": "queued"}, "Waiting for a worker", id="waiting"),
        pytest.param({"status": "running", "progress": 0.4, "progress_note": "predicting"}, "40 % predicting", id="running"),
        pytest.param({"status": "failed", "error": "OSError: gone"}, "OSError: gone", id="to-be-tried-again"),
        pytest.param({"status": "dead", "error": "OSError: gone"}, "was given up: OSError: gone", id="given-up"),
    ],
)  # fmt: skip
def test_the_next_one_beside_the_last(console, fields, told):
    ended(result=made_scorecard().as_dict())
    ended(**({"finished_at": ENDED + timedelta(hours=1) if fields["status"] == "dead" else None} | fields))
    text = page(console)
    assert told in text
    assert "missed by 0.55 points" in text
    assert ('http-equiv="refresh"' in text) == (fields["status"] in {"queued", "running"})


def test_what_was_given_up_is_forgotten_after_a_success(console):
    ended(status="dead", error="OSError: gone", finished_at=ENDED - timedelta(hours=1))
    ended(result=made_scorecard().as_dict())
    assert "given up" not in page(console)


def test_the_button_queues_one(console, olga):
    assert console.get(reverse(BUTTON)).status_code == 405
    for _ in range(2):
        assert console.post(reverse(BUTTON)).status_code == 302
    job = Job.objects.get()
    assert (job.kind, job.requested_by_id, job.status) == (EVALUATION, olga.pk, "queued")
    assert "disabled" in page(console)


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_nobody_else(client, request, who, settings):
    settings.DEMO = True
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse(BUTTON)).status_code in (302, 403)
    assert client.get(reverse(PAGE)).status_code in (302, 403)
    assert not Job.objects.exists()


def test_it_stands_in_the_workbench_and_has_no_other_pages(console):
    assert reverse(PAGE) in console.get(reverse("admin:index")).content.decode()
    for name in ("add", "change", "delete"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:modeling_evaluation_{name}", args=[] if name == "add" else ["x"])


@pytest.mark.django_db
def test_the_job_on_an_empty_platform_says_so():
    job = Job.objects.create(kind=EVALUATION)
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == (
        "succeeded",
        {"too_little": "nobody has finished and rated a session"},
    )
    assert Evaluation.objects.get() == Evaluation(pk=job.pk)
