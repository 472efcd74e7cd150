"""The pages name the sources that there are, and compare like with like."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from climbiq.accounts import rls
from experts.models import PopulationPrior
from recommendations.models import RecommendationEvent
from recommendations.services.recommend import Asked, make_recommendation
from recommendations.services.telling import tell_now
from tests.factories.published import publish_population
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db


def words(page):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def advised(user):
    with rls.as_user(user.pk):
        made = make_recommendation(
            by=user, asked=Asked(conditions={"caffeine_mg": 0}), now=datetime.now(tz=UTC), tells=False
        )
    return made.recommendation_id


def climb(user, n):
    for back in range(1, n + 1):
        day = timezone.localdate() - timedelta(days=2 * back)
        make_session(user, day=day, planned={"caffeine_mg": 100 * (back % 3)}, quality=5 + back % 3)


def coaches_judge(scenarios):
    PopulationPrior.objects.filter(is_current=True).update(is_current=False)
    for row in PopulationPrior.objects.all():
        row.pk, row.version, row.is_current, row.expert_n_scenarios = None, 2, True, scenarios
        row.save(force_insert=True)


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("scenarios", [0, 5])
def test_a_tip_keeps_where_it_comes_from_and_says_it(climbing, alice, trained, scenarios):
    if scenarios:
        coaches_judge(scenarios)
    if trained:
        publish_population()
    key = advised(alice)
    tip = next(
        t for t in climbing.get(f"/recommendations/{key}/").context["tips"] if t["variable"] == "caffeine_mg"
    )
    expected = {"trained": trained, "literature": True, "coach_scenarios": scenarios}
    assert tip["basis"]["population"] == expected
    with rls.as_user(alice.pk):
        tell_now(user_id=alice.pk, recommendation_id=key)
        told = json.loads(RecommendationEvent.objects.get(recommendation_id=key, event="prediction").data)
    assert told["population"] == expected
    page = words(climbing.get(f"/recommendations/{key}/why/{tip['index']}/"))
    assert "None of your own sessions speak to this yet: it is what" in page
    named = {"other climbers": "other climbers" in page, "coaches expect": "coaches expect" in page}
    assert named == {"other climbers": trained, "coaches expect": bool(scenarios)}


def test_both_spreads_of_the_why_page_are_those_of_one_climber(climbing, alice):
    publish_population()
    key = advised(alice)
    page = climbing.get(f"/recommendations/{key}/why/0/")
    text = words(page)
    # √(0.002² + 0.004²) = 0.00447: what 0.8 times it, trained, is compared with.
    assert "Before any session +0.003 ± 0.00447 points per mg" in text
    trained = page.context["population"]["sd"]
    assert f"± {trained:g} points per mg, learned from everybody’s sessions" in text
    assert 0.5 * 0.00447 < trained < 0.00447
    assert "± is how far a climber of whom nothing is known may well be from it" in text


@pytest.mark.parametrize(
    ("own", "trained", "is_learned"), [(0, False, False), (6, False, True), (0, True, True)]
)
def test_what_no_session_taught_is_not_called_learned(climbing, alice, own, trained, is_learned):
    climb(alice, own)
    if trained:
        publish_population()
    text = words(climbing.get(f"/recommendations/{advised(alice)}/why/0/"))
    assert ("It is learned from sessions as they happened" in text) == is_learned
    assert ("None of it is learned from sessions yet: it is what studies suggest." in text) != is_learned


@pytest.mark.parametrize(("scenarios", "named"), [(0, "studies"), (5, "studies and coaches’ judgment")])
def test_what_is_known_of_climbers_names_its_sources(climbing, alice, scenarios, named):
    if scenarios:
        coaches_judge(scenarios)
    climb(alice, 1)
    text = words(climbing.get("/model/"))
    assert f"the rest is what is known of climbers, from {named}." in text
    assert f"{named[:1].upper()}{named[1:]} (priors, version {2 if scenarios else 1})" in text
    publish_population()
    assert "studies" not in words(climbing.get("/model/")).lower()
