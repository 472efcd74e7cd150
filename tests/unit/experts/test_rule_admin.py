"""Rules in the admin: as Carol and Dave who coach, and Alice who climbs."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.urls import reverse

from experts.models import ExpertRule, RuleAuditLog
from tests.factories.expert_rules import REST, TENSE, stored_rule

LIST = "/admin/experts/expertrule/"
ADD = f"{LIST}add/"
FORM = {
    "name": "Stressed",
    "description": "",
    "conditions": json.dumps({"ALL": [TENSE]}),
    "actions": json.dumps([REST]),
    "rule_category": "",
    "priority": "50",
    "confidence": "",
    "source": "",
    "evidence": "",
    "expires_at": "",
    "reason": "",
    "revision": "",
}
DEEP = '{"ALL": [' * 10_000 + "1" + "]}" * 10_000


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True  # coaches without a second factor


def change(rule) -> str:
    return f"{LIST}{rule.pk}/change/"


def typed(client, rule, **fields) -> dict[str, str]:
    """What the browser would send: the page's own values, and what was typed over them."""
    page = text_of(client.get(change(rule)))
    revision = re.search(r'name="revision" value="(\w+)"', page).group(1)
    now = {name: getattr(rule, name) for name in FORM if hasattr(rule, name)}
    said = {name: "" if value is None else value for name, value in now.items()}
    said |= {"conditions": json.dumps(rule.conditions), "actions": json.dumps(rule.actions)}
    return {**FORM, **said, "revision": revision, "reason": "because", **fields}


def step(client, rule, to, reason="because", **fields):
    page = text_of(client.get(change(rule)))
    revision = re.findall(r'name="revision" value="(\w+)"', page)[-1]
    data = {"to": to, "reason": reason, "revision": revision, **fields}
    return client.post(reverse("admin:experts_rule_lifecycle", args=[rule.pk]), data, follow=True)


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def errors_of(response) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


@pytest.mark.parametrize(
    "address",
    [
        *("expertrule/", "expertrule/add/", "expertrule/fields/", "ruleauditlog/", "syntheticscenario/"),
        *("populationprior/", "rulereviewsession/"),
    ],
)
def test_climbers_are_refused_and_coaches_let_in(client, alice, carol, address):
    client.force_login(alice)
    assert client.get(f"/admin/experts/{address}", follow=True).status_code == 403
    client.force_login(carol)
    assert client.get(f"/admin/experts/{address}").status_code == 200


def test_climbers_can_write_nothing(client, alice):
    rule = stored_rule()
    client.force_login(alice)
    for path in (ADD, change(rule), f"{LIST}{rule.pk}/lifecycle/", f"{LIST}preview/"):
        assert client.post(path, FORM | {"to": "active"}, follow=True).status_code == 403
    rule.refresh_from_db()
    assert (rule.lifecycle, ExpertRule.objects.count()) == ("draft", 1)


def test_a_rule_from_the_first_form_to_retirement(client, carol):
    client.force_login(carol)
    made = client.post(ADD, FORM | {"reason": "seen twice this week"}, follow=True)
    rule = ExpertRule.objects.get()
    assert made.redirect_chain == [(change(rule), 302)]
    assert "stored as a draft" in text_of(made)
    assert "If stress is at least 4 (high): leave the model out and say “Rest today”" in text_of(made)

    assert "is now active" in text_of(step(client, rule, "active"))
    edited = client.post(change(rule), typed(client, rule, priority="80", reason="it matters"), follow=True)
    assert "is stored" in text_of(edited)
    assert "is now retired" in text_of(step(client, rule, "retired"))

    log = text_of(client.get(f"{LIST}{rule.pk}/history/"))
    for words in ("Created", "Activated", "Changed", "Taken out of force", "by Carol", "“it matters”"):
        assert words in log
    assert re.search(r"<del>50</del>.*<ins>80</ins>", log)
    assert RuleAuditLog.objects.filter(changed_by=carol).count() == 4


