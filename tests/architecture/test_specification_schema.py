"""The specification's own DDL, loaded into a scratch database, against ours: every difference is a known one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.architecture import catalogue
from tests.fixtures.database import run_on_server, superuser_url

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT.parent / "shared" / "spec" / "architecture.md"
ADR = ROOT / "docs" / "adr"
SCRATCH = "climbiq_specification"

# What differs from the specification's letter, and the decision that says why.
DEPARTURES: dict[str, str] = {
    "population_priors: key ('u', ('variable_name', 'is_current')) is missing": "0003-one-current-prior.md",
}

# The specification's columns that take less here than there, and the decision that says why.
STRICTER: dict[str, str] = {
    **dict.fromkeys(
        (
            *("baseline_assessments.arm_span_cm", "baseline_assessments.height_cm"),
            *("baseline_assessments.max_hang_weight_kg", "baseline_assessments.sessions_per_week"),
            *("baseline_assessments.typical_recovery_days", "baseline_assessments.weight_kg"),
            "baseline_assessments.years_climbing",
            *("model_outputs.shrinkage_factor", "model_outputs.training_duration_sec"),
            *("population_priors.expert_mean", "population_priors.expert_std"),
            *("population_priors.individual_variance", "population_priors.literature_mean"),
            *("population_priors.literature_std", "population_priors.optimal_max"),
            *("population_priors.optimal_min", "population_priors.population_mean"),
            "population_priors.population_std",
            "pre_session_data.sleep_hours",
            *("expert_rules.created_at", "expert_rules.expires_at", "expert_rules.updated_at"),
            *("baseline_assessments.assessed_at", "baseline_assessments.created_at"),
            "baseline_assessments.updated_at",
            *("expert_scenario_responses.created_at", "expert_scenario_responses.updated_at"),
            *("model_outputs.created_at", "model_outputs.last_trained_at", "model_outputs.updated_at"),
            *("population_priors.created_at", "population_priors.updated_at"),
            *("post_session_data.created_at", "post_session_data.sends"),
            *("pre_session_data.created_at", "pre_session_data.specific_objectives"),
            "rule_audit_log.created_at",
            *("rule_review_sessions.completed_at", "rule_review_sessions.created_at"),
            "rule_review_sessions.session_date",
            *("scenario_consensus.created_at", "scenario_consensus.processed_at"),
            *("sessions.created_at", "sessions.duration_min", "sessions.ended_at", "sessions.session_date"),
            *("sessions.started_at", "sessions.updated_at"),
            *("synthetic_scenarios.created_at", "synthetic_scenarios.generated_at"),
            *("synthetic_scenarios.reviewed_at", "synthetic_scenarios.updated_at"),
            *(
                "scenario_consensus.consensus_quality_baseline",
                "scenario_consensus.consensus_quality_optimal",
            ),
        ),
        "0024-stored-numbers-are-finite.md",
    ),
    "expert_rules.superseded_by": "0014-rules-know-what-they-do-not-know.md",
}

# Keys and triggers of ours that could refuse or change a statement that the specification takes.
PLAIN_SQL = "0025-what-plain-sql-meets.md"
GUARDS: dict[str, str] = {
    "baseline_assessments: trigger retire_former": PLAIN_SQL,
    "baseline_assessments: unique btree (user_id) WHERE is_current": PLAIN_SQL,
    "expert_rules: trigger a_before_rule": PLAIN_SQL,
    "expert_rules: trigger b_audit_rule": PLAIN_SQL,
    "expert_rules: trigger raise_version": "0006-versions-in-the-database.md",
    "expert_rules: trigger retire_instead": "0004-defaults-and-actions-in-sql.md",
    "population_priors: trigger freeze_prior": "0003-one-current-prior.md",
    "population_priors: trigger number_prior": PLAIN_SQL,
    "population_priors: trigger raise_version": "0006-versions-in-the-database.md",
    "population_priors: unique btree (variable_name) WHERE is_current": "0003-one-current-prior.md",
    "population_priors: unique btree (variable_name, version)": "0003-one-current-prior.md",
    **{
        f"{form}_session_data: {what}": PLAIN_SQL
        for form in ("pre", "post")
        for what in ("key of session_id, user_id", "trigger fill_owner", "user_id has to be given")
    },
    "pre_session_data: trigger reattach_recommendation": "0010-deleting-a-session.md",
    "pre_session_data: trigger take_up_advice": "0010-deleting-a-session.md",
    "rule_audit_log: trigger append_only": PLAIN_SQL,
    "rule_audit_log: trigger append_only_truncate": PLAIN_SQL,
    "sessions: key of gym_id": PLAIN_SQL,
    "synthetic_scenarios: trigger keep_answered": "0019-scenarios-are-archived.md",
}


@pytest.fixture(scope="module")
def specified(template_database) -> dict[str, catalogue.Table]:
    if not SPECIFICATION.exists():
        pytest.skip("the specification does not lie beside this checkout")
    run_on_server("CREATE DATABASE {}", SCRATCH)
    try:
        with psycopg.connect(superuser_url(SCRATCH), autocommit=True) as scratch:
            for statement in in_loadable_order(SPECIFICATION.read_text(encoding="utf-8")):
                scratch.execute(statement)
        yield catalogue.read(superuser_url(SCRATCH))
    finally:
        run_on_server("DROP DATABASE {} WITH (FORCE)", SCRATCH)


@pytest.fixture(scope="module")
def ours(template_database) -> dict[str, catalogue.Table]:
    return catalogue.read(superuser_url(template_database))


def in_loadable_order(document: str) -> list[str]:
    """The DDL of Part 1: references moved behind the tables (two of them are circular), `auth.users` provided."""
    part_one = document[document.index("## Part 1") : document.index("## Part 2")]
    statements = [
        s.strip()
        for block in re.findall(r"```sql\n(.*?)```", part_one, re.DOTALL)
        for s in re.sub(r"/\*.*?\*/|--[^\n]*", "", block, flags=re.DOTALL).split(";")
        if s.strip()
    ]
    first = ["CREATE TABLE users (id uuid PRIMARY KEY)"]
    later: list[str] = []
    for statement in statements:
        if not statement.startswith("CREATE TABLE"):
            later.append(statement)
            continue
        table = statement.split()[2]
        for column, target, action in re.findall(
            r"^\s*(\w+) [^,\n]*?REFERENCES ([\w.]+)\(id\)( ON DELETE CASCADE)?", statement, re.MULTILINE
        ):
            name = target.replace("auth.users", "users")
            later.append(f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {name} (id){action}")
        first.append(re.sub(r" REFERENCES [\w.]+\(id\)( ON DELETE CASCADE)?", "", statement))
    assert len(first) == 13, "twelve tables and the users"
    return first + later


def differences(specified: dict[str, catalogue.Table], ours: dict[str, catalogue.Table]) -> list[str]:
    """What the specification has and we lack or have otherwise; more of ours is welcome."""
    found: list[str] = []
    for name, table in specified.items():
        if name == "users":
            continue
        mine = ours.get(name)
        if mine is None:
            found.append(f"{name}: table is missing")
            continue
        for column, wanted in table.columns.items():
            have = mine.columns.get(column)
            if have != wanted:
                found.append(f"{name}.{column}: specified {wanted}, is {have}")
        found += [f"{name}: check {check} is missing" for check in table.checks - mine.checks]
        found += [f"{name}: key {key} is missing" for key in table.keys - mine.keys]
        found += [f"{name}: {key} is missing" for key in table.foreign_keys - mine.foreign_keys]
        found += [
            f"{name}: index {index} should be {definition}, is {mine.indexes.get(index)}"
            for index, definition in table.indexes.items()
            if index.startswith("idx_") and mine.indexes.get(index) != definition
        ]
    return found


def stricter(specified: dict[str, catalogue.Table], ours: dict[str, catalogue.Table]) -> set[str]:
    """The specification's columns that a CHECK of ours alone is about; what is about ours too can hold by default."""
    found: set[str] = set()
    for name, table in specified.items():
        if name == "users":
            continue
        for check in ours[name].checks - table.checks:
            about = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", check))) & set(ours[name].columns)
            if about <= set(table.columns):
                found |= {f"{name}.{column}" for column in about - {"id"}}
    return found


