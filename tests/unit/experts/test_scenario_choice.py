"""The rule editor looks scenarios up by their words instead of listing all of them."""

from __future__ import annotations

import pytest

from experts.models import SyntheticScenario
from tests.factories.expert_rules import stored_rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True  # no second step


LOOK_UP = {"app_label": "experts", "model_name": "expertrule", "field_name": "source_scenario"}


@pytest.fixture
def scenarios():
    return [
        SyntheticScenario.objects.create(
            baseline_snapshot={}, pre_session_snapshot={}, scenario_description=f"{word} before a competition"
        )
        for word in ("Tired", "Stressed", "Ill")
    ]


def test_the_page_lists_none_but_the_chosen(client, carol, scenarios):
    rule = stored_rule(source_scenario=scenarios[1])
    client.force_login(carol)
    for path in ("/admin/experts/expertrule/add/", f"/admin/experts/expertrule/{rule.pk}/change/"):
        page = client.get(path)
        widget = str(page.context["form"]["source_scenario"])
        assert "/admin/autocomplete/" in widget
        assert "Tired before" not in widget
        assert ("Stressed before" in widget) == ("/change/" in path)
        assert "admin/js/autocomplete.js" in page.content.decode()


def test_they_are_found_by_their_words(client, carol, scenarios):
    client.force_login(carol)
    found = client.get("/admin/autocomplete/", LOOK_UP | {"term": "tired"}).json()["results"]
    assert found == [{"id": str(scenarios[0].pk), "text": "Tired before a competition"}]


def test_climbers_find_none(client, alice, scenarios):
    client.force_login(alice)
    assert client.get("/admin/autocomplete/", LOOK_UP | {"term": "tired"}).status_code in {302, 403}
