"""An account is closed when its owner asks, erased two weeks later, and kept if they think better of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.erasure import GRACE, due_for_erasure, erase_account, keep_account, request_erasure
from climbiq.accounts.models import Login, User
from climbiq.accounts.tokens import create_token
from climbiq.common.personal_data import personal_tables
from climbiq.jobs.models import Job
from climbiq.jobs.runner import run_job
from tests.factories.people import PASSWORD
from tests.factories.whole_people import fill_account, fill_climber, fill_coach, fill_operator, tables_of

KEPT = {table.name for table in personal_tables() if table.data.fate == "kept"}


@pytest.fixture
def logged_in(client, alice):
    """Alice, who has just given her password again."""
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.fixture
def everybody(alice, bob, carol, olga):
    for person in (alice, bob, carol, olga):
        fill_account(person, f"{person.display_name}s-word")
    fill_climber(alice, "Alices-word")
    fill_climber(bob, "Bobs-word")
    fill_coach(carol, "Carols-word")
    fill_operator(olga, "Olgas-word")


def let_the_grace_pass(*people: User) -> None:
    User.objects.filter(pk__in=[p.pk for p in people]).update(
        erasure_due_at=timezone.now() - timedelta(hours=1)
    )


def found_anywhere(text: str) -> set[str]:
    """Tables in which a text stands, in any column of any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = set()
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE position(%s IN t::text) > 0', [text])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


# --- Asking ---------------------------------------------------------------------------------------------------


