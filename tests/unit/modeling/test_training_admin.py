"""The operators' pages of training: the list, one run in words, and the button."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from django.urls import reverse
from django.utils import timezone

from climbiq.jobs.models import Job
from modeling.models import PopulationPosterior, TrainingRun
from tests.factories.training_runs import record_of_a_run

LIST = "admin:modeling_trainingrun_changelist"
TRAIN = "admin:modeling_trainingrun_train"


@pytest.fixture
def console(client, olga, settings):
    settings.DEMO = True  # staff need no second factor here
    client.force_login(olga)
    return client


@pytest.fixture
def held(db) -> TrainingRun:
    return TrainingRun.objects.create(
        trigger="schedule",
        status="held",
        finished_at=timezone.now(),
        n_climbers=20,
        n_sessions=400,
        prior_version=3,
        reasons=["R-hat 1.204 is above 1.01"],
        notes=["every outcome is 10: nothing can be learnt from them"],
        durations={"sampling": 12.5, "reading": 0.25},
        diagnostics={
            "max_rhat": 1.204,
            "min_bulk_ess": 90.0,
            "min_tail_ess": 70.0,
            "divergences": 3,
            "n_draws": 4000,
            "prior_inside": 0.93,
        },
        held_out={
            "model_crps": 0.8,
            "person_mean_crps": 0.7,
            "n_sessions": 80,
            "coverage": {"50": 0.47, "95": 0.9},
        },
        priors={
            "names": ["intercept", "type:power"],
            "mean": [5.0, 0.0],
            "sd": [1.0, 0.3],
            "individual_sd": [1.0, 0.0],
            "noise_sd": 1.3,
            "noise_floor": 0.05,
        },
        sampled={"a": "secret of the draws"},
    )


def page(client, name: str, *args: object) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_one_run_in_words(console, held):
    text = page(console, "admin:modeling_trainingrun_change", held.pk)
    for told in (
        "Held back: what was published before goes on serving.",
        "R-hat 1.204 is above 1.01",
        "400 rated sessions of 20 climbers",
        "70 of 4,000",
        "not passed",
        "0.800 on 80 sessions",
        "said 50 %, seen 47 % (n 80)",
        "every outcome is 10",
        "the same for everybody",
        "12.8 s",
    ):
        assert told in text, told
    assert "secret of the draws" not in text
    assert 'http-equiv="refresh"' not in text
    assert text.index('<th scope="row">reading') < text.index('<th scope="row">sampling')


def test_what_a_run_learnt_is_drawn_and_told_as_a_table(console):
    run = TrainingRun.objects.create(
        trigger="schedule", status="published", finished_at=timezone.now(), **record_of_a_run()
    )
    html = console.get(reverse("admin:modeling_trainingrun_change", args=[run.pk])).content.decode()
    # intervals of the conditions and of the kinds; usual quality, 9 conditions and 8 kinds; calibration; rhythms
    assert html.count('class="chart__drawing"') == 2 + (1 + 9 + 8) + 1 + 1
    assert "2.4 % of the noise’s variance a day, faded by half in 41 days" in html
    assert "10.0 % a day, half in 7 days; noise × 1.5: 75 %; no drift; noise × 0.5: 25 %." in html
    low, high = (0.9 * run.learnt["effects"]["stress_level"][k] for k in (1, 5))
    assert f"<td>{low:+.2f} to {high:+.2f}</td>".replace("-", "−") in html
    assert "<td>+0.18 (−0.01 to +0.37)</td>" in html  # 1.2 h of the prior 0.15 ± 1.96 · 0.08
    assert "Points of quality for a typical difference" in html
    assert "said 80 %, seen 78 % (n 100)" in html
    assert html.count("Dashed: before. Filled: now.") == 1


def test_where_the_picture_lies(console):
    """The plot's axis runs over all intervals and nought; an interval of the prior lies where its numbers say."""
    run = TrainingRun.objects.create(
        trigger="schedule", status="published", finished_at=timezone.now(), **record_of_a_run(kinds=False)
    )
    html = console.get(reverse("admin:modeling_trainingrun_change", args=[run.pk])).content.decode()
    plot = ET.fromstring(re.search(r'<svg class="chart__drawing".*?</svg>', html, re.DOTALL).group(0))
    ticks = {t.text: float(t.get("x")) for t in plot.findall("text[@class='chart__tick']")}
    unit = (ticks["+0.5"] - ticks["0"]) / 0.5
    first = plot.find("g")
    bar, whisker = first.find("rect"), first.find("line[@class='chart__whisker']")
    half, dot = first.find("line[@class='chart__half']"), first.find("circle")
    mean, low, low_half, _, high_half, high = (1.2 * v for v in run.learnt["effects"]["sleep_hours"])
    drawn = {
        "prior": [float(bar.get("x")), float(bar.get("x")) + float(bar.get("width"))],
        "95 %": [float(whisker.get(end)) for end in ("x1", "x2")],
        "50 %": [float(half.get(end)) for end in ("x1", "x2")],
        "mean": [float(dot.get("cx"))],
    }
    meant = {
        "prior": [0.18 - 1.96 * 0.096, 0.18 + 1.96 * 0.096],
        "95 %": [low, high],
        "50 %": [low_half, high_half],
        "mean": [mean],
    }
    for what, values in meant.items():
        assert drawn[what] == pytest.approx([ticks["0"] + unit * v for v in values], abs=0.3), what


