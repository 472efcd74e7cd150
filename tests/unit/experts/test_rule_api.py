"""Rules and priors over the API."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from climbiq.accounts.tokens import create_token
from experts.models import ExpertRule, RuleAuditLog
from tests.factories.expert_rules import REST, TENSE, stored_rule

RULES = "/api/v1/expert-capture/rules"
BODY = {"name": "Stressed", "conditions": {"ALL": [TENSE]}, "actions": [REST]}


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True  # coaches without a second factor


def send(client, method, path, body=None, **headers):
    raw = body if isinstance(body, str) else json.dumps(body)
    return getattr(client, method)(path, raw, content_type="application/json", headers=headers)


def errors_of(response) -> dict[str, list[str]]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json().get("errors", {})


def test_a_rule_from_the_first_draft_to_retirement(client, carol):
    client.force_login(carol)
    made = send(client, "post", RULES, BODY | {"reason": "first"})
    rule = made.json()
    address = f"{RULES}/{rule['id']}"
    assert made.status_code == 201
    assert made.headers["Location"] == address
    assert (rule["lifecycle"], rule["version"], rule["is_active"]) == ("draft", 1, False)
    assert rule["sentence"] == (
        "If stress is at least 4 (high): leave the model out and say “Rest today”: “Rest today.”"
    )
    assert rule["condition_fields"] == ["pre_session.stress_level"]

    changed = send(
        client, "patch", address, {"priority": 80, "reason": "it matters", "revision": rule["revision"]}
    )
    assert (changed.status_code, changed.json()["priority"], changed.json()["version"]) == (200, 80, 2)
    active = send(client, "post", f"{address}/lifecycle", {"to": "active", "reason": "agreed"}).json()
    assert (active["lifecycle"], active["is_active"]) == ("active", True)
    assert client.get(f"{RULES}?lifecycle=active").json()["results"] == [client.get(address).json()]
    for _ in range(2):
        assert client.delete(address).json()["lifecycle"] == "retired"
    assert client.get(f"{RULES}?lifecycle=active").json()["results"] == []

    log = client.get(f"{address}/audit").json()["results"]
    assert {(entry["action"], entry["by"], entry["reason"]) for entry in log} == {
        ("created", "Carol", "first"),
        ("modified", "Carol", "it matters"),
        ("activated", "Carol", "agreed"),
        ("deactivated", "Carol", "Deleted over the API, which retires it."),
    }
    modified = next(entry for entry in log if entry["action"] == "modified")
    assert modified["changes"] == [{"what": "Priority", "before": "50", "after": "80"}]


def test_climbers_are_refused_and_see_the_priors(client, alice):
    rule = stored_rule(lifecycle="active")
    client.force_login(alice)
    address = f"{RULES}/{rule.pk}"
    for answer in (
        client.get(RULES),
        send(client, "post", RULES, BODY),
        client.get(address),
        send(client, "patch", address, {"priority": 1, "reason": "r"}),
        client.delete(address),
        send(client, "post", f"{address}/lifecycle", {"to": "paused", "reason": "r"}),
        client.get(f"{address}/audit"),
        client.get(f"{RULES}/fields"),
    ):
        assert answer.status_code == 403
    rule.refresh_from_db()
    assert (rule.lifecycle, rule.version) == ("active", 1)
    assert client.get("/api/v1/expert-capture/priors/current").status_code == 200


def test_nobody_without_a_login(client, db):
    for path in (RULES, f"{RULES}/fields", "/api/v1/expert-capture/priors/current"):
        assert client.get(path).status_code == 401


def test_a_token_that_may_only_read(client, carol):
    rule = stored_rule()
    _, token = create_token(
        user=carol, name="t", scope="read", expires_at=timezone.now() + timedelta(days=1), now=timezone.now()
    )
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(RULES, headers=headers).json()["results"][0]["id"] == str(rule.pk)
    assert send(client, "post", RULES, BODY | {"name": "Other"}, **headers).status_code == 403
    assert client.delete(f"{RULES}/{rule.pk}", headers=headers).status_code == 403


def test_all_faults_at_once_by_their_paths(client, carol):
    client.force_login(carol)
    answer = send(
        client,
        "post",
        RULES,
        {
            "name": "",
            "conditions": {
                "ALL": [TENSE | {"value": 9}, {"field": "pre_session.mood", "op": "<", "value": 1}]
            },
            "actions": [{"type": "dance"}],
            "rule_category": "urgent",
            "priority": 101,
            "is_active": True,
            "lifecycle": "active",
        },
    )
    assert answer.status_code == 400
    assert {*errors_of(answer)} == {
        *("name", "rule_category", "priority", "is_active", "lifecycle"),
        *("conditions.ALL[0].value", "conditions.ALL[1].field", "actions[0].type"),
    }
    assert errors_of(answer)["conditions.ALL[0].value"] == ["Stress must be between 1 and 5."]
    assert not ExpertRule.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({}, 400, {"name", "conditions", "actions"}),
        ('{"name": "x", "conditions": ' + '{"ALL":[' * 10_000, 400, set()),
        ('{"conditions": ' + '{"ALL":[' * 10_000 + "1" + "]}" * 10_000 + "}", 400, set()),
        (BODY | {"conditions": {"ALL": [{"ALL": [{"ALL": [{"ALL": [{"ALL": [{"ALL": [TENSE]}]}]}]}]}]}}, 400,
         {"conditions.ALL[0].ALL[0].ALL[0].ALL[0].ALL[0].ALL"}),
        (BODY | {"conditions": {"ALL": [TENSE] * 5_000}}, 400, {"conditions.ALL"}),
        (BODY | {"actions": [REST] * 5_000}, 400, {"actions"}),
        (BODY | {"conditions": None}, 400, {"conditions"}),
        (BODY | {"conditions": "stressed"}, 400, {"conditions"}),
        (BODY | {"expires_at": "1890-01-01T00:00:00Z"}, 400, {"expires_at"}),
        (BODY | {"expires_at": "9999-12-31T23:59:59"}, 400, {"expires_at"}),
        (BODY | {"name": "x" * 121}, 400, {"name"}),
        (BODY | {"name": "nul \x00"}, 400, {"name"}),
        (BODY | {"priority": True}, 400, {"priority"}),
        ([BODY], 400, set()),
    ],
    ids=["empty", "cut", "deep", "six", "many", "actions", "null", "text", "1890", "9999", "long", "nul", "flag", "list"],
)  # fmt: skip
def test_bad_bodies(client, carol, body, status, named):
    client.force_login(carol)
    answer = send(client, "post", RULES, body)
    assert (answer.status_code, {*errors_of(answer)}) == (status, named)
    assert not ExpertRule.objects.exists()


def test_the_same_request_twice_is_one_rule(client, carol):
    client.force_login(carol)
    first = send(client, "post", RULES, BODY, **{"Idempotency-Key": "k"})
    again = send(client, "post", RULES, BODY, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert ExpertRule.objects.count() == 1
    taken = send(client, "post", RULES, BODY | {"name": "STRESSED"})
    assert "There is the draft rule “Stressed” already" in errors_of(taken)["name"][0]


def test_two_coaches_at_once(client, carol, dave):
    rule = stored_rule()
    client.force_login(carol)
    read = client.get(f"{RULES}/{rule.pk}").json()["revision"]
    stored_rule(name="Other")
    ExpertRule.objects.filter(pk=rule.pk).update(priority=10)
    client.force_login(dave)
    for path, method, body in (
        (f"{RULES}/{rule.pk}", "patch", {"priority": 90}),
        (f"{RULES}/{rule.pk}/lifecycle", "post", {"to": "active"}),
    ):
        answer = send(client, method, path, body | {"reason": "r", "revision": read})
        assert answer.status_code == 409
        assert "changed by somebody else" in answer.json()["detail"]
    rule.refresh_from_db()
    assert (rule.priority, rule.lifecycle) == (10, "draft")


def test_a_safety_rule_takes_two(client, carol, dave):
    client.force_login(carol)
    rule = send(client, "post", RULES, BODY | {"rule_category": "safety"}).json()
    path = f"{RULES}/{rule['id']}/lifecycle"
    alone = send(client, "post", path, {"to": "active", "reason": "r"})
    assert (alone.status_code, "second coach" in alone.json()["detail"]) == (422, True)
    client.force_login(dave)
    assert send(client, "post", path, {"to": "active", "reason": "r"}).json()["is_active"]
    guarded = send(client, "patch", f"{RULES}/{rule['id']}", {"priority": 1, "reason": "r"})
    assert (guarded.status_code, "Pause it" in guarded.json()["detail"]) == (422, True)
    back = send(client, "post", path, {"to": "draft", "reason": "r"})
    assert (back.status_code, "can only become" in back.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"non_field_errors"}),
        ({"priority": 1}, {"reason"}),
        ({"priority": 1, "reason": " "}, {"reason"}),
        ({"reason": "r"}, {"non_field_errors"}),
        ({"reason": "r", "version": 7}, {"version"}),
        ({"reason": "r", "name": None}, {"name"}),
        ({"reason": "r", "conditions": None}, {"conditions"}),
        ({"reason": "r", "actions": []}, {"actions"}),
    ],
)
def test_bad_changes(client, carol, body, named):
    rule = stored_rule()
    client.force_login(carol)
    answer = send(client, "patch", f"{RULES}/{rule.pk}", body)
    assert (answer.status_code, {*errors_of(answer)}) == (400, named)
    assert RuleAuditLog.objects.filter(rule=rule).count() == 1


def test_what_is_not_there(client, carol):
    client.force_login(carol)
    for path in (f"{RULES}/{uuid4()}", f"{RULES}/{uuid4()}/audit", f"{RULES}/nonsense"):
        assert client.get(path).status_code == 404
    assert send(client, "patch", f"{RULES}/{uuid4()}", {"priority": 1, "reason": "r"}).status_code == 404
    assert client.delete(f"{RULES}/{uuid4()}").status_code == 404
    assert send(client, "put", f"{RULES}/{uuid4()}", BODY).status_code == 405
    assert {*errors_of(client.get(f"{RULES}?lifecycle=asleep"))} == {"lifecycle"}
    assert {*errors_of(client.get(f"{RULES}?cursor=nonsense"))} == {"cursor"}


def test_rules_a_page_at_a_time(client, carol):
    names = {stored_rule(name=f"Rule {n}").name for n in range(5)}
    client.force_login(carol)
    seen, path = [], f"{RULES}?page_size=2"
    while path:
        page = client.get(path).json()
        seen += [rule["name"] for rule in page["results"]]
        path = page["next"]
    assert (len(seen), {*seen}) == (5, names)


def test_a_rule_that_sql_broke_is_told(client, carol):
    rule = stored_rule(conditions={"field": "pre_session.gone", "op": "<", "value": 1})
    client.force_login(carol)
    told = client.get(f"{RULES}/{rule.pk}").json()
    assert told["sentence"] is None
    assert told["faults"]["conditions.field"][0].startswith("There is no field pre_session.gone.")


def test_fields_and_operators_are_published(client, carol):
    client.force_login(carol)
    grammar = client.get(f"{RULES}/fields").json()
    stress = next(field for field in grammar["fields"] if field["path"] == "pre_session.stress_level")
    assert (stress["low"], stress["high"], stress["anchors"]["4"]) == (1, 5, "high")
    assert stress["operators"] == [">=", "<=", ">", "<", "==", "!=", "in", "not_in", "between"]
    assert [operator["symbol"] for operator in grammar["operators"]][-1] == "contains"
    assert {action["type"] for action in grammar["actions"]} == {
        *("override", "suppress", "modify_coefficient", "message"),
    }


def test_the_priors_in_force(client, alice):
    client.force_login(alice)
    current = client.get("/api/v1/expert-capture/priors/current").json()
    caffeine = next(row for row in current["priors"] if row["variable_name"] == "caffeine_mg")
    assert current["version"] == 1
    assert (caffeine["population_mean"], caffeine["version"]) == (0.003, 1)
    assert caffeine["blend_weights"] == {"literature": 1.0, "expert": 0.0}
    assert caffeine["literature_sources"]


def test_the_schema_knows_the_addresses(client, db):
    paths = client.get("/api/schema/").json()["paths"]
    ours = {path: {*methods} - {"parameters"} for path, methods in paths.items() if "expert-capture" in path}
    assert ours == {
        "/api/v1/expert-capture/rules": {"get", "post"},
        "/api/v1/expert-capture/rules/fields": {"get"},
        "/api/v1/expert-capture/rules/{rule_id}": {"get", "patch", "delete"},
        "/api/v1/expert-capture/rules/{rule_id}/lifecycle": {"post"},
        "/api/v1/expert-capture/rules/{rule_id}/supersede": {"post"},
        "/api/v1/expert-capture/rules/{rule_id}/audit": {"get"},
        "/api/v1/expert-capture/priors/current": {"get"},
    }
