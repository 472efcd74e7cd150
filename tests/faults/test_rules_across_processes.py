"""A rule that a coach changes in one web process decides the next recommendation in another."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from tests.factories.people import PASSWORD
from tests.factories.served import Served, add_account
from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.faults

BROWSER: dict[str, Any] = {"follow_redirects": True, "timeout": 30}
LIST = "/admin/experts/expertrule/"
TENSE = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
CONDITIONS = {
    "sleep_hours": 7,
    "stress_level": 4,
    "caffeine_mg": 0,
    "warmup_duration_min": 5,
    "current_niggles": [],
}


@dataclass
class Coach:
    """A coach at a browser, without one: cookies, forms, their CSRF tokens."""

    http: httpx.Client
    email: str

    def __post_init__(self) -> None:
        self.post("/accounts/login/", "/accounts/login/", login=self.email, password=PASSWORD)
        assert self.http.get(LIST).status_code == 200

    def post(self, page: str, action: str, *, refused: bool = False, **fields: str) -> str:
        """Open a page, fill its form, send it; the page that follows."""
        shown = self.http.get(page).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown).group(1)
        answer = self.http.post(
            action,
            data={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": str(self.http.base_url)},
        )
        assert answer.status_code == 200, answer.text[:2000]
        assert refused or "errornote" not in answer.text, re.findall(
            r"errorlist.*?</ul>", answer.text, re.DOTALL
        )
        return answer.text

    def write(self, name: str, *, conditions: Any, actions: Any, **fields: str) -> str:
        """A new draft; its key."""
        page = self.post(f"{LIST}add/", f"{LIST}add/", **_form(name, conditions, actions, **fields))
        return re.search(rf"{LIST}([0-9a-f-]{{36}})/history/", page).group(1)

    def edit(self, rule: str, name: str, *, conditions: Any, actions: Any, **fields: str) -> None:
        self.post(f"{LIST}{rule}/change/", f"{LIST}{rule}/change/",
                  **_form(name, conditions, actions, revision=self.revision(rule), **fields))  # fmt: skip

    def step(self, rule: str, to: str) -> None:
        self.post(f"{LIST}{rule}/change/", f"{LIST}{rule}/lifecycle/",
                  to=to, reason=f"to {to}", revision=self.revision(rule))  # fmt: skip

    def revision(self, rule: str) -> str:
        page = self.http.get(f"{LIST}{rule}/change/").text
        return re.search(r'name="revision" value="(\w+)"', page).group(1)


@dataclass
class World:
    """Two processes over one database; Carol and Dave coach at the first, Alice asks the second."""

    database: str
    second: str
    alice: Served
    carol: Coach
    dave: Coach

    def recommend(self, **conditions: Any) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.second}/api/v1/recommendations/pre-session",
            json={
                "current_conditions": {k: v for k, v in (CONDITIONS | conditions).items() if v != "unsaid"}
            },
            headers=self.alice.headers | {"Accept": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def sql(self, statement: str, *args: Any) -> None:
        with psycopg.connect(superuser_url(self.database), autocommit=True) as database:
            database.execute(statement, args)


@pytest.fixture
def world(site) -> Iterator[World]:
    first, second = site.start(CLIMBIQ_DEMO="1"), site.start()
    for email in ("carol@example.org", "dave@example.org"):
        add_person(site.database, email, is_staff=True)
    alice = add_account(site.database, email="alice@example.org")
    with httpx.Client(base_url=first, **BROWSER) as carols, httpx.Client(base_url=first, **BROWSER) as daves:
        carol, dave = Coach(carols, "carol@example.org"), Coach(daves, "dave@example.org")
        yield World(site.database, second, alice, carol, dave)


def _form(name: str, conditions: Any, actions: Any, **fields: str) -> dict[str, str]:
    words = {"conditions": json.dumps(conditions), "actions": json.dumps(actions)}
    return {"name": name, "priority": "50", "reason": "because", **words, **fields}


def _rest(message: str) -> list[dict[str, str]]:
    return [{"type": "override", "recommendation": "rest_day", "message": message}]


def _advised(answer: dict[str, Any]) -> set[str]:
    return {tip["variable"] for tip in answer["recommendations"]["items"]}


def test_edited_paused_and_overruled_by_sql(world: World):
    assert world.recommend()["prediction"]  # the second process has its rules in memory now

    rule = world.carol.write("Tense", conditions=TENSE, actions=_rest("Rest today."))
    assert world.recommend()["prediction"]  # a draft does nothing
    world.dave.step(rule, "active")
    told = world.recommend()
    assert (told["rule_override"]["message"], told["prediction"]) == ("Rest today.", None)

    world.carol.edit(rule, "Tense", conditions=TENSE, actions=_rest("Rest, and sleep."))
    assert world.recommend()["rule_override"]["message"] == "Rest, and sleep."

    world.dave.step(rule, "paused")
    told = world.recommend()
    assert (told["rule_override"], told["prediction"] is None) == (None, False)

    world.sql(
        "UPDATE expert_rules SET lifecycle = 'active', actions = %s WHERE id = %s",
        json.dumps(_rest("Said in SQL.")), rule,
    )  # fmt: skip
    assert world.recommend()["rule_override"]["message"] == "Said in SQL."
    world.sql("UPDATE expert_rules SET expires_at = now() WHERE id = %s", rule)
    assert world.recommend()["rule_override"] is None
    world.sql("UPDATE expert_rules SET expires_at = NULL WHERE id = %s", rule)
    assert world.recommend()["rule_override"]
    world.sql("DELETE FROM expert_rules WHERE id = %s", rule)
    assert world.recommend()["prediction"]


def test_suppressed_and_modified(world: World):
    before = world.recommend(caffeine_mg=0)
    advised = _advised(before)
    assert advised, "nothing is advised: there would be nothing to suppress"
    target = {"caffeine_mg": "caffeine", "warmup_duration_min": "warmup"}
    actions = [
        {"type": "suppress", "target": f"{target.get(name, name)}_recommendation"} for name in sorted(advised)
    ]
    actions.append({"type": "modify_coefficient", "target": "sleep_quality", "multiplier": 0.5})
    actions.append({"type": "message", "message": "<b>Breathe.</b>"})
    rule = world.carol.write("Quiet", conditions=TENSE, actions=actions)
    world.carol.step(rule, "active")
    after = world.recommend(caffeine_mg=0)
    assert after["rule_override"] is None
    assert after["prediction"]
    assert {*after["rule_adjustments"]["suppressed"]} == advised
    assert after["rule_adjustments"]["multipliers"] == {"sleep_quality": 0.5}
    assert after["rule_adjustments"]["messages"] == ["<b>Breathe.</b>"]
    assert not advised & _advised(after)


def test_a_safety_rule_asks_for_what_it_needs(world: World):
    rule = world.carol.write("Tense", conditions=TENSE, actions=_rest("Rest."), rule_category="safety")
    world.dave.step(rule, "active")
    told = world.recommend(stress_level="unsaid")
    assert (told["rule_override"], told["prediction"] is None) == (None, False)
    assert told["rule_trace"]["questions"] == [
        {
            "field": "pre_session.stress_level",
            "sentence": "How stressed are you? A safety rule needs to know.",
        }
    ]
    assert told["rule_trace"]["rules"][0]["outcome"] == "not_evaluable"
    assert world.recommend(stress_level=5)["rule_override"]["message"] == "Rest."


def test_two_coaches_in_the_same_moment(world: World):
    rule = world.carol.write("Tense", conditions=TENSE, actions=_rest("Rest."))
    both = (world.carol, world.dave)
    revisions = [coach.revision(rule) for coach in both]
    assert len({*revisions}) == 1
    start = threading.Barrier(2)

    def edit(coach: Coach, revision: str) -> str:
        form = _form("Tense", TENSE, _rest(f"Said by {coach.email}."), revision=revision)
        start.wait()
        return coach.post(f"{LIST}{rule}/change/", f"{LIST}{rule}/change/", refused=True, **form)

    def name(coach: Coach, spelling: str) -> str:
        form = _form(spelling, TENSE, _rest("Rest."))
        start.wait()
        return coach.post(f"{LIST}add/", f"{LIST}add/", refused=True, **form)

    with ThreadPoolExecutor(2) as pool:
        edited = list(pool.map(edit, both, revisions))
        named = list(pool.map(name, both, ("Twice", "TWICE")))
    assert sum("changed by somebody else" in page for page in edited) == 1
    assert sum("is stored." in page for page in edited) == 1
    assert sum("Change that one, or choose another name" in page for page in named) == 1
    assert sum("is stored as a draft" in page for page in named) == 1
