"""The navigation: who sees which sections, and which one a page belongs to."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from climbiq.common.templatetags.navigation import CLIMBER_SECTIONS


def sections(html: str) -> dict[str, bool]:
    """Label → whether it is marked as the present one."""
    nav = re.search(r'<nav class="sections".*?</nav>', html, re.DOTALL)
    if not nav:
        return {}
    return {
        label: "aria-current" in attributes
        for attributes, label in re.findall(r"<a ([^>]*)>.*?<span>([^<]*)</span>", nav.group(), re.DOTALL)
    }


@pytest.mark.parametrize("section", CLIMBER_SECTIONS, ids=lambda section: section.url_name)
def test_every_section_leads_somewhere_and_marks_itself(client, alice, section):
    client.force_login(alice)
    shown = sections(client.get(reverse(section.url_name)).text)
    assert [label for label, is_here in shown.items() if is_here] == [section.label]
    assert list(shown) == ["Today", "New session", "History", "Account"]


@pytest.mark.parametrize(
    "name", ["tokens", "account_email", "account_change_password", "mfa_index", "baseline"]
)
def test_pages_of_the_account_belong_to_it(client, alice, name):
    client.force_login(alice)
    assert sections(client.get(reverse(name)).text)["Account"]


def test_coaches_also_see_their_workbench(client, carol, settings):
    settings.DEMO = True
    client.force_login(carol)
    assert "Workbench" in sections(client.get(reverse("account")).text)


def test_strangers_see_no_sections(client, db):
    html = client.get(reverse("account_login")).text
    assert sections(html) == {}
    assert reverse("account_signup") in html