def refuses_nothing(unique: str, extra: set[str]) -> bool:
    """Whether an index is about rows that differ anyway, by their key or by a column that plain SQL leaves NULL."""
    columns = set(re.findall(r"\w+", unique.partition("(")[2].partition(")")[0]))
    return "id" in columns or bool(columns & extra)


def guards(specified: dict[str, catalogue.Table], ours: dict[str, catalogue.Table]) -> set[str]:
    """Whatever else of ours could refuse or change a statement that is good against the specification's tables."""
    found: set[str] = set()
    for name, table in specified.items():
        if name == "users":
            continue
        mine = ours[name]
        extra = set(mine.columns) - set(table.columns)
        found |= {
            f"{name}: unique {what}"
            for what in mine.unique - table.unique
            if not refuses_nothing(what, extra)
        }
        found |= {f"{name}: {what}" for what in mine.exclusions}
        found |= {f"{name}: trigger {what}" for what in mine.triggers}
        found |= {
            f"{name}: key of {', '.join(key.columns)}"
            for key in mine.foreign_keys - table.foreign_keys
            if not set(key.columns) <= extra
        }
        found |= {
            f"{name}: {column} has to be given"
            for column in extra
            if mine.columns[column].not_null and not mine.columns[column].default
        }
        for check in mine.checks - table.checks:
            about = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", check))) & set(mine.columns)
            if about & extra and about - extra:
                found.add(f"{name}: check of {', '.join(sorted(about))}")
    return found