def test_faults_stand_at_their_field_with_their_path_and_what_was_typed(client, carol):
    client.force_login(carol)
    bad = {
        "name": " ",
        "conditions": json.dumps({"ANY": [TENSE, TENSE | {"value": 9, "op": "=>"}]}),
        "actions": '[{"type": "suppress", "target": "beer"}]',
        "priority": "101",
        "evidence": "Kept, whatever happens.",
    }
    answer = client.post(ADD, FORM | bad)
    errors = errors_of(answer)
    assert errors["conditions"][0].startswith("conditions.ANY[1].op: There is no operator =>")
    assert errors["actions"][0].startswith("actions[0].target: There is no beer")
    assert {*errors} == {"name", "conditions", "actions", "priority"}
    assert "Kept, whatever happens." in text_of(answer)
    assert not ExpertRule.objects.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DEEP, "60,000 are the most"),
        ('{"ALL":[' * 6_000, "nested far too deeply"),
        ("[" * 50_000, "nested far too deeply"),
        ("[1" * 30_001, "60,000 are the most"),
        ('{"ALL": [', "not JSON: expecting value at line 1, column 10"),
        ('{"op": 1, "op": 2}', "“op” is given twice"),
        ('{"value": NaN}', "NaN is no JSON number"),
        ('{"value": ' + "9" * 5000 + "}", "a number that is too long"),
        ("null", "Must be {"),
        (json.dumps({"ALL": [TENSE] * 400}), "50 are the most"),
    ],
    ids=["deep", "deeper", "deepest", "long", "cut", "twice", "nan", "digits", "null", "many"],
)
def test_hostile_conditions(client, carol, text, says):
    client.force_login(carol)
    answer = client.post(ADD, FORM | {"conditions": text})
    assert says in " ".join(errors_of(answer)["conditions"])
    assert client.post(f"{LIST}preview/", FORM | {"conditions": text}).status_code == 200


def test_scripts_and_emoji_are_shown_as_they_were_written(client, carol):
    client.force_login(carol)
    script = "<script>alert(1)</script>"
    says = json.dumps([REST | {"message": f"Rest 🧗 {script}"}])
    made = client.post(
        ADD,
        FORM | {"name": f"😅 {script}", "actions": says, "reason": script, "evidence": script},
        follow=True,
    )
    rule = ExpertRule.objects.get()
    assert rule.name == f"😅 {script}"
    pages = [
        made,
        client.get(LIST),
        client.get(f"{LIST}{rule.pk}/history/"),
        client.get("/admin/experts/ruleauditlog/"),
    ]
    pages.append(client.post(f"{LIST}preview/", FORM | {"actions": says}))
    pages.append(client.post(change(rule), FORM | {"name": script, "reason": ""}))
    for page in pages:
        assert script not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()


def test_a_name_that_is_taken_in_another_case(client, carol):
    stored_rule(lifecycle="retired")
    client.force_login(carol)
    answer = client.post(ADD, FORM | {"name": "sTRESSED"})
    assert "the retired rule “Stressed”" in errors_of(answer)["name"][0]


def test_a_change_needs_a_reason(client, carol):
    rule = stored_rule()
    client.force_login(carol)
    answer = client.post(change(rule), typed(client, rule, priority="1", reason=" "))
    assert {*errors_of(answer)} == {"reason"}
    assert "Say why" in text_of(step(client, rule, "active", reason=""))
    rule.refresh_from_db()
    assert (rule.priority, rule.lifecycle) == (50, "draft")


def test_saving_an_untouched_page_changes_nothing(client, carol):
    rule = stored_rule(expires_at="2099-05-01T12:00:30Z", description="why not")
    client.force_login(carol)
    page = client.get(change(rule))
    as_shown = {name: page.context["form"][name].value() or "" for name in FORM} | {"reason": "just looking"}
    as_shown["expires_at"] = page.context["form"]["expires_at"].value().strftime("%Y-%m-%dT%H:%M")
    answer = client.post(change(rule), as_shown, follow=True)
    assert "Nothing was changed" in text_of(answer)
    rule.refresh_from_db()
    assert rule.version == 1


def test_two_coaches_at_once_and_then_one_after_the_other(client, carol, dave):
    rule = stored_rule()
    client.force_login(dave)
    daves = typed(client, rule, priority="90")
    client.force_login(carol)
    client.post(change(rule), typed(client, rule, description="Carol was first.", reason="first"))

    client.force_login(dave)
    answer = client.post(change(rule), daves)
    assert "changed by somebody else" in errors_of(answer)["__all__"][0]
    assert "Carol was first." in text_of(answer)  # in the log beside it
    rule.refresh_from_db()
    assert rule.priority == 50

    again = daves | {"revision": answer.context["form"]["revision"].value(), "description": rule.description}
    assert client.post(change(rule), again).status_code == 302
    rule.refresh_from_db()
    assert (rule.priority, rule.description) == (90, "Carol was first.")


def test_a_typing_mistake_does_not_hide_a_conflict(client, carol):
    rule = stored_rule()
    client.force_login(carol)
    old = typed(client, rule, priority="90")
    ExpertRule.objects.filter(pk=rule.pk).update(priority=10)
    mistaken = client.post(change(rule), old | {"name": ""})
    assert mistaken.context["form"]["revision"].value() == old["revision"]
    assert "changed by somebody else" in errors_of(client.post(change(rule), old))["__all__"][0]


