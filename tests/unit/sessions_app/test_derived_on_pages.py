"""What is derived, on pages: what a form showed is no answer, what was changed on it is."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from sessions_app.domain.records import DERIVED
from sessions_app.models import PreSessionData, Session
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

BEFORE = {"session_date": timezone.localdate().isoformat(), "stress_level": "4", "session_type": "project"}


@pytest.fixture
def climbing(client, alice):
    client.force_login(alice)
    return client


def shown(page):
    """What an unchanged form sends of what is derived."""
    fields = [page.context["form"][name] for name in DERIVED]
    values = {field.html_name: field.value() for field in fields}
    values |= {field.html_initial_name: field.value() for field in fields}
    html = page.content.decode()
    assert all(f'name="{field.html_initial_name}"' in html for field in fields)
    return {name: "" if value is None else value for name, value in values.items()}


def test_a_form_left_open_while_the_diary_changed_says_nothing_about_it(climbing, alice):
    today = timezone.localdate()
    make_session(alice, day=today - timedelta(days=5), planned={"session_intensity": "max"}, quality=7)
    answers = {**BEFORE, **shown(climbing.get("/sessions/new/"))}
    assert (answers["days_since_hard_session"], answers["initial-days_since_hard_session"]) == (5, 5)
    make_session(alice, day=today - timedelta(days=1), planned={"session_intensity": "max"}, quality=7)
    climbing.post("/sessions/new/", answers)
    row = PreSessionData.objects.get(session__session_date=today)
    assert (row.days_since_hard_session, row.derived_said) == (1, [])


def test_what_a_form_says_of_the_days_stays_and_a_blank_is_unknown(climbing, alice):
    today = timezone.localdate()
    make_session(alice, day=today - timedelta(days=5), planned={"session_intensity": "max"}, quality=7)
    answers = {**BEFORE, **shown(climbing.get("/sessions/new/"))}
    climbing.post(
        "/sessions/new/", {**answers, "days_since_last_session": "3", "days_since_hard_session": ""}
    )
    row = PreSessionData.objects.get(session__session_date=today)
    assert (row.days_since_last_session, row.days_since_hard_session) == (3, None)
    assert row.derived_said == ["days_since_last_session", "days_since_hard_session"]
    # Saving the form again, untouched, says what it said.
    page = climbing.get(f"/sessions/{row.session_id}/before/")
    climbing.post(f"/sessions/{row.session_id}/before/", {**BEFORE, **shown(page)})
    row.refresh_from_db()
    assert (row.days_since_last_session, row.days_since_hard_session) == (3, None)
    assert row.derived_said == ["days_since_last_session", "days_since_hard_session"]


def test_moving_a_session_on_its_page_counts_anew(climbing, alice):
    today = timezone.localdate()
    make_session(alice, day=today - timedelta(days=2), planned={"session_intensity": "high"}, quality=7)
    climbing.post("/sessions/new/", {**BEFORE, **shown(climbing.get("/sessions/new/"))})
    row = PreSessionData.objects.get(session__session_date=today)
    address = f"/sessions/{row.session_id}/before/"
    later = (today + timedelta(days=3)).isoformat()
    climbing.post(address, {**BEFORE, **shown(climbing.get(address)), "session_date": later})
    row.refresh_from_db()
    assert (row.days_since_last_session, row.days_since_hard_session, row.time_of_day) == (5, 5, None)


def test_what_is_logged_is_not_put_back_on_the_plan_by_a_stale_page(climbing, alice):
    session = make_session(alice, planned={}, quality=7)
    page = unescape(climbing.post(f"/sessions/{session.pk}/unskip/", follow=True).content.decode())
    assert "Back on the plan." not in page
    assert "This session is logged: it cannot be planned again." in page
    answer = climbing.post(f"/api/v1/sessions/{session.pk}/reopen")
    assert (answer.status_code, Session.objects.get().status) == (409, "completed")
