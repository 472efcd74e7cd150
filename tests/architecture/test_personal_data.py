"""Every table that names a person says what it holds of them and what erasing does with it."""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps

from climbiq.common.personal_data import PersonalData, Undescribed, in_order_of_erasure, personal_tables
from tests.factories.whole_people import fill_account, fill_climber, fill_coach, fill_operator, tables_of
from tests.fixtures.database import superuser_url

# Columns of the type uuid that point at no other table and are nobody's key either.
NOBODY = {("training_runs", "job_id"): "a job"}

# Keys of people: what points at users, or at a column that does, and every uuid or list of them that points nowhere.
COLUMNS = """
WITH pointers AS (
    SELECT k.conrelid, k.confrelid, u.mine, u.theirs
    FROM pg_constraint k, unnest(k.conkey, k.confkey) AS u (mine, theirs) WHERE k.contype = 'f'
)
SELECT c.relname, a.attname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relname <> 'users'
  AND (EXISTS (SELECT FROM pointers p WHERE p.conrelid = c.oid AND p.mine = a.attnum
               AND (p.confrelid = 'users'::regclass
                    OR EXISTS (SELECT FROM pointers q WHERE q.conrelid = p.confrelid AND q.mine = p.theirs
                               AND q.confrelid = 'users'::regclass)))
       OR a.atttypid IN ('uuid'::regtype, 'uuid[]'::regtype)
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
                          AND (k.contype = 'f' OR k.contype = 'p' AND array_length(k.conkey, 1) = 1)))
ORDER BY 1, 2"""


@pytest.fixture(scope="module")
def database(template_database):
    with psycopg.connect(superuser_url(template_database)) as connection:
        yield connection


def undescribed(database) -> set[tuple[str, str]]:
    described = {(table.name, column) for table in personal_tables() for column in table.data.people}
    return set(database.execute(COLUMNS).fetchall()) - described - set(NOBODY)


def test_every_column_with_a_persons_key_is_described(database):
    """A new table is missing here? Give its model an attribute `personal_data`."""
    assert undescribed(database) == set()


def test_what_is_described_exists(database):
    there = set(database.execute(COLUMNS).fetchall()) | {("users", "id")}
    assert {(t.name, column) for t in personal_tables() for column in t.data.people} <= there
    for table in personal_tables():
        columns = {f.column for f in table.model._meta.concrete_fields}
        assert set(table.data.withheld) <= columns, table.name


@pytest.mark.parametrize(
    "column",
    ["owner uuid REFERENCES users (id)", "reviewer uuid", "team uuid[]"],
)
def test_a_new_table_is_noticed(database, column):
    with database.transaction(force_rollback=True):
        database.execute(f"CREATE TABLE forgotten (id uuid PRIMARY KEY, {column})")
        assert undescribed(database) == {("forgotten", column.split()[0])}


def test_every_model_without_people_is_known_to_hold_none():
    """Tables that hold no person's key at all. A new one is read before it is put on this list."""
    described = {table.name for table in personal_tables()}
    assert len(described) == len(personal_tables())
    others = {m._meta.db_table for m in apps.get_models(include_auto_created=True)} - described
    assert others <= WITHOUT_PEOPLE, others - WITHOUT_PEOPLE


WITHOUT_PEOPLE = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "data_versions",
    "django_content_type",
    "django_session",  # empty: logins took its place
    "gyms",
    "population_posteriors",
    "population_priors",
    "population_statistics",
    "scenario_consensus",
    "scheduled_runs",
}


def test_the_people_of_the_tests_have_a_row_in_every_table(alice, carol, olga):
    """So that what is said of exports and erasure is said of every table."""
    fill_account(alice, "w")
    fill_climber(alice, "w")
    fill_coach(carol, "w")
    fill_operator(olga, "w")
    counts = [tables_of(person) for person in (alice, carol, olga)]
    assert {name for name in counts[0] if not any(count[name] for count in counts)} == set()


def test_a_description_must_say_enough():
    with pytest.raises(Undescribed, match="why"):
        PersonalData(what="things", people=("user_id",), fate="kept")
    with pytest.raises(Undescribed, match="found"):
        PersonalData(what="things", fate="erased")


def test_what_points_at_another_table_is_erased_first():
    names = [table.name for table in in_order_of_erasure()]
    for first, then in [
        ("recommendation_events", "recommendations"),
        ("recommendations", "sessions"),
        ("pre_session_data", "sessions"),
        ("account_emailconfirmation", "account_emailaddress"),
    ]:
        assert names.index(first) < names.index(then)
    assert "users" not in names
    assert "rule_audit_log" not in names
