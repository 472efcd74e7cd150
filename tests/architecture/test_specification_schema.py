"""The specification's own DDL, loaded into a scratch database, against ours: every difference is a known one."""

from __future__ import annotations

import re
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
            *(
                "scenario_consensus.consensus_quality_baseline",
                "scenario_consensus.consensus_quality_optimal",
            ),
        ),
        "0024-stored-numbers-are-finite.md",
    ),
    "expert_rules.superseded_by": "0014-rules-know-what-they-do-not-know.md",
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


@pytest.mark.shared
def test_what_we_refuse_and_the_specification_takes_is_a_decision(specified, ours):
    assert stricter(specified, ours) == set(STRICTER)
    for adr in STRICTER.values():
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
