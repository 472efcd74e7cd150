from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from climbiq.jobs.services import enqueue
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.services.form_times import measure_form_times, seconds_since_opened, sign_opening
from tests.factories.people import make_climber
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)


def opened(page):
    return unescape(re.search(r'name="opened" value="([^"]+)"', page.content.decode()).group(1))


def ago(user, **delta):
    return sign_opening(user_id=user.pk, now=timezone.now() - timedelta(**delta))


@pytest.mark.parametrize(
    ("delta", "seconds"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=21.4), 21),
        (timedelta(minutes=59), 3540),
        (timedelta(hours=30), 3600),
        (timedelta(seconds=-5), None),
    ],
    ids=["at-once", "rounded", "long", "left-open", "from-the-future"],
)
def test_seconds_from_opening_to_submission(alice, delta, seconds):
    token = sign_opening(user_id=alice.pk, now=NOW - delta)
    assert seconds_since_opened(opened=token, user_id=alice.pk, now=NOW) == seconds


@pytest.mark.parametrize("token", ["", "0", "never:mind", "x" * 5000, "\u202e"])
def test_what_we_did_not_sign_is_no_time(alice, token):
    assert seconds_since_opened(opened=token, user_id=alice.pk, now=NOW) is None
    other = signing.dumps({"user": str(alice.pk), "at": 0}, salt="another")
    assert seconds_since_opened(opened=other, user_id=alice.pk, now=NOW) is None


def test_one_persons_opening_is_not_anothers(alice, bob):
    token = sign_opening(user_id=bob.pk, now=NOW)
    assert seconds_since_opened(opened=token, user_id=alice.pk, now=NOW) is None


def test_both_forms_keep_the_time_of_their_first_submission(client, alice):
    client.force_login(alice)
    day = timezone.localdate().isoformat()
    token = opened(client.get("/sessions/new/"))
    assert seconds_since_opened(opened=token, user_id=alice.pk, now=timezone.now()) < 60
    wrong = client.post(
        "/sessions/new/", {"session_date": day, "stress_level": "9", "opened": ago(alice, seconds=9)}
    )
    assert wrong.status_code == 422
    again = opened(wrong)  # the page with the fault still counts from the first opening
    assert 9 <= seconds_since_opened(opened=again, user_id=alice.pk, now=timezone.now()) < 60

    client.post(
        "/sessions/new/", {"session_date": day, "stress_level": "3", "opened": ago(alice, seconds=25)}
    )
    session = Session.objects.get()
    before = PreSessionData.objects.get()
    assert 25 <= before.form_seconds < 60
    url = f"/sessions/{session.pk}/before/"
    client.post(url, {"session_date": day, "stress_level": "4", "opened": ago(alice, minutes=20)})
    before.refresh_from_db()
    assert (before.stress_level, before.form_seconds < 60) == (4, True)

    url = f"/sessions/{session.pk}/after/"
    assert opened(client.get(url))
    client.post(url, {"session_quality": "6", "as_planned": "yes", "opened": ago(alice, hours=9)})
    after = PostSessionData.objects.get()
    assert after.form_seconds == 3600
    client.post(url, {"session_quality": "7", "as_planned": "yes", "opened": ago(alice, seconds=5)})
    after.refresh_from_db()
    assert (after.session_quality, after.form_seconds) == (7, 3600)


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_its_opening_is_stored_without_a_time(client, alice, token):
    client.force_login(alice)
    fields = {"session_date": timezone.localdate().isoformat(), "stress_level": "3"}
    answer = client.post("/sessions/new/", fields if token is None else {**fields, "opened": token})
    assert answer.status_code == 302
    assert PreSessionData.objects.get().form_seconds is None


def test_the_database_refuses_impossible_times(alice):
    session = make_session(alice, planned={}, quality=5)
    for table in (PreSessionData, PostSessionData):
        for seconds in (-1, 3601):
            with pytest.raises(IntegrityError), transaction.atomic():
                table.objects.filter(session=session).update(form_seconds=seconds)


def test_operators_read_the_median_of_five_climbers_or_more(olga):
    def submit(seconds, **fields):
        session = make_session(make_climber(), planned={}, quality=5)
        PreSessionData.objects.filter(session=session).update(form_seconds=seconds, **fields)

    for seconds in (10, 20, 31, 3600):
        submit(seconds)
    submit(5, created_at=timezone.now() - timedelta(days=40))  # long ago
    submit(None)  # from an app
    assert measure_form_times(now=timezone.now())["before"] == {"outcome": "fewer than 5 climbers"}
    submit(25)
    job = enqueue(kind="form_times", payload={}, requested_by=None)
    run_job(job_id=job)
    result = Job.objects.get(pk=job).result
    assert result == {
        "before": {
            "forms": 5,
            "climbers": 5,
            "median_seconds": 25,
            "nine_of_ten_within_seconds": 2172,
            "share_within_30_seconds": 0.6,
        },
        "after": {"outcome": "fewer than 5 climbers"},
    }
