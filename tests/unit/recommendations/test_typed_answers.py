"""The main endpoint's schema says what it really answers, as an object and as events."""

from __future__ import annotations

import copy
import json

import pytest

from recommendations.api.payloads import PAYLOADS
from recommendations.models import Recommendation, RecommendationEvent
from recommendations.services import event_log
from sessions_app.models import Session
from tests.factories.expert_rules import HALF_CAFFEINE, NO_CAFFEINE_ADVICE, REST, TENSE, stored_rule
from tests.factories.openapi import faults
from tests.factories.sessions import make_session

PATH = "/api/v1/recommendations/pre-session"
TENSE_DAY = {"sleep_hours": 6.0, "stress_level": 5, "energy_level": 2, "caffeine_mg": 600}
CALM_DAY = {**TENSE_DAY, "stress_level": 1, "caffeine_mg": 0, "warmup_duration_min": 5}
SAFETY = {"field": "pre_session.soreness_level", "op": ">=", "value": 5}
SAY = {"type": "message", "message": "Sip slowly."}


@pytest.fixture
def document(client, db):
    return client.get("/api/schema/").json()


def diary(alice) -> None:
    """Enough sessions for every comparison with one's own."""
    for day in range(1, 25):
        make_session(
            alice,
            day=f"2026-10-{day:02}",
            planned={
                "caffeine_mg": 250 if day % 2 else 0,
                "stress_level": 4 + day % 2,
                "session_type": "volume" if day % 3 else "project",
                "sleep_hours": 6 + day % 3,
            },
            quality=4 + day % 2 + day % 3,
        )
    assert Session.objects.count() == 24


def ask(client, conditions):
    answer = client.post(
        PATH,
        {"current_conditions": conditions},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201, answer.content
    return answer.json()


def override() -> None:
    stored_rule(conditions=TENSE, actions=[REST, NO_CAFFEINE_ADVICE], lifecycle="active")


def adjust() -> None:
    actions = [NO_CAFFEINE_ADVICE, HALF_CAFFEINE, SAY]
    stored_rule(name="Adjust", conditions=TENSE, actions=actions, lifecycle="active")
    stored_rule(name="Sore", conditions=SAFETY, actions=[REST], rule_category="safety", lifecycle="active")


CASES = {
    "cold start": (lambda alice: None, {}, {"prediction", "recommendations", "stats"}),
    "own sessions": (diary, CALM_DAY, {"prediction", "recommendations", "stats"}),
    "override": (lambda alice: override(), TENSE_DAY, {"rule_override"}),
    "adjusted": (lambda alice: adjust(), TENSE_DAY, {"rule_adjustments", "prediction", "recommendations"}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_object_and_the_events_are_as_the_schema_says(climbing, alice, document, case):
    prepare, conditions, parts = CASES[case]
    prepare(alice)
    answer = ask(climbing, conditions)
    assert faults(document, "Recommendation", answer) == []
    assert {name for name in parts if answer[name] is None} == set()
    events = frames(answer["id"])
    assert [fault for event in events for fault in faults(document, "RecommendationEvent", event)] == []
    assert [event["event"] for event in events][-1] == "done"
    if case == "own sessions":
        assert set(answer["stats"]) == {"v", *document["components"]["schemas"]["Stats"]["properties"]}
        assert answer["recommendations"]["items"]
    if case == "adjusted":
        assert answer["recommendations"]["notices"]
        assert answer["rule_trace"]["questions"]


def frames(key: str) -> list[dict]:
    rows = RecommendationEvent.objects.filter(recommendation_id=key).order_by("seq")
    return [{"id": f"{key}:{row.seq}", "event": row.event, "data": json.loads(row.data)} for row in rows]


def test_half_told_words_are_as_the_schema_says(climbing, alice, document):
    key = ask(climbing, {})["id"]
    Recommendation.objects.filter(pk=key).update(is_done=False, lease_until=None)
    lease = event_log.take_lease(recommendation_id=key, user_id=alice.pk)
    again = {"v": 1, "index": 0}
    event_log.append(lease, [("nlg_start", again), ("nlg_start", {**again, "restart": True})])
    assert [f for event in frames(key) for f in faults(document, "RecommendationEvent", event)] == []
    got = climbing.get(f"/api/v1/recommendations/{key}", headers={"Accept": "application/json"}).json()
    assert faults(document, "Recommendation", got) == []


def test_every_event_of_the_stream_is_documented(document):
    schemas = document["components"]["schemas"]
    named = {ref["$ref"].rsplit("/", 1)[1] for ref in schemas["RecommendationEvent"]["oneOf"]}
    events = {schemas[name]["properties"]["event"]["enum"][0] for name in named}
    assert events == set(PAYLOADS)
    responses = document["paths"][PATH]["post"]["responses"]
    stream = responses["200"]["content"]["text/event-stream"]["schema"]
    assert stream == {"type": "array", "items": {"$ref": "#/components/schemas/RecommendationEvent"}}
    for status in ("200", "201"):
        whole = responses[status]["content"]["application/json"]["schema"]
        assert whole == {"$ref": "#/components/schemas/Recommendation"}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda a: a["prediction"].pop("sigma"), "'sigma' is a required property"),
        (lambda a: a["prediction"].update(mood=3), "Additional properties are not allowed"),
        (lambda a: a["stats"].update(sigma_response={}), "Additional properties are not allowed"),
        (lambda a: a["meta"].update(phase="warm"), "'warm' is not one of"),
        (lambda a: a["recommendations"]["items"][0].update(gain=[1]), "[1] is not of type 'number'"),
        (lambda a: a["recommendations"]["items"][0]["gain_interval_95"].pop(), "is too short"),
        (lambda a: a.update(rule_override={}), "is a required property"),
    ],
)
def test_a_wrong_answer_would_be_found(climbing, alice, document, spoil, told):
    diary(alice)
    right = ask(climbing, CALM_DAY)
    wrong = copy.deepcopy(right)
    spoil(wrong)
    assert faults(document, "Recommendation", right) == []
    assert told in str(faults(document, "Recommendation", wrong))