def test_the_page_says_what_goes_and_what_stays(everybody, client, alice, carol, settings):
    settings.DEMO = True
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("erase")).text
    assert "Your sessions" in page
    assert "Your judgments of scenarios" not in page
    client.force_login(carol, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert re.search(r"Your judgments of scenarios: advice stands on them", client.get(reverse("erase")).text)


def test_asking_closes_the_account_at_once(logged_in, alice, mailoutbox, django_capture_on_commit_callbacks):
    _, token = create_token(user=alice, name="x", scope="write", expires_at=None)
    elsewhere = Client()
    elsewhere.force_login(alice)
    with django_capture_on_commit_callbacks(execute=True):
        page = logged_in.post(reverse("erase"), {"email": " Alice@Example.org"})
    assert page.status_code == 200
    assert "Your account is closed" in page.text
    alice.refresh_from_db()
    assert abs(alice.erasure_due_at - timezone.now() - GRACE) < timedelta(minutes=1)
    assert not Login.objects.filter(user=alice).exists()
    for browser in (logged_in, elsewhere):
        assert browser.get(reverse("account")).status_code == 302
    answer = Client().get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:climbiq:problem:token-closed")
    (letter,) = mailoutbox
    assert letter.to == ["alice@example.org"]
    assert letter.subject == "[ClimbIQ] Your ClimbIQ account is to be erased"
    assert reverse("erase") in letter.body
    assert f"{alice.erasure_due_at:%B %Y}" in letter.body


@pytest.mark.parametrize("typed", ["", "alice", "bob@example.org", "alice@example.org.uk", "x" * 300])
def test_without_the_right_address_nothing_happens(logged_in, alice, typed):
    page = logged_in.post(reverse("erase"), {"email": typed})
    assert page.status_code == 200
    assert "data-error-summary" in page.text
    alice.refresh_from_db()
    assert alice.erasure_due_at is None


def test_asking_asks_again_for_the_password(client, alice):
    client.force_login(alice)
    response = client.post(reverse("erase"), {"email": alice.email})
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    alice.refresh_from_db()
    assert alice.erasure_due_at is None


def test_the_only_operator_is_needed(client, olga, settings):
    settings.DEMO = True
    client.post(reverse("account_login"), {"login": olga.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert "You are the only operator" in client.post(reverse("erase"), {"email": olga.email}).text
    olga.refresh_from_db()
    assert olga.erasure_due_at is None


# --- The two weeks --------------------------------------------------------------------------------------------


def test_whoever_logs_in_again_may_keep_it_and_do_nothing_else(client, alice):
    request_erasure(user=alice)
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    for name in ("today", "account", "history", "tokens"):
        assert client.get(reverse(name))["Location"] == reverse("erase"), name
    refused = client.get("/api/v1/users/me")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:climbiq:problem:account-closed")
    assert "Keep my account" in client.get(reverse("erase")).text
    assert client.get(reverse("data_download")).status_code == 200
    assert client.post(reverse("erase_keep"), follow=True).status_code == 200
    alice.refresh_from_db()
    assert alice.erasure_due_at is None
    assert client.get(reverse("account")).status_code == 200


def test_logging_in_alone_changes_nothing(client, alice):
    due_at = request_erasure(user=alice)
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    client.get("/", follow=True)
    alice.refresh_from_db()
    assert alice.erasure_due_at == due_at


def test_nobody_is_erased_before_the_time(alice):
    due_at = request_erasure(user=alice)
    assert due_for_erasure(now=due_at - timedelta(seconds=1)) == []
    assert due_for_erasure(now=due_at) == [alice.pk]
    assert erase_account(person=alice.pk) is None  # the database's own clock says no
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_who_kept_the_account_at_the_last_moment_keeps_it(alice):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    (person,) = due_for_erasure(now=timezone.now())
    alice.refresh_from_db()
    keep_account(user=alice)
    assert erase_account(person=person) is None
    assert User.objects.get(pk=alice.pk).email == "alice@example.org"


# --- Erasing --------------------------------------------------------------------------------------------------


def test_nothing_is_left_of_a_climber_and_everything_of_the_others(everybody, alice, bob, carol, olga):
    others = {p.email: tables_of(p) for p in (bob, carol, olga)}
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    erased = erase_account(person=alice.pk)
    assert erased["sessions"] == 1
    assert erased["recommendation_events"] > 0
    left = {name: n for name, n in tables_of(alice).items() if n}
    assert left == {"users": 1}
    for text in ("Alices-word", "alice@example.org", "Alice"):
        assert found_anywhere(text) == set(), text
    assert found_anywhere(str(alice.pk)) == {"users"}
    assert {p.email: tables_of(p) for p in (bob, carol, olga)} == others


@pytest.mark.parametrize("who", ["carol", "olga"])
def test_of_staff_the_evidence_stays_under_the_key(everybody, request, who, alice):
    person = request.getfixturevalue(who)
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)  # somebody else operates
    before = tables_of(person)
    request_erasure(user=person)
    let_the_grace_pass(person)
    assert erase_account(person=person.pk) is not None
    after = {name: n for name, n in tables_of(person).items() if n}
    assert after == {"users": 1} | {name: before[name] for name in KEPT if before[name]}
    name, address = person.display_name, person.email
    assert found_anywhere(address) == set()
    assert found_anywhere(f"secret-{name}") == set()
    assert found_anywhere(str(person.pk)) <= KEPT | {"users"}
    emptied = User.objects.get(pk=person.pk)
    assert (emptied.is_staff, emptied.is_superuser, emptied.access_role) == (False, False, "climber")


def test_what_the_admin_wrote_about_somebody_goes_too(everybody, olga, alice):
    from django.contrib.admin.models import CHANGE, LogEntry

    entry = LogEntry.objects.log_actions(
        olga.pk, User.objects.filter(pk=alice.pk), CHANGE, "Alice", single_object=True
    )
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    entry = LogEntry.objects.get(object_id=str(alice.pk))
    assert (entry.object_repr, entry.change_message, entry.user_id) == ("erased account", "", olga.pk)


def test_an_erased_account_opens_nothing(client, alice):
    _, token = create_token(user=alice, name="x", scope="write", expires_at=None)
    request_erasure(user=alice)
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    assert client.get(reverse("erase")).status_code == 302  # the login is gone
    emptied = User.objects.get(pk=alice.pk)
    assert not emptied.has_usable_password()
    assert str(emptied) == f"erased {str(alice.pk)[:8]}"
    for address in ("alice@example.org", emptied.email):
        client.post(reverse("account_login"), {"login": address, "password": PASSWORD})
        assert client.get(reverse("account")).status_code == 302
    answer = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["type"] == "urn:climbiq:problem:token-unknown"


def test_no_letter_reaches_an_erased_account(client, alice, mailoutbox):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    client.post(reverse("account_reset_password"), {"email": User.objects.get(pk=alice.pk).email})
    assert not any("/password/reset/key/" in letter.body for letter in mailoutbox)


def test_the_address_is_free_again(client, alice):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    client.post(
        reverse("account_signup"),
        {"email": "alice@example.org", "password1": PASSWORD, "password2": PASSWORD, "time_zone": "UTC"},
    )
    again = User.objects.get(email="alice@example.org")
    assert again.pk != alice.pk
    assert EmailAddress.objects.get(email="alice@example.org").user_id == again.pk


def test_twice_is_once(alice):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    assert erase_account(person=alice.pk) is not None
    at = User.objects.get(pk=alice.pk).erased_at
    assert erase_account(person=alice.pk) is None
    assert User.objects.get(pk=alice.pk).erased_at == at


def test_the_hourly_job_erases_who_is_due(everybody, alice, bob):
    for person in (alice, bob):
        request_erasure(user=person)
    let_the_grace_pass(alice)
    job = Job.objects.create(kind="erase_accounts")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == ("succeeded", {"accounts": 1})
    assert set(User.objects.exclude(erased_at=None).values_list("pk", flat=True)) == {alice.pk}


def test_one_that_cannot_be_erased_does_not_keep_the_others(everybody, alice, bob, caplog):
    for person in (alice, bob):
        request_erasure(user=person)
    let_the_grace_pass(alice, bob)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.no() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no BEFORE DELETE ON sessions FOR EACH ROW"
            f" WHEN (OLD.user_id = '{alice.pk}') EXECUTE FUNCTION pg_temp.no()"
        )
    job = Job.objects.create(kind="erase_accounts")
    run_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "failed"  # it will be tried again
    assert set(User.objects.exclude(erased_at=None).values_list("pk", flat=True)) == {bob.pk}
    assert tables_of(alice)["api_tokens"] == 1  # nothing of hers is half gone
    assert User.objects.get(pk=alice.pk).email == "alice@example.org"


# --- What an attacker may not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "change"),
    [
        pytest.param("bob", {"erasure_due_at": timedelta(days=15)}, id="another's account"),
        pytest.param("alice", {"erasure_due_at": timedelta(days=1)}, id="one's own, sooner"),
        pytest.param("olga", {"erasure_due_at": timedelta(days=13)}, id="an operator, sooner"),
        pytest.param("olga", {"erased_at": timedelta()}, id="an operator, at once"),
        pytest.param(None, {"erasure_due_at": timedelta(days=15)}, id="without a login"),
    ],
)
def test_the_database_refuses(request, alice, olga, bob, who, change):
    actor = rls.Identity.of(request.getfixturevalue(who)) if who else rls.NOBODY
    values = {name: timezone.now() + delta for name, delta in change.items()}
    with pytest.raises(DatabaseError), transaction.atomic(), rls.acting_as(actor):
        if not who:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.claims', '', true)")
        User.objects.filter(pk=alice.pk).update(**values)


