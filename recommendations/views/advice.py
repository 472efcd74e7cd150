"""The climber's pages: today, the own forecast, the recommendation as it arrives, and why each tip."""

from __future__ import annotations

import math
import uuid
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.common.chart_data import Moment
from climbiq.common.throttles import seconds_to_wait
from recommendations.domain import rounding, wording
from recommendations.domain.answers import are_other_answers
from recommendations.domain.provenance import what_is_known
from recommendations.forms import ForecastForm
from recommendations.selectors import RecommendationNotFound, Shown, latest_for_sessions, shown, with_advice
from recommendations.services.recommend import (
    OPEN,
    Asked,
    KeyReused,
    SessionIsOver,
    guess_counts,
    make_recommendation,
)
from recommendations.services.telling import tell_now
from recommendations.views.faults import needs_priors, too_often
from sessions_app.domain.records import SessionRecord
from sessions_app.selectors import SessionNotFound, context_for, session_of

SESSIONS_LATELY = 5
SESSIONS_DRAWN = 40
ORDER = ("running", "today", "earlier", "later")


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """What to do next; for somebody new, what this is."""
    if not request.user.is_authenticated:
        return render(request, "recommendations/welcome.html")
    user: User = request.user
    context = context_for(user_id=user.pk, limit=SESSIONS_DRAWN)
    open_ids = [s.id for s in context.history if s.status in {"planned", "in_progress"}]
    advised = latest_for_sessions(user_id=user.pk, session_ids=open_ids)
    day = timezone.localdate()
    open_sessions = [
        {"session": s, "when": when(s, day=day), "recommendation_id": advised.get(s.id)}
        for s in reversed(context.history)
        if s.id in set(open_ids)
    ]
    # What runs comes first, then the plans of today, what was not logged, and what is ahead.
    open_sessions.sort(key=lambda entry: ORDER.index(entry["when"]))
    finished = [s for s in context.history if s.id not in set(open_ids)]
    return render(
        request,
        "recommendations/today.html",
        {
            "greeting": wording.greeting_for(user.display_name, hour=timezone.localtime().hour),
            "baseline": context.baseline,
            "open_sessions": open_sessions,
            "has_today": any(entry["when"] in {"running", "today"} for entry in open_sessions),
            "recent": finished[:SESSIONS_LATELY],
            "moments": [
                Moment(day=s.session_date, observed=s.quality)
                for s in reversed(finished)
                if s.quality is not None
            ],
        },
    )


def when(session: SessionRecord, *, day: date) -> str:
    """Where an open session stands: one of `ORDER`. One that was never logged does not run for ever."""
    if session.session_date < day:
        return "earlier"
    if session.status == "in_progress":
        return "running"
    return "today" if session.session_date == day else "later"


