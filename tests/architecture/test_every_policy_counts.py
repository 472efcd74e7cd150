"""Every row-level policy is needed: without it, or with a condition of it always true, somebody is answered otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import zip_longest
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from climbiq.accounts.models import ApiToken, User
from climbiq.jobs.models import Job, ScheduledRun
from experts.models import ExpertScenarioResponse, ScenarioConsensus, SyntheticScenario
from modeling.models import PopulationStatistic
from recommendations.models import Recommendation
from sessions_app.models import Gym, Session
from tests.architecture.policy_probes import Mutant, Probe, answers, mutants, probes_of
from tests.factories.expert_rules import stored_rule
from tests.factories.people import make_coach
from tests.factories.published import publish_population
from tests.factories.whole_people import NOW, fill_account, fill_climber, fill_coach, fill_operator

# Conditions that nothing can tell from "always true", each with the reason.
REDUNDANT = {
    Mutant("expert_rules", "coaches_retire", "USING (true)"): "the trigger retires by UPDATE: coaches_change",
    Mutant("expert_rules", "coaches_change", "WITH CHECK (true)"): "asks who acts, as its USING does",
    Mutant("gyms", "operators_change", "WITH CHECK (true)"): "asks who acts, as its USING does",
    Mutant("expert_scenario_responses", "revise_own", "WITH CHECK (true)"): (
        "what it asks for stands in columns that the web may not change"
    ),
}


@pytest.fixture
def people(alice, bob, carol, dave, olga) -> dict[str, User]:
    """Everybody with rows everywhere."""
    fay = make_coach(email="fay@example.org", display_name="Fay", is_facilitator=True)
    found = {"alice": alice, "bob": bob, "carol": carol, "dave": dave, "olga": olga, "fay": fay}
    for name, person in found.items():
        fill_account(person, name)
    for person in (alice, bob):
        fill_climber(person, person.display_name)
    fill_coach(carol, "Carol")
    fill_operator(olga, "Olga")
    publish_population()
    Session.objects.update(gym=Gym.objects.create(name="Boulder Bar"))
    stored_rule(name="In force", lifecycle="active")
    PopulationStatistic.objects.create(
        name="sleep_hours", n_climbers=20, n_values=90, mean=7, std=1, quantiles={}
    )
    ScheduledRun.objects.create(name="nightly", slot=NOW)
    Job.objects.create(kind="nightly_training", dedupe_key="scheduled", requested_by=olga)
    for status in ("in_review", "consensus_reached"):
        scenario = SyntheticScenario.objects.create(
            baseline_snapshot={}, pre_session_snapshot={}, status=status
        )
        for coach in (carol, dave):
            ExpertScenarioResponse.objects.create(scenario=scenario, expert=coach, is_complete=True)
        ScenarioConsensus.objects.create(scenario=scenario)
    return found


@pytest.fixture
def database(people, settings) -> psycopg.Connection[Any]:
    """The test's own connection and transaction, with the superuser's rights and without Django between."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
    raw: psycopg.Connection[Any] = connection.connection
    return raw


@pytest.fixture
def by_hand(people) -> list[Probe]:
    """What only functions and triggers do, with their owner's rights."""
    alice = people["alice"]
    token = ApiToken.objects.filter(user=alice).first()
    recommendation = Recommendation.objects.filter(user=alice).first()
    empty = Session.objects.create(user=alice, session_date=date(2026, 5, 9))
    Recommendation.objects.filter(pk=recommendation.pk).update(session=None)
    judged, agreed = (
        SyntheticScenario.objects.create(baseline_snapshot={}, pre_session_snapshot={}) for _ in range(2)
    )
    ExpertScenarioResponse.objects.create(scenario=judged, expert=people["dave"])
    ScenarioConsensus.objects.create(scenario=agreed)
    shown = f'{{"recommendation_id": "{recommendation.pk}"}}'
    return [
        Probe(
            who="nobody",
            statement=sql.SQL("SELECT token_user_id FROM app.authenticate_token(%s)"),
            args=(bytes(token.digest),),
        ),
        Probe(who="nobody", statement=sql.SQL("SELECT app.has_priors()")),
        Probe(
            who="nobody",
            statement=sql.SQL(
                "INSERT INTO users (email, password, display_name, is_superuser)"
                " VALUES ('new@example.org', '!', '', false)"
            ),
        ),
        Probe(who="carol", statement=sql.SQL("SELECT app.scenario_is_open(%s)"), args=(judged.pk,)),
        Probe(who="carol", statement=sql.SQL("SELECT count(*) FROM gyms WHERE app.is_shared_gym(id)")),
        Probe(who="owner", statement=sql.SQL("SELECT count(*) FROM sessions")),
        Probe(who="olga", statement=sql.SQL("SELECT app.delete_unused_gyms(ARRAY(SELECT id FROM gyms))")),
        *(
            Probe(
                who="service",
                statement=sql.SQL("DELETE FROM synthetic_scenarios WHERE id = %s"),
                args=(scenario.pk,),
            )
            for scenario in (judged, agreed)
        ),
        Probe(
            who="carol", statement=sql.SQL("UPDATE expert_rules SET priority = 41 WHERE lifecycle = 'draft'")
        ),
        Probe(
            who="carol",
            statement=sql.SQL("DELETE FROM expert_rules"),
            look=sql.SQL("SELECT count(*) FROM expert_rules WHERE lifecycle = 'retired'"),
        ),
        Probe(
            who="alice",
            statement=sql.SQL(
                "INSERT INTO pre_session_data (session_id, user_id, recommendations_shown) VALUES (%s, %s, %s)"
            ),
            args=(empty.pk, alice.pk, shown),
            look=sql.SQL("SELECT count(*) FROM recommendations WHERE session_id IS NULL"),
        ),
    ]


def unnoticed(
    database: psycopg.Connection[Any], people: Mapping[str, User], by_hand: list[Probe]
) -> set[Mutant]:
    """The changes after which everybody is answered as before."""
    asked: dict[str, list[Probe]] = {}
    before: dict[str, list[Any]] = {}
    found = set()
    for mutant in mutants(database):
        if mutant.table not in asked:
            probes = asked[mutant.table] = [*probes_of(database, mutant.table), *by_hand]
            before[mutant.table] = list(answers(database, probes, people))
        database.execute("SAVEPOINT mutant")
        database.execute(mutant.statement())
        pairs = zip_longest(answers(database, asked[mutant.table], people), before[mutant.table])
        if all(now == then for now, then in pairs):
            found.add(mutant)
        database.execute("ROLLBACK TO SAVEPOINT mutant")
    return found


def test_dropping_or_opening_any_policy_is_noticed(database, people, by_hand):
    assert unnoticed(database, people, by_hand) == set(REDUNDANT)


def test_a_policy_that_does_nothing_is_found(database, people, by_hand):
    database.execute("DROP POLICY add ON gyms")
    database.execute("CREATE POLICY idle ON gyms FOR DELETE TO climbiq_app USING (true)")
    found = unnoticed(database, people, by_hand) - set(REDUNDANT)
    assert found == {Mutant("gyms", "idle", "dropped")}


def test_every_protected_table_has_rows(database):
    """Probes of an empty table notice little."""
    tables = database.execute(
        "SELECT DISTINCT tablename::text FROM pg_policies WHERE schemaname = 'public'"
    ).fetchall()
    counts = {
        table: database.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[
            0
        ]
        for (table,) in tables
    }
    assert [table for table, rows in counts.items() if not rows] == []
