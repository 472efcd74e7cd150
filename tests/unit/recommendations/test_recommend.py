"""Making and storing a recommendation."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from climbiq.accounts import rls
from experts.models import ExpertRule
from recommendations.models import Recommendation, RecommendationEvent
from recommendations.services.recommend import Asked, KeyReused, SessionIsOver, make_recommendation
from sessions_app.models import PostSessionData, PreSessionData, Session
from sessions_app.selectors import SessionNotFound
from tests.factories.sessions import make_session

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
CONDITIONS = {"sleep_hours": 6.0, "stress_level": 4, "caffeine_mg": 0}
OVERRIDE = [{"type": "override", "recommendation": "rest_day", "message": "Rest today."}]
STRESSED = {"ALL": [{"field": "pre_session.stress_level", "op": ">=", "value": 4}]}


def ask(user, **changes):
    asked = Asked(**{"conditions": CONDITIONS, **changes})
    with rls.as_user(user.pk):
        return make_recommendation(by=user, asked=asked, now=NOW, tells=False)


def events_of(made) -> dict[str, dict]:
    rows = RecommendationEvent.objects.filter(recommendation_id=made.recommendation_id).order_by("seq")
    return {row.event: json.loads(row.data) for row in rows}


def active_rule(**fields) -> ExpertRule:
    return ExpertRule.objects.create(
        **{"name": "Stressed", "conditions": STRESSED, "actions": OVERRIDE, "lifecycle": "active", **fields}
    )


def test_stores_numbers_and_evidence(alice):
    made = ask(alice)
    row = Recommendation.objects.get(pk=made.recommendation_id)
    assert list(events_of(made)) == ["meta", "rule_trace", "prediction", "recommendations", "stats"]
    assert (row.last_seq, row.is_done, row.prior_version, row.overridden_by_rule_id) == (5, False, 1, None)
    assert row.evidence["priors"]["caffeine_mg"]["population_mean"] == 0.003
    assert row.conditions["stress_level"] == 4
    assert row.shadow is None


def test_an_override_bypasses_the_model_and_keeps_it_in_the_shadow(alice):
    rule = active_rule()
    made = ask(alice)
    events, row = events_of(made), Recommendation.objects.get(pk=made.recommendation_id)
    assert list(events) == ["meta", "rule_trace", "rule_override", "done"]
    assert events["rule_override"]["message"] == "Rest today."
    assert row.overridden_by_rule_id == rule.pk
    assert row.is_done
    assert row.shadow["prediction"]["expected_quality"] == pytest.approx(row.expected_quality, abs=0.05)
    assert "expected_quality" not in json.dumps(events)


def test_pausing_a_rule_by_any_path_counts_at_once(alice):
    rule = active_rule()
    assert "rule_override" in events_of(ask(alice))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE expert_rules SET is_active = false WHERE id = %s", [rule.pk])
    assert "prediction" in events_of(ask(alice))


def test_a_value_that_no_form_takes_predicts_nothing_absurd_and_is_noted(alice):
    """Such as an old row or plain SQL may hold, of the plan and of what was done earlier: neither column has a check."""
    make_session(
        alice, planned={"caffeine_mg": 100}, actual={"caffeine_mg": -2_000_000}, quality=6, deviated=True
    )
    plan = make_session(alice, day=NOW.date(), planned={"caffeine_mg": 2_000_000, "sleep_hours": 6.0})
    made = ask(alice, conditions=None, session_id=plan.pk)
    evidence = Recommendation.objects.get(pk=made.recommendation_id).evidence
    assert evidence["ignored_values"] == ["2 values of caffeine_mg outside 0–1000 ignored"]
    predicted = events_of(made)["prediction"]
    assert "caffeine_mg" in predicted["missing"]
    assert 4.0 < predicted["expected_quality"] < 7.0


def test_reads_the_session_and_keeps_the_advice_with_it(alice):
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice, stress_level=5, planned_caffeine_mg=None)
    made = ask(alice, conditions=None, session_id=session.pk)
    row = Recommendation.objects.get(pk=made.recommendation_id)
    assert row.conditions == {"stress_level": 5, "time_of_day": "afternoon"}
    shown = PreSessionData.objects.get(session=session).recommendations_shown
    assert shown["recommendation_id"] == str(made.recommendation_id)


def test_days_since_are_counted_unless_given(alice):
    past = Session.objects.create(user=alice, session_date="2026-11-15", status="completed")
    PreSessionData.objects.create(session=past, user=alice, planned_intensity="max")
    PostSessionData.objects.create(session=past, user=alice, session_quality=8)
    counted = Recommendation.objects.get(pk=ask(alice).recommendation_id)
    assert counted.conditions["days_since_hard_session"] == 5
    unknown = ask(alice, conditions={"days_since_hard_session": None})
    assert (
        "days_since_hard_session" not in Recommendation.objects.get(pk=unknown.recommendation_id).conditions
    )


def test_anothers_session_is_not_there(alice, bob):
    session = Session.objects.create(user=bob, session_date="2026-11-20")
    with pytest.raises(SessionNotFound):
        ask(alice, session_id=session.pk)
    assert not Recommendation.objects.exists()


def test_a_key_is_one_recommendation(alice):
    first, second = ask(alice, idempotency_key="k"), ask(alice, idempotency_key="k")
    assert first.recommendation_id == second.recommendation_id
    assert (first.is_new, second.is_new) == (True, False)
    with pytest.raises(KeyReused):
        ask(alice, idempotency_key="k", conditions={"sleep_hours": 9.0})


def test_the_same_key_of_another_climber_is_another_recommendation(alice, bob):
    assert (
        ask(alice, idempotency_key="k").recommendation_id != ask(bob, idempotency_key="k").recommendation_id
    )


@pytest.mark.parametrize(
    "with_session", [None, {}, {"own_forecast": 7}], ids=["conditions", "session", "guess"]
)
def test_at_most_six_queries_when_warm(
    client, alice, settings, django_capture_on_commit_callbacks, with_session
):
    """All that production sends: one login plays one role there, claims are bound, and the announcement follows."""
    from climbiq.accounts.tokens import create_token

    _, token = create_token(user=alice, name="t", scope="write", expires_at=None)
    body = {"current_conditions": CONDITIONS}
    if with_session is not None:
        session = Session.objects.create(user=alice, session_date="2026-11-20")
        PreSessionData.objects.create(session=session, user=alice)
        body |= {"session_id": str(session.pk), **with_session}
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}

    def post():
        return client.post(
            "/api/v1/recommendations/pre-session", body, content_type="application/json", headers=headers
        )

    assert post().status_code == 200
    settings.RLS_SET_ROLE = ""
    with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
        assert post().status_code == 200
    # In a test a transaction is a savepoint; in production it is BEGIN and COMMIT, which are no queries either.
    asked = [q["sql"] for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert sum("django_eventstream_event" in sql for sql in asked) == 1
    assert sum("set_config('app.claims'" in sql for sql in asked) == 1
    assert len(asked) <= 6, "\n".join(asked)


def test_a_guess_made_after_ours_was_seen_does_not_count(alice):
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice, stress_level=5)
    first = ask(alice, conditions=None, session_id=session.pk, own_forecast=7.0)
    second = ask(alice, conditions=None, session_id=session.pk, own_forecast=4.0)
    guesses = [Recommendation.objects.get(pk=m.recommendation_id).own_forecast for m in (first, second)]
    assert guesses == [7.0, None]
    # The session keeps the guess that was made in time, and which advice came before.
    shown = PreSessionData.objects.get(session=session).recommendations_shown
    assert (shown["own_forecast"], shown["recommendation_id"]) == (7.0, str(second.recommendation_id))
    assert shown["earlier"] == [str(first.recommendation_id)]


def test_a_guess_after_advice_does_not_count_where_the_session_has_no_form(alice):
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    seen = [ask(alice, session_id=session.pk, own_forecast=guess) for guess in (None, 9.0)]
    guesses = [Recommendation.objects.get(pk=m.recommendation_id).own_forecast for m in seen]
    assert guesses == [None, None]


def advised_without_a_form(climber):
    """A session without a form, and two recommendations for it, none of them guessed against."""
    session = Session.objects.create(user=climber, session_date="2026-11-20")
    made = [ask(climber, session_id=session.pk).recommendation_id for _ in range(2)]
    return session, sorted(made)  # of one moment, so told apart by their keys


def guess(climber, session) -> float | None:
    made = ask(climber, session_id=session.pk, own_forecast=9.0)
    return Recommendation.objects.get(pk=made.recommendation_id).own_forecast


def test_a_form_filled_in_after_advice_knows_of_it(client, alice):
    session, made = advised_without_a_form(alice)
    client.force_login(alice)
    address = f"/api/v1/sessions/{session.pk}/pre-session"
    put = client.put(address, {"sleep_hours": 7}, content_type="application/json")
    assert put.status_code in {200, 201}
    shown = PreSessionData.objects.get(session=session).recommendations_shown
    assert (shown["recommendation_id"], shown["earlier"]) == (str(made[1]), [str(made[0])])
    assert (shown["prediction"], shown["own_forecast"]) == (events_of(ask(alice))["prediction"], None)
    assert guess(alice, session) is None


def test_a_form_keeps_the_guess_that_came_before_it(alice):
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    assert guess(alice, session) == 9.0
    PreSessionData.objects.create(session=session, user=alice)
    assert PreSessionData.objects.get(session=session).recommendations_shown["own_forecast"] == 9.0


def test_a_form_that_misses_the_advice_does_not_make_a_guess_count(alice):
    """As where both came in one moment, and neither saw the other."""
    session, _ = advised_without_a_form(alice)
    PreSessionData.objects.create(session=session, user=alice)
    PreSessionData.objects.update(recommendations_shown=None)
    assert guess(alice, session) is None


def test_a_session_without_a_form_brought_back_has_its_recommendations_again(alice):
    from sessions_app.services.undo import delete_session, restore_session

    session, made = advised_without_a_form(alice)
    with rls.as_user(alice.pk):
        undo = delete_session(by=alice, session_id=session.pk, now=NOW)
        assert not Recommendation.objects.filter(session_id=session.pk).exists()
        restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW)
    back = Recommendation.objects.filter(session_id=session.pk).values_list("pk", flat=True)
    assert set(back) == set(made)
    assert guess(alice, session) is None


def test_only_ones_own_advice_is_tied_and_only_to_ones_own_session(alice, bob):
    from django.db import IntegrityError, transaction

    his = ask(bob).recommendation_id
    of_bob = Session.objects.create(user=bob, session_date="2026-11-20")
    mine = ask(alice).recommendation_id
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    tie = "SELECT app.tie_advice(%s, %s::uuid[])"
    with rls.as_user(alice.pk), connection.cursor() as cursor:
        cursor.execute(tie, [session.pk, [his]])
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(tie, [of_bob.pk, [mine]])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not Recommendation.objects.exclude(session_id=None).exists()


def test_the_page_does_not_ask_for_a_guess_after_advice_without_a_form(client, alice):
    session = Session.objects.create(user=alice, session_date=datetime.now(tz=UTC).date())
    client.force_login(alice)
    address = f"/sessions/{session.pk}/recommendation/"
    assert client.get(address).context["asks"]
    ask(alice, session_id=session.pk)
    page = client.get(address)
    assert (page.context["asks"], page.context["is_again"]) == (False, True)


def test_a_key_whose_guess_did_not_count_answers_again(alice):
    session, _ = advised_without_a_form(alice)
    same = {"session_id": session.pk, "own_forecast": 9.0, "idempotency_key": "k"}
    assert ask(alice, **same).recommendation_id == ask(alice, **same).recommendation_id


@pytest.mark.parametrize(
    ("day", "status", "counted"),
    [
        ("2026-11-19", "planned", None),
        ("2026-11-20", "in_progress", None),
        ("2026-11-20", "planned", 9.0),
        ("2026-11-21", "planned", 9.0),
    ],
    ids=["never logged", "running", "today", "tomorrow"],
)
def test_a_guess_counts_only_before_the_session(alice, day, status, counted):
    session = Session.objects.create(user=alice, session_date=day, status=status)
    PreSessionData.objects.create(session=session, user=alice)
    made = ask(alice, session_id=session.pk, own_forecast=9.0)
    assert Recommendation.objects.get(pk=made.recommendation_id).own_forecast == counted


def test_whether_a_day_is_over_is_told_by_the_climbers_own_clock(alice):
    alice.time_zone = "Pacific/Auckland"  # at NOW it is the 21st there
    alice.save()
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice)
    made = ask(alice, session_id=session.pk, own_forecast=9.0)
    assert Recommendation.objects.get(pk=made.recommendation_id).own_forecast is None


def test_of_two_sessions_a_day_the_later_is_not_known_before_the_earlier(alice):
    sessions = [
        Session.objects.create(
            user=alice, session_date="2026-11-20", started_at=f"2026-11-20T{hour}:00Z", status="completed"
        )
        for hour in ("08", "12", "18")
    ]
    for session in sessions:
        PreSessionData.objects.create(session=session, user=alice)
        PostSessionData.objects.create(session=session, user=alice, session_quality=6)
    Session.objects.filter(pk=sessions[1].pk).update(status="in_progress")
    made = ask(alice, session_id=sessions[1].pk)
    assert Recommendation.objects.get(pk=made.recommendation_id).evidence["own_sessions"] == 1


@pytest.mark.parametrize("status", ["completed", "skipped"])
def test_what_was_advised_before_a_session_is_not_replaced_after_it(client, alice, status):
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice)
    ask(alice, session_id=session.pk, idempotency_key="api-k", conditions=None)
    shown = PreSessionData.objects.get(session=session).recommendations_shown
    Session.objects.filter(pk=session.pk).update(status=status)
    with pytest.raises(SessionIsOver):
        ask(alice, session_id=session.pk)
    client.force_login(alice)
    body = {"session_id": str(session.pk)}
    path = "/api/v1/recommendations/pre-session"
    refused = client.post(path, body, content_type="application/json")
    assert refused.status_code == 409
    assert "This session is over" in refused.json()["detail"]
    page = client.post(f"/sessions/{session.pk}/recommendation/", {"skip": "1"}, follow=True)
    assert "This session is over" in page.content.decode()
    assert PreSessionData.objects.get(session=session).recommendations_shown == shown
    assert Recommendation.objects.count() == 1
    # The same request again is answered with what it made in time.
    again = client.post(path, body, content_type="application/json", headers={"Idempotency-Key": "k"})
    assert again.status_code == 200


def test_the_time_of_day_is_known_without_a_session_too(alice):
    alice.time_zone = "Pacific/Auckland"  # five in the morning there
    alice.save()
    made = Recommendation.objects.get(pk=ask(alice).recommendation_id)
    assert made.conditions["time_of_day"] == "morning"
    said = Recommendation.objects.get(pk=ask(alice, conditions={"time_of_day": None}).recommendation_id)
    assert "time_of_day" not in said.conditions


def test_a_rule_in_shadow_is_evaluated_and_never_shown(alice):
    rule = active_rule(lifecycle="shadow")
    made = ask(alice)
    evidence = Recommendation.objects.get(pk=made.recommendation_id).evidence
    assert evidence["shadow_rules"] == [{"rule_id": str(rule.pk), "version": 1, "outcome": "true"}]
    events = events_of(made)
    assert "rule_override" not in events
    assert str(rule.pk) not in json.dumps(events)


@pytest.mark.parametrize("allowed", [True, False])
def test_own_words_are_kept_for_claude_only_where_allowed(alice, allowed):
    alice.sends_notes_to_claude = allowed
    alice.save()
    made = ask(alice, conditions={"sleep_notes": "Woke twice.", "specific_objectives": ["The arete"]})
    evidence = Recommendation.objects.get(pk=made.recommendation_id).evidence
    assert evidence.get("notes") == ("Woke twice.\nThe arete" if allowed else None)


def test_a_session_brought_back_has_its_recommendation_again(alice):
    from sessions_app.services.undo import delete_session, restore_session

    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice)
    made = ask(alice, session_id=session.pk)
    with rls.as_user(alice.pk):
        undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    assert Recommendation.objects.get(pk=made.recommendation_id).session_id is None
    with rls.as_user(alice.pk):
        restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW)
    assert Recommendation.objects.get(pk=made.recommendation_id).session_id == session.pk


def test_a_session_brought_back_has_all_its_recommendations_again(alice):
    from sessions_app.services.undo import delete_session, restore_session

    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice)
    made = {ask(alice, session_id=session.pk).recommendation_id for _ in range(3)}
    others = ask(alice).recommendation_id
    with rls.as_user(alice.pk):
        undo = delete_session(by=alice, session_id=session.pk, now=NOW)
        assert not Recommendation.objects.filter(session_id=session.pk).exists()
        restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW)
    back = Recommendation.objects.filter(session_id=session.pk).values_list("pk", flat=True)
    assert set(back) == made
    assert Recommendation.objects.get(pk=others).session_id is None


def test_what_was_said_cannot_be_changed_by_its_climber(alice):
    from django.db import ProgrammingError

    made = ask(alice)
    with pytest.raises(ProgrammingError, match="permission denied"), rls.as_user(alice.pk):
        Recommendation.objects.filter(pk=made.recommendation_id).update(expected_quality=9)


WRITTEN = {
    "sleep_notes": "Woke twice.",
    "specific_objectives": ["The arete"],
    "current_niggles": [{"location": "finger", "severity": 2, "notes": "left ring"}],
}


def with_words(alice, *, sends: bool = True):
    alice.sends_notes_to_claude = sends
    alice.save()
    session = Session.objects.create(user=alice, session_date="2026-11-20")
    PreSessionData.objects.create(session=session, user=alice, **WRITTEN)
    return session, ask(alice, session_id=session.pk, conditions={})


def test_notes_are_asked_for_when_they_are_sent_and_forgotten_without_consent(alice, bob):
    from recommendations.services import event_log

    _, made = with_words(alice)
    _, others = with_words(bob)
    with rls.as_user(alice.pk):
        key = {"recommendation_id": made.recommendation_id, "user_id": alice.pk}
        lease = event_log.take_lease(**key)
        assert event_log.notes_for_claude(lease) == "Woke twice.\nThe arete"
        alice.sends_notes_to_claude = False
        alice.save(update_fields=["sends_notes_to_claude"])
        assert event_log.notes_for_claude(lease) is None
        event_log.give_up(lease)
    assert "notes" not in Recommendation.objects.get(pk=made.recommendation_id).evidence
    assert "notes" in Recommendation.objects.get(pk=others.recommendation_id).evidence


def test_the_notes_of_a_row_from_elsewhere_are_not_sent_without_consent(alice):
    from recommendations.services import event_log

    _, made = with_words(alice, sends=False)
    row = Recommendation.objects.get(pk=made.recommendation_id)
    Recommendation.objects.filter(pk=row.pk).update(evidence={**row.evidence, "notes": "Woke twice."})
    with rls.as_user(alice.pk):
        lease = event_log.take_lease(recommendation_id=row.pk, user_id=alice.pk)
        assert event_log.notes_for_claude(lease) is None


def test_a_consent_taken_back_while_advice_is_made_counts(alice):
    """The request read it before: what it stores is looked at once more."""
    alice.sends_notes_to_claude = True  # as that request has it; the row says no
    made = ask(alice, conditions={"sleep_notes": "Woke twice."})
    assert "notes" not in Recommendation.objects.get(pk=made.recommendation_id).evidence


@pytest.mark.parametrize("by", ["service", "sql"])
def test_own_words_go_with_the_session_and_come_back_with_it(alice, by):
    from sessions_app.services.undo import delete_session, restore_session

    session, made = with_words(alice)
    before = Recommendation.objects.get(pk=made.recommendation_id)
    assert before.conditions["sleep_notes"] == "Woke twice."
    with rls.as_user(alice.pk):
        if by == "sql":
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM sessions WHERE id = %s", [session.pk])
        else:
            undo = delete_session(by=alice, session_id=session.pk, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (r.*)::text FROM recommendations r WHERE id = %s", [before.pk])
        stored = cursor.fetchone()[0]
    for words in ("Woke twice", "arete", "left ring"):
        assert words not in stored
    left = Recommendation.objects.get(pk=before.pk)
    assert left.conditions["current_niggles"] == [{"location": "finger", "severity": 2, "notes": ""}]
    if by == "service":
        with rls.as_user(alice.pk):
            restore_session(by=alice, session_id=session.pk, undo=undo, now=NOW)
        back = Recommendation.objects.get(pk=before.pk)
        assert (back.conditions, back.evidence) == (before.conditions, before.evidence)


def test_every_free_text_of_the_form_goes_with_the_session(alice):
    from climbiq.domain.variables import in_room

    free = {v.name for v in in_room("pre_session") if v.kind in {"text", "list", "niggles"}}
    assert free == set(WRITTEN)


def test_only_words_come_back_and_only_ones_own(alice, bob):
    _, made = with_words(alice)
    _, his = with_words(bob)
    before = list(Recommendation.objects.order_by("pk").values("conditions", "evidence"))
    words = {
        str(made.recommendation_id): {"conditions": {"stress_level": 1}, "notes": "x"},
        str(his.recommendation_id): {"conditions": {"sleep_notes": "of Alice"}},
    }
    with rls.as_user(alice.pk), connection.cursor() as cursor:
        cursor.execute("SELECT app.give_words_back(%s::jsonb)", [json.dumps(words)])
    assert list(Recommendation.objects.order_by("pk").values("conditions", "evidence")) == before
