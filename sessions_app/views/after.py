"""The post-session form, for the first time and to change it; and skipping."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from climbiq.accounts.requests import person_of
from climbiq.domain.values import BadValues
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.records import SessionRecord
from sessions_app.domain.wording import title_of
from sessions_app.forms import AfterForm
from sessions_app.forms.parts import add_problems, say_instead
from sessions_app.selectors import session_of
from sessions_app.services.form_times import seconds_since_opened, sign_opening
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.logs import NotReopenable, NotSkippable, reopen, save_post_session, skip_session
from sessions_app.views.common import INVALID, own_session

_FIELDS: Final = {"ended_at": "end_time"}  # the session's column → the field that asks for it


@login_required
@require_http_methods(["GET", "POST"])
def log_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Say how it went: "as planned" and a number, or what was different."""
    by, now = person_of(request), timezone.now()
    zone = zone_of(by.time_zone)
    today = local_day(now=now, zone=zone)
    session = own_session(request, session_id)
    form = AfterForm(
        request.POST or None,
        session=session,
        today=today,
        zone=zone,
        initial={"opened": sign_opening(user_id=by.pk, now=now)},
    )
    conflict: SessionRecord | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_post_session(
                by=by,
                session_id=session.id,
                values=form.answers(),
                moves=form.moves(),
                now=now,
                version=form.cleaned_data["version"] or None,
                form_seconds=seconds_since_opened(opened=form.cleaned_data["opened"], user_id=by.pk, now=now),
            )
        except BadValues as bad:
            add_problems(form, {_FIELDS.get(name, name): said for name, said in bad.problems.items()})
        except ChangedElsewhere:
            conflict = session_of(user_id=by.pk, session_id=session.id)
            say_instead(form, "version", conflict.version)  # saving again means it
        else:
            messages.success(request, _thanks(saved))
            is_first_rating = saved.quality is not None and session.quality is None
            return redirect(_next_after_logging(saved) if is_first_rating else "session_detail", session.id)
    page = {
        "form": form,
        "parts": form.parts(),
        "session": session,
        "title": title_of(session),
        "conflict": conflict,
        "is_too_early": session.session_date > today,
    }
    return render(request, "sessions/after.html", page, status=INVALID if form.errors or conflict else 200)


@login_required
@require_http_methods(["GET", "POST"])
def skip(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Say that the session did not take place; nothing is asked and nobody is blamed."""
    session = own_session(request, session_id)
    if request.method == "POST":
        try:
            skip_session(by=person_of(request), session_id=session.id, now=timezone.now())
        except NotSkippable as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Skipped. Rest counts, too.")
        return redirect("session_detail", session.id)
    return render(request, "sessions/skip.html", {"session": session, "title": title_of(session)})


@login_required
@require_POST
def unskip(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Take a skip, or a start, back."""
    session = own_session(request, session_id)
    try:
        reopen(by=person_of(request), session_id=session.id, now=timezone.now())
    except NotReopenable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Back on the plan.")
    return redirect("session_detail", session.id)


def _next_after_logging(saved: SessionRecord) -> str:
    """What a session taught, where there is a page for it."""
    try:
        reverse("session_taught", args=[saved.id])
    except NoReverseMatch:
        return "session_detail"
    return "session_taught"


def _thanks(saved: SessionRecord) -> str:
    if saved.deviated:
        return "Logged. Thank you for saying what was different: that is what teaches us most about you."
    return "Logged. Thank you."
