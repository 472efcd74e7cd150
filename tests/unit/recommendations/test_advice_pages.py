"""The recommendation's page in each of its states: what rules say, what is asked, what is safe, what has changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.common.throttles import PerUserThrottle
from experts.models import ExpertRule, PopulationPrior
from recommendations.models import Recommendation, RecommendationEvent
from recommendations.services.recommend import Asked, make_recommendation
from recommendations.services.shared_data import PRIORS
from sessions_app.models import PreSessionData, Session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

STRESSED = {"ALL": [{"field": "pre_session.stress_level", "op": ">=", "value": 4}]}
REST = {"type": "override", "recommendation": "rest_day", "message": "Rest today."}
BREATHE = {"type": "message", "message": "Breathe out."}
TOO_MUCH = "Caffeine: 600 mg is above 400 mg, the most that counts as safe in a day."


def words(page) -> str:
    """The page's text, one space between words."""
    text = re.sub(r"<[^>]+>", " ", page.content.decode())
    return " ".join(unescape(text).split())


def rule(*actions, **fields) -> ExpertRule:
    return ExpertRule.objects.create(
        **{
            "name": "Stressed",
            "conditions": STRESSED,
            "actions": list(actions),
            "lifecycle": "active",
            **fields,
        }
    )


def planned(user, **said):
    return make_session(user, day=timezone.localdate(), planned={"stress_level": 5, **said})


def advised(user, session) -> str:
    """A recommendation for the session, not yet put into words."""
    with rls.as_user(user.pk):
        made = make_recommendation(
            by=user,
            asked=Asked(conditions=None, session_id=session.pk),
            now=datetime.now(tz=UTC),
            tells=False,
        )
    return f"/recommendations/{made.recommendation_id}/"


class TestWhatIsNotSafe:
    def test_it_is_said_above_the_tips_while_words_arrive_and_after(self, climbing, alice):
        address = advised(alice, planned(alice, caffeine_mg=600))
        arriving = climbing.get(address)
        finished = climbing.post(f"{address}words/", follow=True)
        assert (arriving.context["is_done"], finished.context["is_done"]) == (False, True)
        for page in (arriving, finished):
            html = page.content.decode()
            assert f'<p class="notice notice--warning"><strong>{TOO_MUCH}</strong></p>' in html
            assert html.index(TOO_MUCH) < html.index('id="prediction-title"') < html.index('id="tips-title"')

    def test_a_rule_does_not_silence_it(self, climbing, alice):
        rule(REST)
        page = climbing.get(advised(alice, planned(alice, caffeine_mg=600)))
        assert TOO_MUCH in words(page)
        assert "Rest today." in words(page)

    @pytest.mark.parametrize("is_overridden", [False, True], ids=["model", "rule"])
    def test_the_api_says_it(self, climbing, alice, is_overridden):
        if is_overridden:
            rule(REST)
        key = advised(alice, planned(alice, caffeine_mg=600)).split("/")[2]
        assert climbing.get(f"/api/v1/recommendations/{key}").json()["notices"] == [TOO_MUCH]

    def test_an_ordinary_dose_needs_no_warning(self, climbing, alice):
        page = climbing.get(advised(alice, planned(alice, caffeine_mg=100)))
        assert page.context["notices"] == []
        assert 'notice--warning"><strong>' not in page.content.decode()


class TestRules:
    def test_an_override_takes_the_place_of_the_model(self, climbing, alice):
        rule(REST, name="Too stressed")
        page = climbing.get(advised(alice, planned(alice)))
        text = words(page)
        assert "A coach’s rule decides today" in text
        assert "Rule · Too stressed" in text
        assert "Rest today." in text
        assert "of 10 expected" not in text
        assert 'data-tip="' not in page.content.decode()

    def test_under_an_override_all_that_matching_rules_say_is_there(self, climbing, alice):
        rule(REST, BREATHE, name="Rest", priority=90)
        rule({"type": "message", "message": "Drink water."}, name="Water", priority=50)
        rule(
            {**REST, "recommendation": "shorten_session", "message": "Half an hour."},
            name="Short",
            priority=40,
        )
        text = words(climbing.get(advised(alice, planned(alice))))
        places = [
            text.index(said) for said in ("Rest today.", "Breathe out.", "Drink water.", "Half an hour.")
        ]
        assert places == sorted(places)

    def test_adjustments_are_said_with_their_rules(self, climbing, alice):
        rule(BREATHE, name="Calm")
        text = words(climbing.get(advised(alice, planned(alice))))
        assert "Breathe out. Calm" in text
        assert "of 10 expected" in text

    def test_a_safety_rule_that_cannot_be_told_asks(self, climbing, alice):
        rule(REST, rule_category="safety")
        session = planned(alice, stress_level=None)
        page = climbing.get(advised(alice, session))
        assert "How stressed are you? A safety rule needs to know. Tell us" in words(page)
        assert f'<a href="/sessions/{session.pk}/before/">Tell us</a>' in page.content.decode()


