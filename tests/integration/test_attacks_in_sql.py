"""What an attacker with the web application's own database login can do: nothing beyond their own rows.

Every statement here runs as `climbiq_app` over a connection of its own, as injected SQL would.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from climbiq.accounts.rls import Identity, sign
from tests.fixtures.attackers import KEY, World
from tests.fixtures.database import role_url

DENIED = "42501"


def forged(w: World) -> str:
    honest = sign(Identity(str(w.alice), "climber"), now=time.time(), key=KEY)
    return honest.replace(str(w.alice), str(w.bob))


CLIMBER_ATTACKS: dict[str, tuple[str, Callable[[World], list[Any]], Any]] = {
    "reads only own sessions": ("SELECT count(*) FROM sessions", lambda w: [], 3),
    "cannot read by owner": ("SELECT count(*) FROM sessions WHERE user_id = %s", lambda w: [w.bob], 0),
    "cannot read by key": ("SELECT count(*) FROM sessions WHERE id = %s", lambda w: [w.bobs_session], 0),
    "cannot update": ("UPDATE sessions SET status = 'skipped' WHERE user_id = %s", lambda w: [w.bob], 0),
    "cannot delete": ("DELETE FROM sessions WHERE user_id = %s", lambda w: [w.bob], 0),
    "cannot insert for another": (
        "INSERT INTO sessions (user_id, session_date) VALUES (%s, '2026-02-02')",
        lambda w: [w.bob],
        DENIED,
    ),
    "cannot give a row away": ("UPDATE sessions SET user_id = %s", lambda w: [w.bob], DENIED),
    "cannot attach to another's session": (
        "INSERT INTO post_session_data (session_id, session_quality) VALUES (%s, 1)",
        lambda w: [w.bobs_session],
        DENIED,
    ),
    "cannot attach to another's session as oneself": (
        "INSERT INTO post_session_data (session_id, user_id, session_quality) VALUES (%s, %s, 1)",
        lambda w: [w.bobs_session, w.alice],
        "23503",
    ),
    "joins reach no notes of others": (
        "SELECT count(*) FROM pre_session_data WHERE sleep_notes <> %s",
        lambda w: [f"note of {w.alice}"],
        0,
    ),
    "reads one model": ("SELECT count(*) FROM model_outputs", lambda w: [], 1),
    "cannot write a model": ("UPDATE model_outputs SET coefficients = '{\"x\": 1}'", lambda w: [], DENIED),
    "cannot write priors": ("UPDATE population_priors SET population_mean = 9", lambda w: [], DENIED),
    "cannot write statistics": ("DELETE FROM population_statistics", lambda w: [], DENIED),
    "sees no scenarios": ("SELECT count(*) FROM synthetic_scenarios WHERE id IS NOT NULL", lambda w: [], 0),
    "sees no judgments": ("SELECT count(*) FROM expert_scenario_responses", lambda w: [], 0),
    "sees no audit log": ("SELECT count(*) FROM rule_audit_log", lambda w: [], 0),
    "cannot add a rule": (
        "INSERT INTO expert_rules (name, conditions, actions) VALUES ('x', '{}', '[]')",
        lambda w: [],
        DENIED,
    ),
    "cannot truncate": ("TRUNCATE sessions CASCADE", lambda w: [], DENIED),
    "cannot read the key": ("SELECT key FROM app.rls_key", lambda w: [], DENIED),
    "cannot switch policies off": ("ALTER TABLE sessions DISABLE ROW LEVEL SECURITY", lambda w: [], DENIED),
    "cannot drop a policy": ("DROP POLICY own_rows ON sessions", lambda w: [], DENIED),
    "cannot become the service": ("SET LOCAL ROLE climbiq_service", lambda w: [], DENIED),
    "cannot become the owner": ("SET LOCAL ROLE climbiq_owner", lambda w: [], DENIED),
    "cannot change the session's user": ("SET SESSION AUTHORIZATION climbiq_owner", lambda w: [], DENIED),
    "cannot replace the claims function": (
        "CREATE OR REPLACE FUNCTION app.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        lambda w: [],
        DENIED,
    ),
    "cannot make helpers": (
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        lambda w: [],
        DENIED,
    ),
    "cannot make tables": ("CREATE TABLE loot (t text)", lambda w: [], DENIED),
    "cannot become a coach": ("UPDATE users SET is_staff = true WHERE id = %s", lambda w: [w.alice], DENIED),
    "cannot become an operator": (
        "UPDATE users SET is_superuser = true WHERE id = %s",
        lambda w: [w.alice],
        DENIED,
    ),
    "cannot change another account": (
        "UPDATE users SET email = 'x@y.z' WHERE id = %s",
        lambda w: [w.bob],
        DENIED,
    ),
    "cannot set another password": (
        "UPDATE users SET password = '!' WHERE id = %s",
        lambda w: [w.bob],
        DENIED,
    ),
    "cannot join the coaches": (
        "INSERT INTO users_groups (user_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'Coaches'",
        lambda w: [w.alice],
        DENIED,
    ),
    "sees no jobs of others": ("SELECT count(*) FROM jobs", lambda w: [], 0),
    "a policy is not fooled by an error in a filter": (
        "SELECT count(*) FROM sessions WHERE 1 / (CASE WHEN user_id = %s THEN 0 ELSE 1 END) = 1",
        lambda w: [w.bob],
        3,
    ),
    "a key that exists is refused as taken (known limit)": (
        "INSERT INTO sessions (id, user_id, session_date) VALUES (%s, %s, '2026-02-02')",
        lambda w: [w.bobs_session, w.alice],
        "23505",
    ),
}


@pytest.mark.parametrize(("sql", "args", "expected"), CLIMBER_ATTACKS.values(), ids=CLIMBER_ATTACKS)
def test_a_climber(world, sql, args, expected):
    before = world.root.execute("SELECT count(*) FROM sessions").fetchone()
    assert world.ask(world.alice, sql, args(world)) == expected
    assert world.root.execute("SELECT count(*) FROM sessions").fetchone() == before


REQUEST = (
    "INSERT INTO jobs (kind, dedupe_key, max_attempts, requested_by, payload) VALUES (%s, %s, %s, %s, '{}')"
)


class TestJobs:
    @pytest.mark.parametrize("kind", ["nightly_training", "erase_accounts", "purge", "evaluation"])
    @pytest.mark.parametrize("key", ["scheduled", "platform", None])
    @pytest.mark.parametrize(
        ("who", "role"), [("alice", "climber"), ("carol", "coach"), ("carol", "facilitator")]
    )
    def test_only_operators_ask(self, world, who, role, kind, key):
        person = getattr(world, who)
        assert world.ask(person, REQUEST, [kind, key, 3, person], role=role) == DENIED

    @pytest.mark.parametrize(
        ("kind", "key", "attempts"),
        [
            pytest.param("nightly_training", "mine", 3, id="under another key, beside the schedule's"),
            pytest.param("nightly_training", None, 3, id="without a key, as often as they like"),
            pytest.param("nightly_training", "scheduled", 1_000_000, id="for ever"),
            pytest.param("nightly_training", "scheduled", 0, id="never, in the schedule's way"),
            pytest.param("evaluation", "scheduled", 3, id="a key that is not its own"),
            pytest.param("erase_accounts", "scheduled", 3, id="what only the schedule does"),
            pytest.param("purge", "scheduled", 3, id="what only the schedule does, too"),
        ],
    )
    def test_operators_ask_for_no_more_than_their_buttons(self, world, kind, key, attempts):
        assert world.ask(world.olga, REQUEST, [kind, key, attempts, world.olga], role="operator") == DENIED

    def test_operators_ask_in_their_own_name(self, world):
        for name in (None, world.alice):
            asked = world.ask(world.olga, REQUEST, ["evaluation", "platform", 2, name], role="operator")
            assert asked == DENIED
        with world.root.transaction(force_rollback=True):
            world.root.execute(
                "SELECT set_config('app.claims', %s, true)",
                [sign(Identity(str(world.olga), "operator"), now=time.time(), key=KEY)],
            )
            world.root.execute("SET LOCAL ROLE climbiq_app")
            for kind, key in (("nightly_training", "scheduled"), ("evaluation", "platform")):
                assert world.root.execute(REQUEST, [kind, key, 3, world.olga]).rowcount == 1

    @pytest.mark.parametrize(
        ("column", "value"),
        [("run_after", "2999-01-01"), ("result", "{}"), ("status", "queued"), ("token", "9")],
    )
    def test_nobody_puts_a_job_off_or_writes_its_result(self, world, column, value):
        sql = (
            f"INSERT INTO jobs (kind, dedupe_key, requested_by, payload, {column})"
            " VALUES ('nightly_training', 'scheduled', %s, '{}', %s)"
        )
        assert world.ask(world.olga, sql, [world.olga, value], role="operator") == DENIED

    def test_what_an_attacker_asked_for_does_not_block_the_schedule(self, world):
        world.ask(world.alice, REQUEST, ["nightly_training", "scheduled", 1, world.alice])
        night = REQUEST + " ON CONFLICT DO NOTHING"
        with world.root.transaction(force_rollback=True):
            world.root.execute("SET LOCAL ROLE climbiq_service")
            assert world.root.execute(night, ["nightly_training", "scheduled", 3, None]).rowcount == 1

    @pytest.mark.parametrize(
        "change",
        ["run_after = '2999-01-01'", "status = 'succeeded'", "attempts = -9", "run_after = 'infinity'"],
    )
    def test_another_try_is_a_whole_one_at_once(self, world, change):
        job = world.service.execute(
            "INSERT INTO jobs (kind, status, attempts) VALUES ('purge', 'dead', 3) RETURNING id"
        ).fetchone()[0]
        again = "UPDATE jobs SET status = 'queued', attempts = 0, run_after = now() WHERE id = %s"
        put_off = f"UPDATE jobs SET {change} WHERE id = %s"
        assert world.ask(world.olga, again, [job], role="operator") == 1
        assert world.ask(world.olga, put_off, [job], role="operator") == DENIED
        assert world.ask(world.alice, again, [job]) == 0


@pytest.mark.parametrize("due", ["infinity", "294276-01-01", "-infinity", "2026-01-01"])
def test_an_account_is_not_closed_for_ever(world, due):
    for who, role in ((world.alice, "climber"), (world.olga, "operator")):
        sql = "UPDATE users SET erasure_due_at = %s WHERE id = %s"
        assert world.ask(who, sql, [due, world.alice], role=role) == DENIED
        sql = "INSERT INTO users (email, password, erasure_due_at) VALUES ('q@example.org', '!', %s)"
        assert world.ask(who, sql, [due], role=role) == DENIED


def test_without_claims_everything_is_loud(world):
    for table in ("sessions", "pre_session_data", "baseline_assessments", "model_outputs", "recommendations"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no claims bound"):
            world.app.execute(f"SELECT count(*) FROM {table}")


def test_claims_end_with_their_transaction(world):
    assert world.ask(world.alice, "SELECT count(*) FROM sessions") == 3
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no claims bound"):
        world.app.execute("SELECT count(*) FROM sessions")


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(forged, id="another's key under one's own signature"),
        pytest.param(lambda w: f"{w.bob}|climber|9999999999|{'0' * 64}", id="made-up signature"),
        pytest.param(lambda w: f"{w.bob}|climber|9999999999", id="no signature"),
        pytest.param(lambda w: "|||", id="empty parts"),
        pytest.param(lambda w: "x", id="garbage"),
        pytest.param(
            lambda w: sign(Identity(str(w.alice), "climber"), now=time.time(), key=KEY).replace(
                "|climber|", "|operator|"
            ),
            id="a higher role under one's own signature",
        ),
        pytest.param(
            lambda w: sign(Identity(str(w.alice), "climber"), now=time.time() - 120, key=KEY), id="expired"
        ),
        pytest.param(
            lambda w: sign(Identity(str(w.alice), "climber"), now=time.time(), key=b"k" * 32),
            id="another key",
        ),
    ],
)
def test_false_claims(world, claims):
    assert world.ask(None, "SELECT count(*) FROM sessions", claims=claims(world)) == DENIED


def test_claims_forged_inside_a_statement(world):
    answer = world.ask(
        world.alice,
        "SELECT count(*) FROM sessions, (SELECT set_config('app.claims', %s, true)) f WHERE user_id = %s",
        [forged(world), world.bob],
    )
    assert answer in (0, DENIED)


def test_policies_cannot_be_skipped_by_a_setting(world):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), world.acting(world.alice):
        world.app.execute("SET LOCAL row_security = off")
        world.app.execute("SELECT count(*) FROM sessions")


def test_the_owner_is_bound_too(world):
    with psycopg.connect(role_url(world.database, "owner"), autocommit=True) as owner:
        assert owner.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_the_service_sees_what_it_needs_and_no_more(world):
    assert world.service.execute("SELECT count(*) FROM sessions").fetchone()[0] >= 6
    for sql in (
        "SELECT password FROM users",
        "UPDATE users SET password = '!'",
        "UPDATE users SET is_superuser = true",
        "UPDATE users SET is_staff = true",
        "UPDATE users SET is_facilitator = true",
        "UPDATE users SET email = 'x@y.z'",
        "SELECT key FROM app.rls_key",
        "DELETE FROM rule_audit_log",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.service.execute(sql)


class TestCoaches:
    def answer(
        self, world: World, coach: uuid.UUID, scenario: uuid.UUID, as_whom: uuid.UUID | None = None
    ) -> Any:
        return world.ask(
            coach,
            "INSERT INTO expert_scenario_responses (scenario_id, expert_id, predicted_quality_baseline) VALUES (%s, %s, 5)",
            [scenario, as_whom or coach],
            role="coach",
        )

    def test_see_no_sessions(self, world):
        assert world.ask(world.carol, "SELECT count(*) FROM sessions", role="coach") == 0

    def test_judge_blind(self, world):
        assert self.answer(world, world.carol, world.open_scenario) == 1
        assert self.answer(world, world.dave, world.open_scenario) == 1
        count = "SELECT count(*) FROM expert_scenario_responses WHERE scenario_id = %s"
        assert world.ask(world.carol, count, [world.open_scenario], role="coach") == 1

    def test_cannot_answer_for_another_or_too_late(self, world):
        assert self.answer(world, world.carol, world.open_scenario, as_whom=world.dave) == DENIED
        assert self.answer(world, world.carol, world.settled_scenario) == DENIED

    @pytest.mark.parametrize(
        "column", ["ai_reasoning", "ai_recommendation", "consensus_recommendation", "status"]
    )
    def test_cannot_read_what_would_unblind(self, world, column):
        assert world.ask(world.carol, f"SELECT {column} FROM synthetic_scenarios", role="coach") == DENIED

    def test_cannot_unblind_themselves(self, world):
        for sql in (
            "UPDATE synthetic_scenarios SET status = 'consensus_reached'",
            "UPDATE expert_scenario_responses SET expert_id = gen_random_uuid()",
            "UPDATE expert_scenario_responses SET scenario_id = gen_random_uuid()",
        ):
            assert world.ask(world.carol, sql, role="coach") == DENIED

    def test_an_answered_scenario_cannot_be_deleted(self, world):
        scenario = world.service.execute(
            "INSERT INTO synthetic_scenarios (baseline_snapshot, pre_session_snapshot) VALUES ('{}', '{}') RETURNING id"
        ).fetchone()[0]
        assert self.answer(world, world.carol, scenario) == 1
        with pytest.raises(psycopg.errors.RestrictViolation, match="archive it"):
            world.service.execute("DELETE FROM synthetic_scenarios WHERE id = %s", [scenario])


def test_priors_are_immutable(world):
    with pytest.raises(psycopg.errors.CheckViolation, match="immutable"):
        world.service.execute("UPDATE population_priors SET population_mean = 9")
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.service.execute(
            "INSERT INTO population_priors (variable_name, population_mean, population_std) VALUES ('sleep_hours', 1, 1)"
        )


POLICIES_WORTH_DROPPING = ("sessions", "pre_session_data", "model_outputs", "expert_scenario_responses")


@pytest.mark.parametrize("table", POLICIES_WORTH_DROPPING)
def test_these_tests_notice_a_missing_policy(world, table):
    """With a table's protection off, another's rows do appear: the assertions above are not vacuous."""
    with world.root.transaction(force_rollback=True):
        world.root.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        world.root.execute("SET LOCAL ROLE climbiq_app")
        everybody = world.root.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        assert everybody > 1
