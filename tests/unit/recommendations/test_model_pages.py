"""The pages of what is known: nobody's but the climber's own, with nothing, with one session, trained."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from recommendations.models import Recommendation
from recommendations.services.recommend import Asked, make_recommendation
from sessions_app.models import PostSessionData, Session
from tests.factories.published import publish_population, trained_population
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 19)
CAUSE = "what goes together need not cause each other"


def words(response):
    """The page's text, one space between words."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(text).split())


def climb(user, n, *, quality=8, day=DAY, **planned):
    return [
        make_session(
            user,
            day=day - timedelta(days=2 * back),
            planned={
                "sleep_hours": 6.0 + back % 4,
                "stress_level": 1 + back % 5,
                "session_type": "project" if back % 2 else "volume",
                "session_intensity": "high",
                **planned,
            },
            quality=max(quality - back % 3, 1),
        )
        for back in range(n)
    ]


class TestOwnModel:
    def test_before_the_first_session_it_says_where_everybody_starts(self, climbing):
        page = climbing.get("/model/")
        text = words(page)
        assert page.status_code == 200
        assert "Nothing of your own yet" in text
        assert "10 more sessions until “Getting to know you”" in text
        assert (
            "the rest is what is known of climbers" not in text
        )  # nothing is said about a share that is nought
        for name in MODEL_VARIABLES:
            assert VARIABLES[name].label in text
        assert 'href="/sessions/new/"' in page.content.decode()
        assert "chart__drawing" not in page.content.decode()

    def test_one_session_moves_what_it_speaks_of(self, climbing, alice):
        make_session(alice, day=DAY, planned={"stress_level": 5}, quality=9)
        page = climbing.get("/model/")
        text = words(page)
        model = page.context["model"]
        assert (model.n_sessions, model.phase) == (1, "cold_start")
        assert "1 rated session so far. 9 more sessions until" in text
        assert CAUSE in text
        assert "You have not told us this yet" in text  # sleep was not said
        stress = next(e for e in model.effects if e.name == "stress_level")
        assert stress.own.mean > stress.population.mean
        assert (stress.own_sessions, len(page.context["moments"])) == (1, 1)

    def test_trained_and_personal(self, climbing, alice):
        publish_population(trained_population(kinds=True))
        climb(alice, 45)
        page = climbing.get("/model/")
        text = words(page)
        assert page.context["model"].phase == "personalized"
        assert page.context["next_phase"] == ""
        assert "hierarchical-1" in text
        assert "Learned from everybody’s sessions" in text
        assert "Projecting" in text
        assert "taken to be the same for every climber" in text
        assert len(page.context["moments"]) == 40
        for moment in page.context["moments"]:
            assert 1.0 <= moment.low <= moment.expected <= moment.high <= 10.0
        assert page.context["moments"][-1].day == DAY

    @pytest.mark.parametrize(
        ("days_ago", "said"),
        [(0, "on an ordinary day now"), (9, "points at your last session, on {day}: ")],
        ids=["today", "nine days ago"],
    )
    def test_the_level_is_of_the_last_session(self, climbing, alice, days_ago, said):
        day = timezone.localdate() - timedelta(days=days_ago)
        climb(alice, 12, day=day)
        make_session(alice, day=timezone.localdate(), planned={"stress_level": 3})  # planned, not rated
        text = words(climbing.get("/model/"))
        assert said.format(day=f"{day:%-d %B %Y}") in text
        assert ("on an ordinary day now" in text) == (days_ago == 0)

    def test_the_numbers_stand_in_tables_too(self, climbing, alice):
        climb(alice, 12)
        html = climbing.get("/model/").content.decode()
        effects = next(t for t in html.split("<table") if "Effects in points of quality" in t)
        for name in MODEL_VARIABLES:
            assert VARIABLES[name].label in effects
        assert html.count('<svg class="chart__drawing"') == html.count("<summary>The numbers</summary>") == 11
        assert html.count('role="img"') == 11

    def test_effects_have_two_decimals_each(self, climbing, alice):
        climb(alice, 12)
        page = climbing.get("/model/")
        told = re.findall(r'<span class="effect__value">([^ <]+)', page.content.decode())
        assert len(told) == len(page.context["effects"])
        assert all(re.fullmatch(r"[+−]\d\.\d\d|0\.00", number) for number in told), told

    def test_many_sessions_that_are_all_alike_are_no_lead(self, climbing, alice):
        """Whatever their number: what the page says first is what it measures."""
        publish_population()
        for back in range(35):
            make_session(alice, day=DAY - timedelta(days=9 * back), planned={}, quality=6)
        page = climbing.get("/model/")
        model, text = page.context["model"], words(page)
        assert (model.n_sessions, model.phase) == (35, "personalized")
        assert model.shrinkage_factor <= 0.6
        assert "Your own sessions lead" not in text
        assert "ostly your own" not in text

    def test_numbers_are_told_for_a_step_one_can_feel(self, climbing, alice):
        make_session(alice, day=DAY, planned={"caffeine_mg": 100}, quality=6)
        page = climbing.get("/model/")
        row = next(e for e in page.context["effects"] if e["name"] == "caffeine_mg")
        assert (row["per"], row["up_to"]) == ("per 100 mg", "up to 300 mg")
        assert row["population"] == pytest.approx(0.3)

    def test_nobody_elses_sessions_count(self, climbing, alice, bob):
        climb(bob, 30, quality=10)
        assert climbing.get("/model/").context["model"].n_sessions == 0
        climb(alice, 3, quality=3)
        model = climbing.get("/model/").context["model"]
        assert model.n_sessions == 3
        assert model.usual.own.mean < 5.0

    def test_it_costs_few_queries(self, climbing, alice, django_assert_max_num_queries):
        climb(alice, 30)
        publish_population()
        climbing.get("/model/")
        with django_assert_max_num_queries(10):
            climbing.get("/model/")