class TestWords:
    def test_without_a_script_the_words_are_one_button_away(self, climbing, alice):
        address = advised(alice, planned(alice, caffeine_mg=0))
        waiting = climbing.get(address)
        assert f'<form class="notice" method="post" action="{address}words/">' in waiting.content.decode()
        before = RecommendationEvent.objects.count()
        assert (
            climbing.get(f"{address}?words=1").status_code == 200
        )  # an old link shows the page, and writes nothing
        assert RecommendationEvent.objects.count() == before
        told = climbing.post(f"{address}words/")
        assert (told.status_code, told.headers["Location"]) == (302, address)
        page = climbing.get(address)
        assert page.context["tips"]
        assert all(tip["text"] in unescape(page.content.decode()) for tip in page.context["tips"])
        assert "Show the words" not in page.content.decode()

    def test_a_session_without_a_number_is_told_in_words(self, climbing, alice):
        make_session(alice, planned={}, status="completed")
        make_session(alice, planned={}, status="skipped")
        values = re.findall(r'<span class="value">(.*?)</span>', climbing.get("/").content.decode())
        assert sorted(values) == ["Completed", "Skipped"]

    def test_nothing_to_change_has_its_own_words(self, climbing, alice):
        rule(
            {"type": "suppress", "target": "caffeine_recommendation"},
            {"type": "suppress", "target": "warmup_recommendation"},
        )
        address = advised(alice, planned(alice))
        page = climbing.post(f"{address}words/", follow=True)
        assert page.context["tips"] == []
        assert "Nothing to change" in words(page)
        assert page.context["nothing_text"] in words(page)
        assert page.context["nothing_text"]


class TestAskingForIt:
    def test_the_second_look_asks_for_no_guess(self, climbing, alice):
        session = planned(alice)
        address = f"/sessions/{session.pk}/recommendation/"
        first = climbing.get(address)
        assert "Your own forecast first" in words(first)
        climbing.post(address, {"form_key": uuid4(), "session_quality": 7})
        second = climbing.get(address)
        assert "Another look" in words(second)
        assert "session_quality" not in second.content.decode()

    @pytest.mark.parametrize("again", [7, 3], ids=["same answer", "another answer"])
    def test_a_form_sent_twice_is_one_recommendation(self, climbing, alice, again):
        session, key = planned(alice), uuid4()
        address = f"/sessions/{session.pk}/recommendation/"
        sent = [climbing.post(address, {"form_key": key, "session_quality": n}) for n in (7, again)]
        made = Recommendation.objects.get()
        assert [answer.headers["Location"] for answer in sent] == [f"/recommendations/{made.pk}/"] * 2
        assert made.own_forecast == 7

    def test_the_limit_holds_on_the_page_too(self, climbing, alice, monkeypatch):
        rates = {"user": "600/min", "anon": "60/min", "recommendations": "1/hour"}
        monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", rates)
        address = f"/sessions/{planned(alice).pk}/recommendation/"
        first, second = (climbing.post(address, {"form_key": uuid4(), "skip": "1"}) for _ in range(2))
        assert (first.status_code, second.status_code) == (302, 429)
        assert 3500 < int(second.headers["Retry-After"]) <= 3600
        assert "In 60 minutes there is room for the next one." in words(second)
        assert Recommendation.objects.count() == 1
        assert climbing.get(address).status_code == 200

    @pytest.mark.parametrize("page", ["recommendation", "taught", "model"])
    def test_without_priors_a_page_says_so(self, climbing, alice, page):
        session = planned(alice)
        PopulationPrior.objects.all().delete()
        PRIORS.forget()
        if page == "recommendation":
            answer = climbing.post(f"/sessions/{session.pk}/recommendation/", {"skip": "1"})
        else:
            answer = climbing.get("/model/" if page == "model" else f"/sessions/{session.pk}/taught/")
        assert answer.status_code == 503
        assert "is not loaded here yet" in words(answer)


