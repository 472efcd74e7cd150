"""The climber's own forecasts, scored beside ours on the page and over the API: from what was stored, one's own only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from climbiq.accounts import rls
from recommendations.domain import rounding
from recommendations.models import Recommendation
from recommendations.selectors import rated_guesses
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.models import PostSessionData, PreSessionData, Session
from tests.factories.expert_rules import stored_rule
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
MODEL = "/api/v1/users/me/model"


def guess(user, own, *, days=0, stress=3):
    """A planned session, a guess before ours is shown, and our answer to it."""
    now = NOW + timedelta(days=days)
    session = make_session(user, day=now.date(), planned={"stress_level": stress})
    advise(user, session, own=own, now=now)
    return session


def advise(user, session, *, own, now):
    asked = Asked(conditions=None, session_id=session.pk, own_forecast=own)
    with rls.as_user(user.pk):
        make_recommendation(by=user, asked=asked, now=now, tells=False)


def rate(session, quality):
    PostSessionData.objects.create(session=session, user_id=session.user_id, session_quality=quality)
    Session.objects.filter(pk=session.pk).update(status="completed")


def guess_and_rate(user, own, quality, *, days):
    session = guess(user, own, days=days)
    rate(session, quality)
    return session


def text_of(response):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_ours_is_what_was_shown_in_answer_to_the_guess(alice):
    session = guess(alice, 8.0)
    first = Recommendation.objects.get(session=session)
    PreSessionData.objects.filter(session=session).update(stress_level=5)
    session.refresh_from_db()
    advise(
        alice, session, own=2.0, now=NOW + timedelta(minutes=5)
    )  # other answers: other advice, and no guess
    assert Recommendation.objects.filter(session=session).count() == 2
    rate(session, 6)
    (found,) = rated_guesses(user_id=alice.pk)
    assert (found.session_id, found.day, found.own, found.observed) == (session.pk, NOW.date(), 8.0, 6.0)
    assert found.ours == rounding.quality(first.expected_quality)
    later = Recommendation.objects.filter(session=session).latest("created_at")
    assert rounding.quality(later.expected_quality) != found.ours
    PostSessionData.objects.update(session_quality=9)
    (corrected,) = rated_guesses(user_id=alice.pk)
    assert corrected.observed == 9.0


def test_what_is_not_compared(alice, bob):
    guess(alice, 8.0)  # not rated
    skipped = guess(alice, 8.0, days=1)
    Session.objects.filter(pk=skipped.pk).update(status="skipped")
    unrated = guess(alice, 8.0, days=2)
    rate(unrated, None)
    rate(guess(alice, None, days=3), 7)  # no guess
    guess_and_rate(bob, 8.0, 7, days=4)  # somebody else's
    stored_rule(lifecycle="active")
    rate(guess(alice, 8.0, days=5, stress=5), 7)  # a rule spoke: we showed no number
    assert Recommendation.objects.filter(user=alice, overridden_by_rule__isnull=False).count() == 1
    assert rated_guesses(user_id=alice.pk) == []


def test_below_ten_the_page_and_the_api_say_how_many_are_missing(climbing, alice):
    make_session(alice, day=NOW.date() - timedelta(days=9), planned={}, quality=5)
    empty = text_of(climbing.get("/model/"))
    assert "None of your rated sessions has a guess of yours and one of ours yet. From 10 on" in empty
    assert "Say how good a session will be before you see what we expect" in empty
    for days in range(4):
        guess_and_rate(alice, 9.0, 5, days=days)
    page = climbing.get("/model/")
    assert (
        "4 of your rated sessions have a guess of yours and one of ours so far. From 10 on they are compared here, "
        "after 6 more"
    ) in text_of(page)
    assert "off by" not in text_of(page)
    answer = climbing.get(MODEL).json()["guesses"]
    assert (answer["sessions"], answer["sessions_needed"], answer["nearer"]) == (4, 10, "too_few")
    assert answer["own_mean_absolute_error"] is None


def test_from_ten_on_both_are_scored_and_drawn(climbing, alice, bob):
    for days in range(11):
        guess_and_rate(alice, 9.0, 5, days=days)
        guess_and_rate(bob, 1.0, 10, days=days)
    found = rated_guesses(user_id=alice.pk)
    ours = sum(abs(g.ours - 5.0) for g in found) / 11
    answer = climbing.get(MODEL).json()["guesses"]
    assert answer["sessions"] == 11
    assert answer["own_mean_absolute_error"] == 4.0
    assert answer["our_mean_absolute_error"] == pytest.approx(ours, abs=0.006)
    assert answer["nearer"] == "ours"
    low, high = answer["difference_interval_95"]
    assert 0 < low < answer["difference"] < high
    page = climbing.get("/model/")
    text = text_of(page)
    assert " ".join(answer["sentences"]) in text
    assert "Over 11 sessions your guesses were off by 4.0 points on average" in text
    assert "These are few sessions: it can still turn." in text
    html = page.content.decode()
    chart = html[html.index('aria-label="How far your guesses and ours were off') :].split("</figure>")[0]
    assert chart.count('class="chart__own"') == 11
    assert chart.count("<tr>") == 12
    assert "20 Nov 2026" in chart


def test_only_the_latest_twenty_are_drawn_and_all_are_scored(climbing, alice):
    for days in range(22):
        guess_and_rate(alice, 6.0, 6, days=days)
    page = climbing.get("/model/")
    assert len(page.context["guesses_drawn"]) == 20
    assert page.context["guesses"].n == 22
    assert page.context["guesses_drawn"][-1].day == NOW.date() + timedelta(days=21)


def test_one_query_whatever_the_number(alice, django_assert_num_queries):
    for days in range(7):
        guess_and_rate(alice, 6.0, 6, days=days)
    with django_assert_num_queries(1):
        assert len(rated_guesses(user_id=alice.pk)) == 7
