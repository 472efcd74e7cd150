"""Recommendations of the past are found again: as a list over the API, and from the session they were for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from climbiq.accounts import rls
from recommendations.services.recommend import Asked, make_recommendation
from tests.factories.expert_rules import stored_rule
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LIST = "/api/v1/recommendations/"


def advise(user, *, session=None, minutes=0, **changes):
    """The key of a recommendation made so many minutes after `NOW`."""
    conditions = None if session is not None else {"stress_level": 4}
    with rls.as_user(user.pk):
        made = make_recommendation(
            by=user,
            asked=Asked(conditions=conditions, session_id=None if session is None else session.pk, **changes),
            now=NOW + timedelta(minutes=minutes),
            tells=False,
        )
    return str(made.recommendation_id)


def test_newest_first_a_page_at_a_time(climbing, alice):
    made = [advise(alice, minutes=n) for n in range(5)]
    found, address = [], f"{LIST}?page_size=2"
    for _ in range(3):
        page = climbing.get(address).json()
        found += [line["id"] for line in page["results"]]
        address = page["next"]
    assert found == made[::-1]
    assert address is None


def test_a_line_says_what_was_said_and_where_all_of_it_is(climbing, alice):
    session = make_session(alice, day=NOW.date(), planned={"stress_level": 4})
    key = advise(alice, session=session, own_forecast=7.0)
    (line,) = climbing.get(LIST).json()["results"]
    whole = climbing.get(line["url"]).json()
    assert line == {
        "id": key,
        "url": f"/api/v1/recommendations/{key}",
        "created_at": "2026-11-20T16:00:00Z",
        "session_id": str(session.pk),
        "is_done": False,
        "is_overridden": False,
        "expected_quality": whole["prediction"]["expected_quality"],
        "own_forecast": 7.0,
    }


def test_under_a_rule_the_models_number_stays_in_the_shadow(climbing, alice):
    stored_rule(lifecycle="active")
    advise(alice)
    (line,) = climbing.get(LIST).json()["results"]
    assert (line["is_overridden"], line["expected_quality"], line["is_done"]) == (True, None, True)


def test_only_ones_own_and_only_of_the_session_that_is_named(climbing, alice, bob, client):
    session = make_session(alice, day=NOW.date(), planned={"stress_level": 4})
    of_bob = make_session(bob, day=NOW.date(), planned={"stress_level": 4})
    mine, other = advise(alice, session=session), advise(alice, minutes=1)
    of_his = advise(bob, session=of_bob, minutes=2)

    def listed(query=""):
        return [line["id"] for line in climbing.get(LIST + query).json()["results"]]

    assert listed() == [other, mine]
    assert listed(f"?session_id={session.pk}") == [mine]
    assert listed(f"?session_id={of_bob.pk}") == []
    client.force_login(bob)
    assert listed() == [of_his]


@pytest.mark.parametrize(
    ("query", "field"), [("cursor=nonsense", "cursor"), ("session_id=7", "session_id"), ("since=1", "since")]
)
def test_a_bad_question_is_refused_by_name(climbing, query, field):
    answer = climbing.get(f"{LIST}?{query}")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})


def test_a_page_costs_one_query_whatever_is_on_it(climbing, alice, django_assert_max_num_queries):
    for n in range(4):
        advise(alice, minutes=n)
    with django_assert_max_num_queries(20) as few:
        climbing.get(f"{LIST}?page_size=1")
    with django_assert_max_num_queries(len(few)):
        climbing.get(LIST)


def test_it_is_in_the_schema(client, db):
    operation = client.get("/api/schema/").json()["paths"][LIST]["get"]
    assert {p["name"] for p in operation["parameters"]} == {"cursor", "page_size", "session_id"}


def test_the_sessions_page_leads_to_earlier_advice(climbing, alice):
    session = make_session(alice, day=NOW.date(), planned={"stress_level": 3})
    address = f"/sessions/{session.pk}/"
    advise(alice)  # without a session
    first = advise(alice, session=session, minutes=1)
    assert "Earlier advice" not in climbing.get(address).content.decode()
    rule = stored_rule(
        conditions={"field": "pre_session.stress_level", "op": ">=", "value": 1}, lifecycle="active"
    )
    second = advise(alice, session=session, minutes=2)
    type(rule).objects.filter(pk=rule.pk).update(is_active=False)
    third = advise(alice, session=session, minutes=3)
    html = climbing.get(address).content.decode()
    earlier = html[html.index("Earlier advice") :]
    assert earlier.index(second) < earlier.index(first)
    assert third not in earlier
    assert third in html
    assert "a coach’s rule" in earlier
    assert earlier.count("of 10 expected") == 1
