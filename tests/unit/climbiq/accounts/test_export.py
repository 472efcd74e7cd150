"""Everything of one person, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from climbiq.accounts import rls
from climbiq.accounts.tokens import create_token
from climbiq.common.personal_data import personal_tables
from recommendations.models import Recommendation
from recommendations.services.recommend import Asked, make_recommendation
from tests.factories.expert_rules import stored_rule
from tests.factories.whole_people import NOW, fill_account, fill_climber, fill_coach, fill_operator, tables_of

EXPORT = "/api/v1/users/me/export"


@pytest.fixture
def everybody(alice, bob, carol, olga, settings):
    settings.DEMO = True
    people = {"alices-word": alice, "bobs-word": bob, "carols-word": carol, "olgas-word": olga}
    for word, person in people.items():
        fill_account(person, word)
    fill_climber(alice, "alices-word")
    fill_climber(bob, "bobs-word")
    fill_coach(carol, "carols-word")
    fill_operator(olga, "olgas-word")


def opened(response) -> dict[str, str]:
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert 'filename="climbiq-data-' in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def export_of(person, path: str = EXPORT) -> dict[str, str]:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return opened(client.get(path))


@pytest.mark.parametrize("who", ["alice", "carol", "olga"])
def test_every_row_of_every_table_is_in_it(everybody, request, who):
    person = request.getfixturevalue(who)
    before = tables_of(person)
    files = export_of(person)
    for table, count in before.items():
        rows = json.loads(files.get(f"json/{table}.json", "[]"))
        # The export's own login is one more.
        assert len(rows) == count + (table == "logins"), table
        if rows:
            lines = list(csv.DictReader(io.StringIO(files[f"csv/{table}.csv"])))
            assert [list(line) for line in lines] == [list(row) for row in rows]


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "olga"])
def test_nothing_of_anybody_else_is_in_it(everybody, request, who):
    files = export_of(request.getfixturevalue(who))
    text = "\n".join(files.values())
    assert f"{who}s-word" in text
    for other in {"alice", "bob", "carol", "olga"} - {who}:
        person = request.getfixturevalue(other)
        assert f"{other}s-word" not in text
        assert person.email not in text
        assert str(person.pk) not in text


def test_no_secret_is_in_it(everybody, alice):
    files = export_of(alice)
    text = "\n".join(files.values())
    assert "secret-" not in text
    assert "key-alices-word" not in text
    assert alice.password not in text
    for table in personal_tables():
        rows = json.loads(files.get(f"json/{table.name}.json", "[]"))
        assert not any(set(table.data.withheld) & set(row) for row in rows), table.name


def test_what_would_unblind_a_coach_is_not_in_it(everybody, carol):
    assert "hidden" not in "\n".join(export_of(carol).values())


def test_values_are_what_they_are(everybody, alice):
    files = export_of(alice)
    (baseline,) = json.loads(files["json/baseline_assessments.json"])
    assert (baseline["age"], baseline["weight_kg"], baseline["has_coach"]) == (31, 61.5, False)
    (after,) = json.loads(files["json/post_session_data.json"])
    assert after["notes"] == "=notes of alices-word"
    assert after["new_niggles"] == [{"location": "finger", "severity": 2}]
    (row,) = csv.DictReader(io.StringIO(files["csv/post_session_data.csv"]))
    assert row["notes"] == "'=notes of alices-word"  # a spreadsheet would run it
    assert row["deviated_from_plan"] == "true"
    assert json.loads(row["new_niggles"]) == after["new_niggles"]
    (account,) = json.loads(files["json/users.json"])
    assert account["email"] == "alice@example.org"
    assert account["shares_for_calibration"] is False


def test_under_a_rule_it_holds_what_the_model_would_have_said_and_says_so(everybody, alice):
    """Computed from one's own answers, it is one's own data, though no page and no other answer shows it."""
    stored_rule(lifecycle="active")
    with rls.as_user(alice.pk):
        asked = Asked(conditions={"stress_level": 5})
        make_recommendation(by=alice, asked=asked, now=NOW, tells=False)
    overridden = Recommendation.objects.get(user=alice, overridden_by_rule__isnull=False)
    files = export_of(alice)
    row = next(r for r in json.loads(files["json/recommendations.json"]) if r["id"] == str(overridden.pk))
    assert row["shadow"] == overridden.shadow
    assert row["shadow"]["prediction"]["expected_quality"] == round(row["expected_quality"], 1)
    columns = {(r["table"], r["column"]): r for r in csv.DictReader(io.StringIO(files["columns.csv"]))}
    for column in ("shadow", "expected_quality"):
        assert "where a rule spoke" in columns["recommendations", column]["meaning"]
    assert "what the model would have said where a rule spoke" in files["README.txt"]
    client = Client()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(f"/api/v1/recommendations/{overridden.pk}")
    assert answer.status_code == 200
    assert answer.json()["prediction"] is None
    assert "expected_quality" not in answer.text


@pytest.mark.parametrize("who", ["alice", "carol", "olga"])
def test_its_words_are_whole_phrases(everybody, request, who):
    """Each stands alone in the list: nothing points at the line before."""
    readme = export_of(request.getfixturevalue(who))["README.txt"]
    for phrase in (" such ", "of you\n", "held of", "holds of"):
        assert phrase not in readme, phrase


def test_it_explains_itself(everybody, alice):
    files = export_of(alice)
    assert "alice@example.org" in files["README.txt"]
    assert "* sessions: your sessions (1)" in files["README.txt"]
    assert "* api_tokens: digest: a fingerprint of the key, by which it is recognised." in files["README.txt"]
    held, _, absent = files["README.txt"].partition("Nothing is held about you in")
    assert "rule_audit_log" in absent
    assert "rule_audit_log" not in held
    columns = {(r["table"], r["column"]): r for r in csv.DictReader(io.StringIO(files["columns.csv"]))}
    assert columns["pre_session_data", "sleep_hours"]["unit"] == "h"
    assert "5 overwhelmed" in columns["pre_session_data", "stress_level"]["scale"]
    assert ("sessions", "session_date") in columns


def test_the_page_says_what_is_held_and_downloads_the_same(everybody, alice, client):
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("data")).text
    assert "Your profile as a climber, in every version" in page
    assert "Changes to rules" not in page
    assert set(opened(client.get(reverse("data_download")))) == set(export_of(alice))


def test_a_token_that_reads_may_take_it(everybody, alice):
    _, token = create_token(user=alice, name="x", scope="read", expires_at=None)
    files = opened(
        Client().get(EXPORT, headers={"Authorization": f"Bearer {token}", "Accept": "application/zip"})
    )
    assert "json/sessions.json" in files


def test_ten_an_hour_over_page_and_api_together(alice, client):
    client.force_login(alice)
    for _ in range(5):
        assert client.get(EXPORT).status_code == 200
        assert client.get(reverse("data_download")).status_code == 200
    refused = client.get(EXPORT)
    assert refused.status_code == 429
    page = client.get(reverse("data_download"))
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 3600
    assert "That was a little often" in page.text


def test_only_a_zip_can_be_had(alice, client):
    client.force_login(alice)
    assert client.get(EXPORT, headers={"Accept": "text/html"}).status_code == 406


def test_somebody_new_gets_their_account_and_nothing_else(bob):
    files = export_of(bob)
    assert {name for name in files if name.startswith("json/")} == {
        "json/users.json", "json/users_groups.json", "json/logins.json",
    }  # fmt: skip
