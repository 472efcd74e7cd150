"""The demo on a real site: written once, by the service role, with logins that work and rules that fire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from tests.fixtures.database import copy_template, run_on_server, superuser_url
from tests.fixtures.servers import Site
from tests.fixtures.visitors import visiting

DEMO = {"CLIMBIQ_DEMO": "1"}


def ask(database, query):
    with psycopg.connect(superuser_url(database)) as connection:
        return connection.execute(query).fetchall()


@dataclass
class Seeded:
    """A site with the demo in it, its address, and what seeding said."""

    site: Site
    address: str
    said: str


@pytest.fixture(scope="module")
def demo(template_database) -> Iterator[Seeded]:
    name = "climbiq_demo"
    copy_template(name)
    site = Site(name)
    try:
        said = site.manage("seed_demo", "--if-empty", **DEMO)
        yield Seeded(site, site.start(**DEMO), said)
    finally:
        site.stop()
        run_on_server("DROP DATABASE {} WITH (FORCE)", name)


def test_the_demo_is_written_once_and_its_logins_open(demo):
    site = demo.site
    assert demo.said.startswith("12 climbers with ")
    before = ask(site.database, "SELECT count(*), max(updated_at) FROM sessions")
    assert "there are accounts already" in site.manage("seed_demo", "--if-empty", **DEMO)
    assert "there already" in site.manage("seed_demo", **DEMO)
    assert ask(site.database, "SELECT count(*), max(updated_at) FROM sessions") == before
    assert before[0][0] > 600
    assert ask(site.database, "SELECT kind, status FROM jobs") == [("nightly_training", "queued")]

    logins = site.manage("demo_logins", **DEMO)
    password = logins.split("password ")[1].split(" as")[0]
    people = [line.split()[0] for line in logins.splitlines() if "@" in line]
    assert "is being trained" in logins
    assert len(people) == 17
    roles = dict(
        ask(
            site.database,
            "SELECT is_staff::int + is_superuser::int + is_facilitator::int, count(*) FROM users GROUP BY 1",
        )
    )
    assert roles == {0: 12, 1: 3, 2: 2}

    with visiting(demo.address, people[0], password) as mira:
        assert mira.get("/sessions/").status_code == 200
        assert mira.get("/sessions/").text.count("log__entry") == 20
        assert mira.get("/baseline/").text.count('value="57.5"') == 1
    with visiting(demo.address, "carol@climbiq.test", password) as carol:
        assert carol.get("/admin/").status_code == 200


def test_two_climbers_have_guessed_and_see_how_well(demo):
    guesses = ask(
        demo.site.database,
        "SELECT u.email, count(*), count(DISTINCT r.session_id), bool_and(r.is_done), bool_and(s.status = 'completed')"
        " FROM recommendations r JOIN users u ON u.id = r.user_id JOIN sessions s ON s.id = r.session_id"
        " WHERE r.own_forecast IS NOT NULL AND r.created_at < coalesce(s.started_at, now()) GROUP BY 1 ORDER BY 1",
    )
    assert guesses == [("jonas@climbiq.test", 14, 14, True, True), ("mira@climbiq.test", 14, 14, True, True)]
    password = demo.site.manage("demo_logins", **DEMO).split("password ")[1].split(" as")[0]
    with visiting(demo.address, "mira@climbiq.test", password) as mira:
        page = mira.get("/model/").text
        assert "sessions your guesses were off by" in page
        assert "How far your guesses and ours were off" in page


def test_rules_and_scenarios_wait_for_the_coaches(demo):
    site = demo.site
    states = dict(ask(site.database, "SELECT lifecycle, count(*) FROM expert_rules GROUP BY 1"))
    assert states == {"active": 7, "shadow": 1, "draft": 1}
    log = ask(
        site.database,
        "SELECT u.display_name, a.action FROM rule_audit_log a JOIN users u ON u.id = a.changed_by",
    )
    assert set(log) == {("Carol", "created"), ("Petra", "activated"), ("Petra", "modified")}
    scenarios = ask(
        site.database,
        "SELECT status, cardinality(assigned_reviewers), edge_case_tags[1], baseline_snapshot, pre_session_snapshot"
        " FROM synthetic_scenarios",
    )
    assert len(scenarios) == 18
    assert {row[:2] for row in scenarios} == {("pending", 4)}
    assert len({row[2] for row in scenarios}) == 6
    assert all("sleep_hours" in row[4] and "age" in row[3] for row in scenarios)


def test_a_rule_fires_for_the_climber_whose_finger_hurts(demo):
    token = demo.site.manage("issue_token", "priya@climbiq.test", **DEMO).split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=demo.address, headers=headers, timeout=30) as priya:
        planned = priya.get("/api/v1/sessions/?status=planned").json()["results"]
        assert len(planned) == 1
        answer = priya.post(
            "/api/v1/recommendations/pre-session",
            json={"session_id": planned[0]["id"]},
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 201, answer.text
        assert "Painful finger before a hard session" in answer.text


def test_the_demo_is_refused_where_it_is_none(site):
    with pytest.raises(RuntimeError, match="passwords are public"):
        site.manage("seed_demo")
    assert "There is no demo here" in site.manage("demo_logins")
    assert ask(site.database, "SELECT count(*) FROM users") == [(0,)]
