"""Every table is protected by row-level security, or stands on this list with its reason."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.database import superuser_url

# Read before anybody can have claims, or holding nothing about a person.
UNPROTECTED = {
    "account_emailaddress": "allauth reads it while somebody signs up, logs in or resets a password",
    "account_emailconfirmation": "opened by a link, before a login",
    "auth_group": "names of groups",
    "auth_group_permissions": "Django's permission names",
    "auth_permission": "Django's permission names",
    "data_versions": "counters",
    "django_admin_log": "who changed what in the admin; climbers' data is not edited there",
    "django_content_type": "names of models",
    "django_eventstream_event": "pointers without health data, read by channel after the channel was authorised",
    "django_eventstream_eventcounter": "counters",
    "django_migrations": "names of migrations",
    "django_session": "empty, without grants: `logins` took its place",
    "logins": "found by a digest before it is known who asks",
    "mfa_authenticator": "the second factor is checked before the login is complete",
    "users": "found by e-mail at login; a trigger guards what may be changed",
}
PROTECTION = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       (SELECT count(*) FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
        WHERE p.polrelid = c.oid AND r.rolname = 'climbiq_app')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"""


@pytest.fixture(scope="module")
def database(template_database):
    with psycopg.connect(superuser_url(template_database)) as connection:
        yield connection


def test_every_table_is_protected_or_listed(database):
    tables = {name: (forced, policies) for name, forced, policies in database.execute(PROTECTION)}
    unprotected = {name for name, (forced, _) in tables.items() if not forced}
    assert unprotected == set(UNPROTECTED)
    assert {n for n, (forced, policies) in tables.items() if forced and not policies} == set()


def test_a_new_table_is_noticed(database):
    with database.transaction(force_rollback=True):
        database.execute("CREATE TABLE forgotten (user_id uuid)")
        names = {name for name, forced, _ in database.execute(PROTECTION) if not forced}
        assert names - set(UNPROTECTED) == {"forgotten"}


def test_policies_evaluate_the_claims_once_a_statement(database):
    """`(SELECT app.uid())` is evaluated once; a bare call is evaluated for every row: 80 times slower."""
    bare = [
        (table, name)
        for table, name, text in database.execute(
            "SELECT tablename, policyname, coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies"
            " WHERE schemaname = 'public'"
        )
        if any(
            f"app.{function}()" in text.replace(f"( SELECT app.{function}() AS {function})", "")
            for function in ("uid", "role", "is_coach")
        )
    ]
    assert bare == []


def test_roles_have_no_way_around(database):
    rows = database.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'climbiq%'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolinherit)"
    ).fetchall()
    assert rows == []
    owned = database.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND relkind = 'r' AND pg_get_userbyid(relowner) <> 'climbiq_owner'"
    ).fetchall()
    assert owned == []


def test_nobody_and_everybody_have_no_grants(database):
    public = database.execute(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema IN ('public', 'app') AND grantee = 'PUBLIC'"
    ).fetchall()
    assert public == []
    dangerous = database.execute(
        "SELECT table_name, privilege_type, grantee FROM information_schema.role_table_grants"
        " WHERE table_schema = 'public' AND grantee IN ('climbiq_app', 'climbiq_service')"
        " AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')"
    ).fetchall()
    assert dangerous == []


def test_functions_that_act_as_their_owner_fix_their_search_path(database):
    loose = database.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND prosecdef"
        " AND NOT coalesce(array_to_string(proconfig, ','), '') LIKE '%search_path=%'"
    ).fetchall()
    assert loose == []
    callable_by_all = database.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace"
        " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) a WHERE a.grantee = 0))"
    ).fetchall()
    assert callable_by_all == []


def test_views_see_as_their_reader(database):
    views = database.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND (relkind = 'm' OR relkind = 'v'"
        " AND NOT coalesce(array_to_string(reloptions, ','), '') LIKE '%security_invoker=true%')"
    ).fetchall()
    assert views == []


def test_the_service_cannot_read_passwords(database):
    readable = database.execute(
        "SELECT has_column_privilege('climbiq_service', 'users', 'password', 'SELECT'),"
        " has_column_privilege('climbiq_service', 'users', 'email', 'SELECT'),"
        " has_table_privilege('climbiq_app', 'app.rls_key', 'SELECT'),"
        " has_table_privilege('climbiq_service', 'app.rls_key', 'SELECT')"
    ).fetchone()
    assert readable == (False, True, False, False)
