"""Whatever the address of an admin's list asks for, its answer is a page: this list, or the one without filters."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import models
from django.urls import reverse

from modeling.models import Evaluation

# The evaluation has a page of its own, and no filters.
LISTED = [model for model in admin.site._registry if model is not Evaluation]
HOSTILE = ["\0", "x\0y", "9999", "0", "-1", "9" * 30, "\U0001f9d7", "", "%", "2026-13-45"]
DATES = {
    "__year": ["9999", "10000", "0", "1", "-1", "9" * 30, "\0"],
    "__gte": ["9999-12-31", "0001-01-01", "\0"],
}


@pytest.fixture(autouse=True)
def as_olga(settings, client, olga):
    settings.DEMO = True
    client.force_login(olga)


def address_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def hostile_queries(model_admin):
    for offered in model_admin.list_filter:
        names = [offered, f"{offered}__exact"] if isinstance(offered, str) else [offered.parameter_name]
        for name in names:
            yield from ({name: value} for value in HOSTILE)
    # Not offered, but anybody can type them.
    for column in model_admin.model._meta.concrete_fields:
        yield {f"{column.name}__exact": "\0"}
        yield {f"{column.name}__in": "\0"}
        if isinstance(column, models.DateField):
            for suffix, values in DATES.items():
                yield from ({column.name + suffix: value} for value in values)
    for name in ("q", "o", "p", "all", "_facets", "e"):
        yield from ({name: value} for value in ("\0", "9" * 30))


@pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)
def test_no_filter_of_a_list_breaks_it(client, model):
    address = address_of(model)
    for query in hostile_queries(admin.site._registry[model]):
        answer = client.get(f"{address}?{urlencode(query)}")
        assert answer.status_code in {200, 302, 400}, query
        if answer.status_code == 302:
            assert answer.url == f"{address}?e=1", query


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/admin/jobs/job/", "status=%00"),
        ("/admin/jobs/job/", "kind=%00"),
        ("/admin/jobs/job/", "created_at__year=9999"),
        ("/admin/jobs/job/", "created_at__year=0"),
        ("/admin/jobs/scheduledrun/", "name=%00"),
        ("/admin/jobs/scheduledrun/", "slot__year=9999"),
        ("/admin/experts/rulereviewsession/", "session_date__year=9999"),
        ("/admin/experts/rulereviewsession/", "status=%00"),
        ("/admin/experts/expertrule/", "lifecycle__exact=%00"),
        ("/admin/experts/ruleauditlog/", "action__exact=%00"),
    ],
)
def test_such_a_value_leads_to_the_whole_list(client, address, query):
    answer = client.get(f"{address}?{query}")
    assert (answer.status_code, answer.url) == (302, f"{address}?e=1")
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize("lookup", ["status", "ai_reasoning__startswith", "consensus_recommendation__isnull"])
def test_what_is_withheld_of_a_scenario_is_no_filter(client, lookup):
    address = "/admin/experts/syntheticscenario/"
    assert f"?{lookup.partition('__')[0]}" not in client.get(address).content.decode()
    assert client.get(f"{address}?{lookup}=x").status_code == 400
    assert client.get(f"{address}?difficulty_level=hard").status_code == 200
