"""An empty list of the admin says what would be in it, and how something gets there."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from climbiq.accounts.models import User
from climbiq.jobs.models import Job
from experts.models import PopulationPrior
from modeling.models import Evaluation
from tests.factories.expert_rules import stored_rule

# Whoever looks is an account; the evaluation has a page of its own.
NEVER_EMPTY = {User, Evaluation}
LISTED = [model for model in admin.site._registry if model not in NEVER_EMPTY]


@pytest.fixture(autouse=True)
def as_olga(settings, client, olga):
    settings.DEMO = True
    client.force_login(olga)


def listed(client, model, query=""):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    page = client.get(reverse(name) + query)
    assert page.status_code == 200
    return unescape(page.content.decode())


@pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)
def test_it_says_what_would_be_there(client, model):
    says = admin.site._registry[model].when_empty
    assert says.startswith(("No ", "The schedule has done nothing"))
    assert says.endswith(".")
    if model is PopulationPrior:  # the only list that a new database fills; no row is deleted one by one
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("TRUNCATE population_priors")
    assert f'<p class="nothing-yet">{says}</p>' in listed(client, model)


def test_what_is_not_empty_says_nothing(client):
    stored_rule()
    Job.objects.create(kind="purge", status="dead")
    for model in LISTED:
        if model.__name__ in {"ExpertRule", "Job", "PopulationPrior"}:
            assert "nothing-yet" not in listed(client, model)


@pytest.mark.parametrize("query", ["?q=zzz", "?lifecycle=retired"])
def test_what_is_only_filtered_away_is_not_missing(client, query):
    stored_rule()
    (rules,) = [model for model in LISTED if model.__name__ == "ExpertRule"]
    page = listed(client, rules, query)
    assert '<p class="nothing-yet">Nothing matches. <a href="?">Show all</a></p>' in page
    assert "No rule yet" not in page


def test_the_links_that_are_named_are_there(client):
    by_name = {model.__name__: model for model in LISTED}
    rules = listed(client, by_name["ExpertRule"])
    assert re.search(r'class="addlink">\s*Add expert rule\s*</a>', rules)
    assert 'value="Train now"' in listed(client, by_name["TrainingRun"])