class TestAnswersThatChanged:
    def test_telling_what_was_asked_leads_to_new_advice(self, climbing, alice):
        session = planned(alice, stress_level=None)
        old = advised(alice, session)
        assert "other answers" not in words(climbing.get(old))
        told = climbing.post(
            f"/sessions/{session.pk}/before/",
            {"session_date": timezone.localdate().isoformat(), "stress_level": 2},
        )
        assert told.headers["Location"] == f"/sessions/{session.pk}/recommendation/"
        page = climbing.get(old)
        assert "This was made from other answers than the ones you have given since." in words(page)
        again = {"form_key": page.context["form_key"], "skip": "1"}
        new = climbing.post(f"/sessions/{session.pk}/recommendation/", again).headers["Location"]
        assert new != old
        assert "other answers" not in words(climbing.get(new))

    @pytest.mark.parametrize(
        ("days", "status", "is_advised"),
        [(0, "planned", False), (3, "planned", True), (0, "completed", True)],
        ids=["not advised yet", "another day", "over"],
    )
    def test_else_a_change_leads_back_to_the_session(self, climbing, alice, days, status, is_advised):
        day = timezone.localdate() + timedelta(days=days)
        session = make_session(alice, day=day, planned={"stress_level": 5})
        if is_advised:
            advised(alice, session)
        Session.objects.filter(pk=session.pk).update(status=status)
        answer = climbing.post(
            f"/sessions/{session.pk}/before/", {"session_date": day.isoformat(), "stress_level": 2}
        )
        assert answer.headers["Location"] == f"/sessions/{session.pk}/"

    def test_a_session_that_is_over_keeps_its_advice_as_it_was(self, climbing, alice):
        session = planned(alice)
        address = advised(alice, session)
        PreSessionData.objects.filter(session=session).update(stress_level=1)
        assert climbing.get(address).context["is_outdated"]
        Session.objects.filter(pk=session.pk).update(status="completed")
        assert not climbing.get(address).context["is_outdated"]


class TestToday:
    @pytest.mark.parametrize(
        ("days", "status", "badge", "buttons"),
        [
            (-7, "planned", "Not logged yet", ["Log it", "It did not take place"]),
            (-7, "in_progress", "Not logged yet", ["Log it", "It did not take place"]),
            (0, "in_progress", "Running", ["Log it", "Not started yet"]),
            (0, "planned", "Planned", ["How good will it be?", "Start session", "Log how it went"]),
            (7, "planned", "Planned", ["The plan"]),
        ],
        ids=["last week", "last week, started", "running", "today", "next week"],
    )
    def test_each_open_session_offers_what_can_be_done_with_it_now(
        self, climbing, alice, days, status, badge, buttons
    ):
        day = timezone.localdate() + timedelta(days=days)
        session = make_session(alice, day=day, planned={"stress_level": 3}, status=status)
        card = card_of(climbing.get("/"), session)
        assert badge in card
        assert re.findall(r'class="button[^>]*>([^<]+)<', card) == buttons

    def test_what_is_due_comes_first(self, climbing, alice):
        days = {"next week": 7, "last week": -7, "tomorrow": 1, "today": 0}
        made = {
            name: make_session(alice, day=timezone.localdate() + timedelta(days=days), planned={})
            for name, days in days.items()
        }
        made["running"] = make_session(alice, day=timezone.localdate(), planned={}, status="in_progress")
        page = climbing.get("/").content.decode()
        in_order = sorted(made, key=lambda name: page.index(f"s-{made[name].pk}"))
        assert in_order == ["running", "today", "last week", "tomorrow", "next week"]

    @pytest.mark.parametrize(("days", "title"), [(-7, "Climbing today?"), (0, "Another session")])
    def test_only_a_session_of_today_makes_the_next_another(self, climbing, alice, days, title):
        make_session(alice, day=timezone.localdate() + timedelta(days=days), planned={})
        assert title in words(climbing.get("/"))

    def test_the_page_of_an_unlogged_session_offers_the_same(self, climbing, alice):
        day = timezone.localdate() - timedelta(days=7)
        session = make_session(alice, day=day, planned={"stress_level": 3})
        page = climbing.get(f"/sessions/{session.pk}/")
        assert "Its day is over, and it is not logged yet. Log it It did not take place" in words(page)
        assert "How good will it be?" not in words(page)

    @pytest.mark.parametrize(("days", "status"), [(-1, "planned"), (0, "in_progress")])
    def test_no_guess_is_asked_for_once_it_has_begun(self, climbing, alice, days, status):
        day = timezone.localdate() + timedelta(days=days)
        session = make_session(alice, day=day, planned={"stress_level": 3}, status=status)
        address = f"/sessions/{session.pk}/recommendation/"
        page = climbing.get(address)
        assert "Too late for a guess" in words(page)
        assert "session_quality" not in page.content.decode()
        assert climbing.post(address, {"form_key": uuid4(), "skip": "1"}).status_code == 302


def card_of(page, session) -> str:
    """The section that speaks of the session."""
    (card,) = re.findall(
        rf'<section class="card[^>]*aria-labelledby="s-{session.pk}".*?</section>',
        page.content.decode(),
        re.DOTALL,
    )
    return card
