"""Whoever asks, and however: a recommendation is announced on its climber's channel once, when it is stored."""

from __future__ import annotations

import json
import uuid

import pytest
from django_eventstream.models import Event

from climbiq.live.channels import channel_of
from recommendations.models import Recommendation
from sessions_app.models import PreSessionData, Session
from tests.factories.expert_rules import REST, TENSE, stored_rule

PATH = "/api/v1/recommendations/pre-session"
BODY = {"current_conditions": {"sleep_hours": 6.0, "stress_level": 5}}


@pytest.fixture
def heard(alice, django_capture_on_commit_callbacks):
    """What arrives on Alice's channel by what a block does."""

    def run(work) -> list[tuple[str, str]]:
        Event.objects.all().delete()
        with django_capture_on_commit_callbacks(execute=True):
            work()
        rows = Event.objects.filter(channel=channel_of(alice.pk)).order_by("eid")
        return [(row.type, json.loads(row.data)["id"]) for row in rows]

    return run


def the_only_one() -> tuple[str, str]:
    return ("recommendation_ready", str(Recommendation.objects.get().pk))


def post(client, accept="application/json", **headers):
    answer = client.post(PATH, BODY, content_type="application/json", headers={"Accept": accept, **headers})
    assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_over_the_api(climbing, heard, accept):
    assert heard(lambda: post(climbing, accept)) == [the_only_one()]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_under_an_override(climbing, heard, accept):
    stored_rule(conditions=TENSE, actions=[REST], lifecycle="active")
    assert heard(lambda: post(climbing, accept)) == [the_only_one()]
    assert Recommendation.objects.get().overridden_by_rule_id is not None


def test_on_the_page(climbing, alice, heard):
    session = Session.objects.create(user=alice, session_date="2099-01-01")
    PreSessionData.objects.create(session=session, user=alice, stress_level=2)

    def by_form():
        form = {"skip": "1", "form_key": str(uuid.uuid4())}
        assert climbing.post(f"/sessions/{session.pk}/recommendation/", form).status_code == 302

    assert heard(by_form) == [the_only_one()]
    where = f"/recommendations/{Recommendation.objects.get().pk}/"
    assert heard(lambda: climbing.get(where, {"words": "1"})) == []


def test_the_same_key_announces_nothing_again(climbing, heard):
    key = {"Idempotency-Key": "once"}
    assert len(heard(lambda: post(climbing, **key))) == 1
    assert heard(lambda: post(climbing, **key)) == []


def test_what_is_refused_is_not_announced(climbing, heard):
    def refused():
        answer = climbing.post(PATH, {"current_conditions": {"mood": 3}}, content_type="application/json")
        assert answer.status_code == 400

    assert heard(refused) == []