def test_the_web_cannot_carry_it_out(alice):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    with pytest.raises(DatabaseError, match="permission denied"), rls.as_user(alice.pk):
        erase_account(person=alice.pk)


def test_an_erased_account_stays_erased(alice, olga):
    request_erasure(user=alice)
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    with pytest.raises(DatabaseError, match="has been erased"), rls.acting_as(rls.Identity.of(olga)):
        User.objects.filter(pk=alice.pk).update(is_active=True)


def test_nobody_asks_or_keeps_for_another(client, alice, bob):
    request_erasure(user=alice)
    client.force_login(bob)
    client.post(reverse("erase_keep"))
    assert client.get(reverse("erase_keep")).status_code == 405
    alice.refresh_from_db()
    assert alice.erasure_due_at is not None
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("erase"), {"email": alice.email})
    bob.refresh_from_db()
    assert bob.erasure_due_at is None


def test_an_operator_asks_for_somebody_who_cannot_log_in(client, alice, olga, settings, mailoutbox, django_capture_on_commit_callbacks):  # fmt: skip
    settings.DEMO = True
    client.force_login(olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            "/admin/accounts/user/",
            {"action": "erase", "_selected_action": [str(alice.pk), str(olga.pk)]},
            follow=True,
        )
    assert "is closed, and erased on" in answer.text
    assert "You are the only operator" in answer.text
    alice.refresh_from_db()
    assert alice.erasure_due_at is not None
    assert [letter.to for letter in mailoutbox] == [["alice@example.org"]]
    let_the_grace_pass(alice)
    erase_account(person=alice.pk)
    page = client.get(f"/admin/accounts/user/{alice.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.text
