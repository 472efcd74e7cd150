"""Lists of the admin are headed by what they hold."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

pytestmark = pytest.mark.django_db

NAMES = sorted(model._meta.label_lower for model in admin.site._registry)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_headed_by_what_it_holds(client, olga, settings, name):
    settings.DEMO = True  # no second step
    client.force_login(olga)
    page = client.get(reverse(f"admin:{name.replace('.', '_')}_changelist"))
    if page.status_code == 302:  # a list of one
        return
    assert page.status_code == 200
    title = page.context["title"]
    assert title[:1].isupper()
    assert not title.startswith(("Select", "Choose"))
