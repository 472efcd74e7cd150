"""The pre-session form: for a new session, and to change one."""

from __future__ import annotations

import uuid
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.domain.values import BadValues
from climbiq.domain.zones import zone_of
from sessions_app.domain.circumstances import Circumstances
from sessions_app.domain.days import clock_of, local_day, time_of_day_at
from sessions_app.domain.derived import derived_conditions
from sessions_app.domain.gyms import GymName
from sessions_app.domain.plans import last_niggles, last_similar_plan
from sessions_app.domain.records import SessionRecord
from sessions_app.domain.wording import title_of
from sessions_app.forms import BeforeForm
from sessions_app.forms.parts import add_problems, say_instead
from sessions_app.selectors import gym_label, gyms_to_offer, history_of, session_of
from sessions_app.services.form_times import seconds_since_opened, sign_opening
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.gyms import add_gym
from sessions_app.services.plans import plan_session, save_pre_session
from sessions_app.views.common import INVALID, own_session


@login_required
@require_http_methods(["GET", "POST"])
def new_session(request: HttpRequest) -> HttpResponse:
    """Plan a session: how one arrives, and a plan that starts from the last similar one."""
    by, now = person_of(request), timezone.now()
    zone = zone_of(by.time_zone)
    today = local_day(now=now, zone=zone)
    history = history_of(user_id=by.pk)
    derived = derived_conditions(
        history=history, circumstances=Circumstances(session_date=today), now=now, zone=zone
    )
    plan = last_similar_plan(history=history, day=today, time_of_day=time_of_day_at(now.astimezone(zone)))
    form = BeforeForm(
        request.POST or None,
        initial={
            **derived,
            **plan,
            "session_date": today,
            "request_key": uuid.uuid4(),
            "opened": sign_opening(user_id=by.pk, now=now),
        },
        today=today,
        last_niggles=last_niggles(history=history),
        gyms=gyms_to_offer(user_id=by.pk),
        zone=zone,
    )
    if request.method == "POST" and form.is_valid():
        try:
            session = plan_session(
                by=by,
                values=form.answers(),
                circumstances=Circumstances(**_where(by, form, now=now, zone=zone)),
                now=now,
                request_key=str(form.cleaned_data["request_key"] or uuid.uuid4()),
                form_seconds=_seconds(by, form, now=now),
            )
        except BadValues as bad:
            add_problems(form, bad.problems)
        else:
            return redirect(_next_after_planning(session, is_today=session.session_date == today))
    return _page(request, form, derived=derived, is_filled_in=bool(plan))


@login_required
@require_http_methods(["GET", "POST"])
def change_before(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Change the pre-session form of a session that exists."""
    by, now = person_of(request), timezone.now()
    zone = zone_of(by.time_zone)
    session = own_session(request, session_id)
    history = history_of(user_id=by.pk, before=session.session_date, exclude=session.id)
    form = BeforeForm(
        request.POST or None,
        initial={**_stored(session, zone=zone), "opened": sign_opening(user_id=by.pk, now=now)},
        today=local_day(now=now, zone=zone),
        is_done=session.status == "completed",
        last_niggles=last_niggles(history=history),
        gyms=gyms_to_offer(user_id=by.pk),
        zone=zone,
    )
    if session.started_at and (day := local_day(now=session.started_at, zone=zone)) != session.session_date:
        form.fields["start_time"].help_text = f"By your clock of now, on {day:%-d %B}."
    conflict: SessionRecord | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_pre_session(
                by=by,
                session_id=session.id,
                values=form.answers(),
                moves=_where(by, form, now=now, zone=zone),
                now=now,
                version=form.cleaned_data["version"] or None,
                form_seconds=_seconds(by, form, now=now),
            )
        except BadValues as bad:
            add_problems(form, bad.problems)
        except ChangedElsewhere:
            conflict = session_of(user_id=by.pk, session_id=session.id)
            say_instead(form, "version", conflict.version)  # saving again means it
        else:
            messages.success(request, "Saved.")
            return redirect(_next_after_changing(saved, today=local_day(now=now, zone=zone)))
    return _page(request, form, derived=session.planned, session=session, conflict=conflict)


def _page(request: HttpRequest, form: BeforeForm, **context: Any) -> HttpResponse:
    status = INVALID if form.errors or context.get("conflict") else 200
    return render(
        request, "sessions/before.html", {"form": form, "parts": form.parts(), **context}, status=status
    )


def _where(by: User, form: BeforeForm, *, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """When and where, with the key of the gym; a new one is added, and gone again if the session is refused."""
    gym = form.gym()
    if isinstance(gym, GymName):
        gym, _ = add_gym(by=by.pk, gym=gym, now=now)
    return {**form.circumstances(zone=zone), "gym_id": None if gym is None else gym.id}


def _seconds(by: User, form: BeforeForm, *, now: datetime) -> int | None:
    return seconds_since_opened(opened=form.cleaned_data["opened"], user_id=by.pk, now=now)


def _stored(session: SessionRecord, *, zone: tzinfo) -> dict[str, Any]:
    start = clock_of(session.started_at, zone=zone)
    return {
        **session.planned,
        "session_date": session.session_date,
        "start_time": start,
        "location_type": session.location_type,
        "gym": gym_label(gym_id=session.gym_id),
        "version": session.version,
        "title": title_of(session),
    }


def _next_after_changing(session: SessionRecord, *, today: date) -> str:
    """Whoever has seen advice for today, and now says something else, is there for new advice."""
    is_open = session.status in {"planned", "in_progress"}
    if is_open and session.session_date == today and session.recommendations_shown:
        return _next_after_planning(session, is_today=True)
    return reverse("session_detail", args=[session.id])


def _next_after_planning(session: SessionRecord, *, is_today: bool) -> str:
    """Straight on to the recommendation for today's session; one for another day can wait."""
    try:
        return reverse("recommend" if is_today else "session_detail", args=[session.id])
    except NoReverseMatch:
        return reverse("session_detail", args=[session.id])