class TestSessionTaught:
    def test_a_surprise(self, climbing, alice):
        climb(alice, 4, quality=4)
        session = make_session(alice, day=DAY + timedelta(days=2), planned={"stress_level": 3}, quality=10)
        page = climbing.get(f"/sessions/{session.pk}/taught/")
        text = words(page)
        assert "rated 10: better" in text
        assert "the rest counts as chance" in text
        assert "What moved" in text
        assert page.context["taught"].sessions_before == 4
        assert page.context["changes"][0]["after"] > page.context["changes"][0]["before"]
        assert CAUSE in text

    def test_as_expected_little_moves(self, climbing, alice):
        publish_population()
        climb(alice, 40, quality=7)
        expected = climbing.get("/model/").context["usual"]["with_level"]
        session = make_session(alice, day=DAY + timedelta(days=2), planned={}, quality=round(expected))
        page = climbing.get(f"/sessions/{session.pk}/taught/")
        assert page.context["taught"].why == "as_expected"
        assert "Nothing moved far" in words(page)

    def test_what_was_done_instead_is_told_beside_what_was_shown(self, climbing, alice):
        climb(alice, 4, quality=4)
        session = make_session(
            alice,
            day=DAY + timedelta(days=2),
            planned={"stress_level": 3, "caffeine_mg": 0, "warmup_duration_min": 5},
        )
        now = datetime.combine(DAY + timedelta(days=2), datetime.min.time(), tzinfo=UTC)
        with rls.as_user(alice.pk):
            made = make_recommendation(
                by=alice, asked=Asked(conditions={}, session_id=session.pk), now=now, tells=False
            )
        shown = Recommendation.objects.get(pk=made.recommendation_id).shown_quality
        PostSessionData.objects.create(
            session=session,
            user=alice,
            session_quality=8,
            deviated_from_plan=True,
            actual_caffeine_mg=200,
            actual_warmup_min=25,
        )
        Session.objects.filter(pk=session.pk).update(status="completed")
        page = climbing.get(f"/sessions/{session.pk}/taught/")
        told = re.search(
            r"For what you did \((.*?)\) ([\d.]+) was to be expected; for the plan it was ([\d.]+)\.",
            words(page),
        )
        assert "caffeine: 200 mg" in told[1]
        assert "warm-up: 25 min" in told[1]
        assert f"Expected {told[2]}, rated 8" in words(page)
        assert float(told[3]) == shown != float(told[2])
        said = climbing.get(f"/api/v1/sessions/{session.pk}/taught").json()
        assert (said["expected"], said["expected_for_plan"]) == (float(told[2]), shown)

    def test_as_planned_there_is_one_number(self, climbing, alice):
        session = make_session(alice, day=DAY, planned={"caffeine_mg": 100}, quality=8)
        assert "For what you did" not in words(climbing.get(f"/sessions/{session.pk}/taught/"))
        assert climbing.get(f"/api/v1/sessions/{session.pk}/taught").json()["expected_for_plan"] is None

    def test_the_first_session_of_all(self, climbing, alice):
        session = make_session(alice, day=DAY, planned={"stress_level": 5}, quality=8)
        text = words(climbing.get(f"/sessions/{session.pk}/taught/"))
        assert "Expected 4.3, rated 8: better." in text
        assert "With so few sessions each one teaches much." in text

    def test_later_sessions_are_not_known_yet(self, climbing, alice):
        sessions = climb(alice, 9)
        counts = [
            climbing.get(f"/sessions/{session.pk}/taught/").context["taught"].sessions_before
            for session in sessions  # the latest first
        ]
        assert counts == [8, 7, 6, 5, 4, 3, 2, 1, 0]

    def test_of_one_day_the_one_that_began_first_is_first(self, climbing, alice):
        evening, morning = (
            make_session(alice, day=DAY, started_at=f"2026-11-19T{hour}:00Z", planned={}, quality=6)
            for hour in ("18", "08")
        )
        untimed = [make_session(alice, day=DAY - timedelta(days=1), planned={}, quality=6) for _ in range(2)]
        counts = {
            climbing.get(f"/sessions/{session.pk}/taught/").context["taught"].sessions_before
            for session in untimed
        }
        assert counts == {0, 1}  # each counts once, whichever was first
        assert climbing.get(f"/sessions/{morning.pk}/taught/").context["taught"].sessions_before == 2
        assert climbing.get(f"/sessions/{evening.pk}/taught/").context["taught"].sessions_before == 3

    def test_an_edit_is_followed(self, climbing, alice):
        climb(alice, 3)
        session = make_session(alice, day=DAY + timedelta(days=1), planned={}, quality=9)
        first = climbing.get(f"/sessions/{session.pk}/taught/").context["change"]
        session.post.session_quality = 2
        session.post.save()
        second = climbing.get(f"/sessions/{session.pk}/taught/").context["change"]
        assert first["expected"] == second["expected"]
        assert (first["observed"], second["observed"]) == (9.0, 2.0)
        assert first["surprise"] > 0 > second["surprise"]

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            pytest.param({}, "this session is not rated", id="planned"),
            pytest.param({"status": "skipped"}, "It did not take place", id="skipped"),
            pytest.param(
                {"status": "completed", "outcomes": {"notes": "Rain."}},
                "this session is not rated",
                id="unrated",
            ),
        ],
    )
    def test_without_a_rating_it_says_so(self, climbing, alice, fields, says):
        session = make_session(alice, day=DAY, planned={}, **fields)
        page = climbing.get(f"/sessions/{session.pk}/taught/")
        assert page.status_code == 200
        assert says in words(page)
        assert '<svg class="chart' not in page.content.decode()

    def test_anothers_is_not_there(self, client, alice, bob):
        session = make_session(alice, day=DAY, planned={}, quality=6)
        client.force_login(bob)
        assert client.get(f"/sessions/{session.pk}/taught/").status_code == 404
        assert client.get(f"/sessions/{uuid4()}/taught/").status_code == 404


@pytest.mark.parametrize("path", ["/model/", "/sessions/6f1c0e9a-5d0f-4b7a-9c58-2f7d3a1b4c5d/taught/"])
def test_pages_ask_for_a_login(client, path):
    response = client.get(path)
    assert response.status_code == 302
    assert "/accounts/login/" in response.headers["Location"]


def test_the_why_page_says_what_held_for_climbers(client, alice):
    publish_population()
    client.force_login(alice)
    with rls.as_user(alice.pk):
        made = make_recommendation(
            by=alice,
            asked=Asked(conditions={"caffeine_mg": 0, "sleep_hours": 7.5}),
            now=datetime(2026, 11, 20, 12, tzinfo=UTC),
            tells=False,
        )
    text = words(client.get(f"/recommendations/{made.recommendation_id}/why/0/"))
    assert "Climbers in general" in text
    assert "hierarchical-1" in text