@pytest.mark.parametrize("stored", [None, {"probabilities": [0.5]}], ids=["nothing", "another version"])
def test_a_run_without_such_numbers_is_shown_without_the_picture(console, held, stored):
    run = TrainingRun.objects.create(
        trigger="schedule", status="held", finished_at=timezone.now(), learnt=stored, priors=held.priors
    )
    text = page(console, "admin:modeling_trainingrun_change", run.pk)
    assert "chart__drawing" not in text
    assert ("of another version and cannot be drawn" in text) is (stored is not None)


def test_a_run_under_way_shows_how_far_it_is(console):
    run = TrainingRun.objects.create(trigger="command", stage="sampling", progress=0.2)
    text = page(console, "admin:modeling_trainingrun_change", run.pk)
    assert "20 % sampling" in text
    assert 'http-equiv="refresh"' in text
    assert "20 % sampling" in page(console, LIST)


def test_the_list_says_what_serves(console, held):
    assert "Nothing is published yet" in page(console, LIST)
    PopulationPosterior.objects.create(run=held, model_version="2026-11-23-abcd", population={})
    text = page(console, LIST)
    assert "<strong>2026-11-23-abcd</strong> serves" in text
    assert "Held back" in text


def test_the_button_queues_one_run(console, olga):
    assert console.post(reverse(TRAIN), {"force": "1"}).status_code == 302
    job = Job.objects.get()
    assert (job.kind, job.payload, job.requested_by_id) == ("nightly_training", {"force": True}, olga.pk)
    assert "Waiting for a worker" in page(console, LIST)
    told = console.post(reverse(TRAIN), follow=True).content.decode()
    assert "A training is waiting already." in told
    assert Job.objects.count() == 1


def test_the_button_and_the_schedule_share_one_queue(console):
    Job.objects.create(kind="nightly_training", dedupe_key="scheduled")
    console.post(reverse(TRAIN))
    assert Job.objects.count() == 1


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_nobody_else_trains(client, request, who, settings, held):
    settings.DEMO = True
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse(TRAIN)).status_code in (302, 403)
    assert not Job.objects.exists()
    for name, args in ((LIST, []), ("admin:modeling_trainingrun_change", [held.pk])):
        assert client.get(reverse(name, args=args)).status_code in (302, 403)


def test_a_run_is_not_edited(console, held):
    address = reverse("admin:modeling_trainingrun_change", args=[held.pk])
    assert console.post(address, {"reasons": "[]"}).status_code == 403
    assert console.get(reverse("admin:modeling_trainingrun_delete", args=[held.pk])).status_code == 403
    assert console.get(reverse("admin:modeling_trainingrun_history", args=[held.pk])).url == address


def test_a_run_that_is_not_there(console):
    address = reverse("admin:modeling_trainingrun_change", args=["00000000-0000-0000-0000-000000000000"])
    assert console.get(address).status_code == 404