@pytest.mark.shared
def test_what_we_refuse_and_the_specification_takes_is_a_decision(specified, ours):
    assert stricter(specified, ours) == set(STRICTER)
    assert sorted(guards(specified, ours)) == sorted(GUARDS)
    for adr in (*STRICTER.values(), *GUARDS.values()):
        assert (ADR / adr).is_file(), adr


@pytest.mark.shared
def test_every_difference_is_a_decision(specified, ours):
    found = differences(specified, ours)
    assert sorted(found) == sorted(DEPARTURES)
    for adr in DEPARTURES.values():
        assert (ADR / adr).is_file(), adr


# What is done to a copy of our database, and the one difference that it makes.
SPOILED: dict[str, tuple[str, str]] = {
    "missing table": ("DROP TABLE rule_audit_log CASCADE", "rule_audit_log: table is missing"),
    "missing column": (
        "ALTER TABLE pre_session_data DROP COLUMN sleep_hours CASCADE",
        r"pre_session_data\.sleep_hours: specified Column\(type='numeric\(3,1\)', .*\), is None",
    ),
    "other type": (
        "ALTER TABLE synthetic_scenarios ALTER generation_batch TYPE varchar(20)",
        r"synthetic_scenarios\.generation_batch: specified .*'text'.*, is .*'character varying\(20\)'.*",
    ),
    "changed default": (
        "ALTER TABLE expert_rules ALTER priority SET DEFAULT 60",
        r"expert_rules\.priority: specified .* default='50'\), is .* default='60'\)",
    ),
    "dropped default": (
        "ALTER TABLE expert_rules ALTER priority DROP DEFAULT",
        r"expert_rules\.priority: specified .* default='50'\), is .* default=''\)",
    ),
    "dropped NOT NULL": (
        "ALTER TABLE sessions ALTER session_date DROP NOT NULL",
        r"sessions\.session_date: specified .*not_null=True.*, is .*not_null=False.*",
    ),
    "dropped CHECK": (
        "ALTER TABLE synthetic_scenarios DROP CONSTRAINT synthetic_scenarios_difficulty_level_check",
        r"synthetic_scenarios: check CHECK \(.*difficulty_level.*\) is missing",
    ),
    "wider CHECK": (
        (
            "ALTER TABLE synthetic_scenarios DROP CONSTRAINT synthetic_scenarios_difficulty_level_check,"
            " ADD CHECK (difficulty_level IN ('easy', 'medium', 'hard', 'expert', 'absurd'))"
        ),
        r"synthetic_scenarios: check CHECK \(.*difficulty_level.*\) is missing",
    ),
    "other action of a foreign key": (
        (
            "ALTER TABLE expert_scenario_responses DROP CONSTRAINT expert_scenario_responses_scenario_id_fkey,"
            " ADD FOREIGN KEY (scenario_id) REFERENCES synthetic_scenarios (id) ON DELETE SET NULL"
        ),
        r"expert_scenario_responses: ForeignKey\(.*'scenario_id'.*on_delete='c'\) is missing",
    ),
    "other index order": (
        (
            "DROP INDEX idx_sessions_user_date;"
            " CREATE INDEX idx_sessions_user_date ON sessions (user_id, session_date)"
        ),
        r"sessions: index idx_sessions_user_date should be .*session_date DESC\), is .*session_date\)",
    ),
    "index of another kind": (
        (
            "DROP INDEX idx_expert_rules_condition_fields;"
            " CREATE INDEX idx_expert_rules_condition_fields ON expert_rules (condition_fields)"
        ),
        r"expert_rules: index idx_expert_rules_condition_fields should be .*gin.*, is .*btree.*",
    ),
    "index without its condition": (
        (
            "DROP INDEX idx_population_priors_current;"
            " CREATE INDEX idx_population_priors_current ON population_priors (is_current)"
        ),
        r"population_priors: index idx_population_priors_current should be .*WHERE.*, is .*\(is_current\)",
    ),
    "dropped key": (
        "ALTER TABLE scenario_consensus DROP CONSTRAINT scenario_consensus_scenario_id_key CASCADE",
        r"scenario_consensus: key \('u', \('scenario_id',\)\) is missing",
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_difference_would_be_found(specified, cloned_database, spoiled):
    statements, difference = SPOILED[spoiled]
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as database:
        database.execute(statements)
    found = differences(specified, catalogue.read(superuser_url(cloned_database)))
    (only,) = set(found) - set(DEPARTURES)
    assert re.fullmatch(difference, only), only


def test_plain_sql_against_the_specified_columns_works(cloned_database):
    with psycopg.connect(superuser_url(cloned_database)) as database:
        user = database.execute(
            "INSERT INTO users (email, password, display_name, is_superuser) VALUES ('a@b.c', '!', '', false) RETURNING id"
        ).fetchone()[0]
        session = database.execute(
            "INSERT INTO sessions (user_id, session_date) VALUES (%s, '2026-01-02') RETURNING id", [user]
        ).fetchone()[0]
        database.execute("INSERT INTO pre_session_data (session_id, sleep_hours) VALUES (%s, 7.5)", [session])
        database.execute(
            "INSERT INTO post_session_data (session_id, session_quality) VALUES (%s, 7)", [session]
        )
        database.execute(
            "INSERT INTO baseline_assessments (user_id, performance_anxiety) VALUES (%s, 7)", [user]
        )
        row = database.execute(
            "SELECT s.status, s.created_at IS NOT NULL, p.planned_caffeine_mg, p.user_id = s.user_id FROM sessions s JOIN pre_session_data p ON p.session_id = s.id"
        ).fetchone()
        assert row == ("planned", True, 0, True)
        database.execute(
            "INSERT INTO expert_rules (name, conditions, actions) VALUES ('r', "
            """'{"ALL": [{"field": "pre_session.stress_level", "op": ">=", "value": 4}]}', '[]')"""
        )
        rule = database.execute(
            "SELECT is_active, priority, condition_fields, lifecycle FROM expert_rules"
        ).fetchone()
        assert rule == (False, 50, ["pre_session.stress_level"], "draft")


def test_a_second_baseline_in_plain_sql_retires_the_first(cloned_database):
    with psycopg.connect(superuser_url(cloned_database)) as database:
        (user,) = database.execute(
            "INSERT INTO users (email, password, display_name, is_superuser) VALUES ('a@b.c', '!', '', false) RETURNING id"
        ).fetchone()
        for age in (30, 31):
            database.execute("INSERT INTO baseline_assessments (user_id, age) VALUES (%s, %s)", [user, age])
        database.execute(
            "INSERT INTO baseline_assessments (user_id, age) VALUES (%(user)s, 32), (%(user)s, 33)",
            {"user": user},
        )
        stored = "SELECT age, is_current FROM baseline_assessments ORDER BY age"
        assert database.execute(stored).fetchall() == [(30, False), (31, False), (32, False), (33, True)]
        database.execute("UPDATE baseline_assessments SET is_current = true WHERE age = 30")
        assert database.execute(stored).fetchall() == [(30, True), (31, False), (32, False), (33, False)]
        database.execute("UPDATE baseline_assessments SET is_current = false")
        database.execute(
            "INSERT INTO baseline_assessments (user_id, age, is_current) VALUES (%s, 29, false)", [user]
        )
        assert database.execute(stored + " LIMIT 2").fetchall() == [(29, False), (30, False)]


RETIRE = "UPDATE population_priors SET is_current = false WHERE is_current = true"
ADD = "INSERT INTO population_priors (variable_name, population_mean, population_std, is_current) VALUES (%s, 1, 1, true)"


@contextmanager
def without_priors(database: str) -> Iterator[psycopg.Connection]:
    """Whoever fills the table first."""
    with psycopg.connect(superuser_url(database), autocommit=True) as connection:
        connection.execute("DELETE FROM population_priors")
        yield connection


def test_the_specified_refresh_of_the_priors_counts_versions(cloned_database):
    """Retire all, then insert each, naming no version; variables may come, go and come back in any order."""
    with without_priors(cloned_database) as database:
        for batch in (["sleep_hours", "stress_level"], ["stress_level"], ["sleep_hours", "stress_level"]):
            database.execute(RETIRE)
            for variable in batch:
                database.execute(ADD, [variable])
        found = database.execute(
            "SELECT variable_name, version, is_current FROM population_priors ORDER BY version, variable_name"
        ).fetchall()
        assert found == [
            ("sleep_hours", 1, False),
            ("stress_level", 1, False),
            ("stress_level", 2, False),
            ("sleep_hours", 3, True),
            ("stress_level", 3, True),
        ]


def test_one_prior_replaced_alone_begins_a_version_of_its_own(cloned_database):
    with without_priors(cloned_database) as database:
        for variable in ("energy_level", "sleep_hours", "stress_level"):
            database.execute(ADD, [variable])
        for variable in ("energy_level", "sleep_hours", "stress_level"):
            database.execute(f"{RETIRE} AND variable_name = %s", [variable])
            database.execute(ADD, [variable])
        current = "SELECT variable_name, version FROM population_priors WHERE is_current ORDER BY 1"
        assert database.execute(current).fetchall() == [
            *(("energy_level", 2), ("sleep_hours", 3), ("stress_level", 4))
        ]


def test_a_version_that_is_given_stands(cloned_database):
    with without_priors(cloned_database) as database:
        database.execute(
            ADD.replace("is_current)", "is_current, version)").replace("true)", "true, 7)"), ["x"]
        )
        assert database.execute("SELECT version FROM population_priors").fetchall() == [(7,)]


# What is added to a copy of our database, and the guard that it is.
HARDENED: dict[str, tuple[str, str]] = {
    "unique constraint": (
        "ALTER TABLE sessions ADD UNIQUE (user_id, session_date)",
        "sessions: unique btree (user_id, session_date)",
    ),
    "unique index": (
        "CREATE UNIQUE INDEX ON expert_rules (lower(name))",
        "expert_rules: unique btree (lower(name))",
    ),
    "trigger": (
        (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            " CREATE TRIGGER refuse BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
        "sessions: trigger refuse",
    ),
    "key": (
        "ALTER TABLE rule_audit_log ADD FOREIGN KEY (id) REFERENCES users (id)",
        "rule_audit_log: key of id",
    ),
    "own column without a default": (
        "ALTER TABLE rule_review_sessions ADD COLUMN place text NOT NULL",
        "rule_review_sessions: place has to be given",
    ),
    "check of own and specified columns": (
        "ALTER TABLE sessions ADD CHECK (status <> 'skipped' OR import_key IS NOT NULL)",
        "sessions: check of import_key, status",
    ),
    "exclusion": (
        "ALTER TABLE model_outputs ADD EXCLUDE (sessions_included WITH =)",
        "model_outputs: EXCLUDE USING btree (sessions_included WITH =)",
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("hardened", HARDENED)
def test_a_guard_would_be_found(specified, cloned_database, hardened):
    statements, guard = HARDENED[hardened]
    with psycopg.connect(superuser_url(cloned_database), autocommit=True) as database:
        database.execute(statements)
    assert guards(specified, catalogue.read(superuser_url(cloned_database))) - set(GUARDS) == {guard}
