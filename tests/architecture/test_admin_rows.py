"""Every page of the admin that has a row's key in its address, and every form of it, against every kind of visitor."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from climbiq.jobs.models import Job, ScheduledRun
from experts.models import PopulationPrior, RuleAuditLog, RuleReviewSession, SyntheticScenario
from modeling.models import TrainingRun
from sessions_app.models import Gym
from tests.architecture.admin_matrix import FORMS, ROWS, VISITORS
from tests.architecture.all_routes import routes

# Without the short ways to a row's page, the catch-all and the lists of an app, which show what the home page shows.
ROUTES = [
    (name, words)
    for name, _, words in routes(get_resolver())
    if name.startswith("admin:")
    and not name.startswith(("admin:admin/", "admin:app_list", "admin:view_on_site"))
]


@pytest.fixture
def keys(ids, alice) -> dict[str, Any]:
    """A row of every model that the admin shows, by the beginning of its routes' names."""
    now = timezone.now()
    review = RuleReviewSession.objects.create(session_date=now.date())
    return {
        "accounts_user": alice.pk,
        "jobs_job": Job.objects.create(kind="purge", status="dead", requested_by=alice).pk,
        "jobs_scheduledrun": ScheduledRun.objects.create(name="nightly", slot=now).pk,
        "sessions_app_gym": Gym.objects.create(name="Boulder Bar").pk,
        "experts_populationprior": PopulationPrior.objects.first().pk,
        "experts_rulereviewsession": review.pk,
        "experts_ruleauditlog": RuleAuditLog.objects.filter(rule=ids["rule_id"]).first().pk,
        "experts_expertrule": ids["rule_id"],
        "experts_rule": ids["rule_id"],
        "experts_syntheticscenario": SyntheticScenario.objects.create(
            baseline_snapshot={}, pre_session_snapshot={}
        ).pk,
        "modeling_trainingrun": TrainingRun.objects.create(trigger="command").pk,
    }


def where_is(name: str, words: dict[str, Any], keys: dict[str, Any]) -> str:
    """The page's address, with the key of a row of its kind."""
    kind = name.removeprefix("admin:").rpartition("_")[0]
    return reverse(name, kwargs=dict.fromkeys(words, keys.get(kind)))


def ask(client: Client, method: str, where: str, key: object) -> str:
    """How it is answered; whatever it wrote is taken back."""
    cache.clear()
    form = {
        "post": "yes",  # of a deletion
        "action": "delete_selected",
        "_selected_action": str(key),
        "to": "shadow",
        "reason": "tried",
    }
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = client.post(where, form) if method == "POST" else client.get(where)
        transaction.set_rollback(True)
    client.cookies = cookies
    if answer.headers.get("Location", "").startswith("/admin/login/"):
        return "login"
    return "home" if answer.headers.get("Location") == "/admin/" else str(answer.status_code)


def answered(
    method: str, name: str, words: dict[str, Any], visitors: dict[str, Client], keys: dict[str, Any]
) -> str:
    where = where_is(name, words, keys)
    key = keys.get(name.removeprefix("admin:").rpartition("_")[0])
    return " ".join(ask(visitors[visitor], method, where, key) for visitor in VISITORS)


def test_every_page_of_a_row_is_on_the_table():
    assert {name.removeprefix("admin:") for name, words in ROUTES if words} == set(ROWS)
    assert {name.removeprefix("admin:") for name, words in ROUTES if not words} == set(FORMS)


def test_every_page_of_a_row_answers_as_the_table_says(visitors, keys):
    found = {
        name.removeprefix("admin:"): (
            answered("GET", name, words, visitors, keys),
            answered("POST", name, words, visitors, keys),
        )
        for name, words in ROUTES
        if words
    }
    assert found == ROWS


def test_every_form_answers_as_the_table_says(visitors, keys):
    found = {
        name.removeprefix("admin:"): answered("POST", name, words, visitors, keys)
        for name, words in ROUTES
        if not words
    }
    assert found == FORMS


def test_whatever_they_post_every_row_is_still_there(visitors, keys):
    """What the admin says of deleting is true: not even an operator's form takes a row away."""
    for name, words in ROUTES:
        if not name.endswith(("_delete", "_changelist")):
            continue
        where = where_is(name, words, keys)
        visitors["operator"].post(
            where,
            {
                "post": "yes",
                "action": "delete_selected",
                "_selected_action": str(keys.get(name.removeprefix("admin:").rpartition("_")[0])),
            },
        )
    for kind, key in keys.items():
        if kind != "experts_rule":
            app, _, model = kind.rpartition("_")
            assert apps.get_model(app, model).objects.filter(pk=key).exists(), kind