@login_required
@require_http_methods(["GET", "POST"])
@needs_priors
def recommend(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask for the climber's own number first; only then is ours computed."""
    user = person_of(request)
    try:
        session = with_advice(session_of(user_id=user.pk, session_id=session_id), user_id=user.pk)
    except SessionNotFound:
        raise Http404 from None
    form = ForecastForm(request.POST if request.method == "POST" and "skip" not in request.POST else None)
    if request.method == "GET" and session.status not in OPEN:
        messages.info(request, str(SessionIsOver()))
        return redirect("session_detail", session.id)
    if request.method == "POST" and ("skip" in request.POST or form.is_valid()):
        wait = seconds_to_wait(request, scope="recommendations")
        if wait is not None:
            return too_often(request, wait_seconds=wait)
        guess = None if "skip" in request.POST else form.guess
        try:
            made = make_recommendation(
                by=user,
                asked=Asked(
                    conditions=None,
                    session_id=session.id,
                    own_forecast=guess,
                    idempotency_key=_form_key(request),
                ),
                now=timezone.now(),
                tells=False,
            )
        except KeyReused as reused:
            # The same form with another answer: what it made the first time is what it shows.
            return redirect("recommendation", reused.recommendation_id)
        except SessionIsOver as over:
            messages.info(request, str(over))
            return redirect("session_detail", session.id)
        return redirect("recommendation", made.recommendation_id)
    status = 422 if form.is_bound else 200
    page = {
        "form": form,
        "session": session,
        "is_again": bool(session.recommendations_shown),
        "asks": guess_counts(session=session, today=timezone.localdate()),
        "form_key": request.POST.get("form_key") or uuid.uuid4(),
    }
    return render(request, "recommendations/forecast.html", page, status=status)


@login_required
@require_GET
def recommendation(request: HttpRequest, recommendation_id: UUID) -> HttpResponse:
    """The numbers at once; the words as they arrive."""
    user = person_of(request)
    found = _shown(user, recommendation_id)
    override = found.payloads.get("rule_override")
    session = None
    if found.recommendation.session_id is not None:
        try:
            session = session_of(user_id=user.pk, session_id=found.recommendation.session_id)
        except SessionNotFound:
            session = None
    return render(
        request,
        "recommendations/recommendation.html",
        {
            "recommendation": found.recommendation,
            "session": session,
            "can_start": session is not None
            and session.status == "planned"
            and session.session_date == timezone.localdate(),
            "is_outdated": session is not None
            and session.status in {"planned", "in_progress"}
            and are_other_answers(
                now=session.planned, then=found.recommendation.conditions, said=session.derived_said
            ),
            "form_key": uuid.uuid4(),
            "override": override,
            "adjustments": found.payloads.get("rule_adjustments"),
            "questions": found.payloads.get("rule_trace", {}).get("questions", []),
            "notices": found.notices,
            "prediction": found.payloads.get("prediction"),
            "tips": found.tips,
            "texts": {index: text["text"] for index, text in found.texts.items()},
            "nothing_text": found.texts.get(0, {}).get("text", ""),
            "stats": found.payloads.get("stats"),
            "is_done": found.is_done,
            "whole_until": found.whole_until,
        },
    )


@login_required
@require_POST
def words(request: HttpRequest, recommendation_id: UUID) -> HttpResponse:
    """Put it into words at once, for browsers without scripts."""
    user = person_of(request)
    if not _shown(user, recommendation_id).is_done:
        tell_now(user_id=user.pk, recommendation_id=recommendation_id)
    return redirect("recommendation", recommendation_id)


@login_required
@require_GET
def why(request: HttpRequest, recommendation_id: UUID, index: int) -> HttpResponse:
    """The permanent record behind one tip."""
    found = _shown(person_of(request), recommendation_id)
    tip: dict[str, Any] | None = next((t for t in found.tips if t["index"] == index), None)
    if tip is None:
        raise Http404
    evidence = found.recommendation.evidence
    return render(
        request,
        "recommendations/why.html",
        {
            "recommendation": found.recommendation,
            "tip": tip,
            "prior": _before_any_session(evidence.get("priors", {}).get(tip["variable"])),
            "known": what_is_known(tip["basis"].get("population")),
            "is_learned": bool(evidence.get("run_id") or tip["basis"]["own_sessions"]),
            # Under the priors alone it would say the same twice.
            "population": evidence.get("population", {}).get(tip["variable"])
            if evidence.get("run_id")
            else None,
            "trace": found.payloads.get("rule_trace", {}),
        },
    )


def _before_any_session(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A prior as what is believed of one climber: like what a trained model says, the average's uncertainty and how
    far climbers are from it."""
    if row is None:
        return None
    spread = math.hypot(row["population_std"], row.get("individual_sd", 0.0))
    return {**row, "mean": rounding.coefficient(row["population_mean"]), "sd": rounding.coefficient(spread)}


def _shown(user: User, recommendation_id: UUID) -> Shown:
    try:
        return shown(user_id=user.pk, recommendation_id=recommendation_id)
    except RecommendationNotFound:
        raise Http404 from None


def _form_key(request: HttpRequest) -> str | None:
    """A form sent twice makes one recommendation."""
    try:
        return f"form-{UUID(request.POST.get('form_key', ''))}"
    except ValueError:
        return None