def test_a_safety_rule_waits_for_a_second_coach(client, carol, dave):
    client.force_login(carol)
    client.post(ADD, FORM | {"rule_category": "safety"})
    rule = ExpertRule.objects.get()
    page = text_of(client.get(change(rule)))
    assert "a second coach reads and activates it" in page
    assert 'value="active"' not in page
    assert "activated by a second coach, and some of what this one says is yours" in text_of(
        step(client, rule, "active")
    )
    client.force_login(dave)
    assert "is now active" in text_of(step(client, rule, "active"))
    refused = client.post(change(rule), typed(client, ExpertRule.objects.get(), priority="1"))
    assert "Pause it, change it" in errors_of(refused)["__all__"][0]


def test_what_is_activated_is_what_was_read(client, carol):
    rule = stored_rule()
    client.force_login(carol)
    answer = step(client, rule, "active", revision="0" * 16)
    assert "changed by somebody else" in text_of(answer)
    rule.refresh_from_db()
    assert rule.lifecycle == "draft"
    assert client.post(
        reverse("admin:experts_rule_lifecycle", args=[rule.pk]), {"to": "asleep", "reason": "r"}
    )


def test_deleting_is_retiring_and_said_so(client, carol):
    rule = stored_rule(lifecycle="active")
    client.force_login(carol)
    for method in (client.get, client.post):
        assert "Retire it instead" in text_of(method(f"{LIST}{rule.pk}/delete/", follow=True))
    posted = client.post(LIST, {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"})
    assert posted.status_code in (200, 302)
    rule.refresh_from_db()
    assert rule.lifecycle == "active"


def test_a_rule_that_cannot_be_read_is_told_and_mended(client, carol):
    rule = stored_rule(conditions={"field": "pre_session.gone", "op": "<", "value": 1}, lifecycle="active")
    client.force_login(carol)
    assert "Never matches: conditions.field: There is no field pre_session.gone" in text_of(client.get(LIST))
    assert "There is no field pre_session.gone" in text_of(client.get(change(rule)))
    mended = client.post(change(rule), typed(client, rule, conditions=json.dumps(TENSE)), follow=True)
    assert "If stress is at least 4 (high)" in text_of(mended)


def test_the_list_is_searched_and_filtered(client, carol):
    stored_rule(name="One", lifecycle="active", rule_category="safety")
    stored_rule(name="Two", evidence="Fryer 2018")
    client.force_login(carol)

    def names(query: str) -> list[str]:
        return [rule.name for rule in client.get(f"{LIST}?{query}").context["cl"].result_list]

    assert names("") == ["One", "Two"]
    assert names("lifecycle=active") == ["One"]
    assert names("rule_category=safety") == ["One"]
    assert names("q=fryer") == ["Two"]
    assert names("lifecycle=nonsense") == ["One", "Two"]


@pytest.mark.parametrize("key", ["rest", "finger", "caffeine"])
def test_examples_can_be_stored_as_they_are(client, carol, key):
    client.force_login(carol)
    shown = client.get(f"{ADD}?example={key}").context["form"]
    as_shown = {name: shown[name].value() or "" for name in FORM} | {"name": key}
    assert client.post(ADD, as_shown).status_code == 302
    assert ExpertRule.objects.get().name == key


def test_the_preview_says_the_sentence_or_what_is_missing(client, carol):
    client.force_login(carol)
    assert "If stress is at least 4" in text_of(client.post(f"{LIST}preview/", FORM))
    half = text_of(client.post(f"{LIST}preview/", {"conditions": json.dumps(TENSE)}))
    assert "Not a rule yet" in half
    assert "actions: This is not JSON" in half


def test_every_field_and_operator_is_listed(client, carol):
    from climbiq.domain.rule_fields import RULE_FIELDS
    from experts.domain.rules.operators import OPERATORS

    client.force_login(carol)
    page = text_of(client.get(f"{LIST}fields/"))
    assert all(f"<code>{word}</code>" in page for word in (*RULE_FIELDS, *OPERATORS))


def test_nobody_edits_the_log(client, carol):
    rule = stored_rule()
    row = RuleAuditLog.objects.get(rule=rule)
    client.force_login(carol)
    address = f"/admin/experts/ruleauditlog/{row.pk}/"
    page = client.get(f"{address}change/")
    assert page.status_code == 200
    assert '<input type="submit"' not in page.content.decode()
    for path in ("change/", "delete/"):
        assert client.post(address + path, {"reason": "rewritten"}).status_code == 403
    assert client.get("/admin/experts/ruleauditlog/add/").status_code == 403


def test_pages_keep_to_the_content_security_policy(client, carol):
    rule = stored_rule()
    client.force_login(carol)
    for path in (LIST, ADD, change(rule), f"{LIST}{rule.pk}/history/", f"{LIST}fields/"):
        answer = client.get(path)
        page = answer.content.decode()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"\son\w+=|\sstyle=|<script(?![^>]*\bsrc=)|javascript:", page), path


def test_unknown_rules_are_not_found(client, carol):
    client.force_login(carol)
    for key in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        for page in ("change", "history", "delete"):
            assert client.get(f"{LIST}{key}/{page}/").status_code == 404
