"""The history, one session, and deleting it with a way back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from climbiq.accounts.requests import person_of
from climbiq.domain.variables import VARIABLES
from climbiq.domain.vocabularies import LOCATION_TYPES, SESSION_STATUSES
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.extras import EXTRAS
from sessions_app.domain.records import SessionRecord
from sessions_app.domain.weeks import by_week
from sessions_app.domain.wording import in_words, reason_in_words, title_of
from sessions_app.forms import HistoryFilterForm
from sessions_app.selectors import gym_label, page_of_history
from sessions_app.services.undo import CannotUndo, delete_session, restore_session
from sessions_app.views.common import INVALID, own_session

_TEXTS = ("what_went_well", "what_could_improve", "notes")


@login_required
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """Every session, latest first, a page at a time, by week."""
    by = person_of(request)
    form = HistoryFilterForm(request.GET)
    wanted = form.chosen()
    page = page_of_history(user_id=by.pk, wanted=wanted, start=request.GET.get("before", ""))
    today = local_day(now=timezone.now(), zone=zone_of(by.time_zone))
    older = request.GET.copy()
    older["before"] = page.after
    weeks = [
        {"label": week.label, "rows": [_row(session) for session in week.sessions]}
        for week in by_week(sessions=page.sessions, today=today)
    ]
    return render(
        request,
        "sessions/history.html",
        {
            "form": form,
            "weeks": weeks,
            "older": older.urlencode() if page.after else "",
            "is_filtered": any((wanted.status, wanted.session_type, wanted.only_changed)),
            "is_later_page": bool(request.GET.get("before")),
        },
    )


@login_required
@require_GET
def detail(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """One session: what was planned, what was done, and what can be done with it now."""
    by = person_of(request)
    session = own_session(request, session_id)
    today = local_day(now=timezone.now(), zone=zone_of(by.time_zone))
    return render(
        request,
        "sessions/detail.html",
        {
            "session": session,
            "title": title_of(session),
            "status": SESSION_STATUSES[session.status],
            "quality": _quality(session),
            "changes": _changes(session),
            "reason": reason_in_words(session.notes.get("deviation_reason", "")),
            "explanation": _explanation(session),
            "place": _place(session),
            "before": _said(session.planned),
            "after": _said({n: v for n, v in session.outcomes.items() if n != "session_quality"}),
            "texts": [(EXTRAS[n].label, session.notes[n]) for n in _TEXTS if n in session.notes],
            "is_open": session.status in {"planned", "in_progress"},
            "is_running": session.status == "in_progress",
            "can_start": session.status == "planned" and session.session_date == today,
            "is_past": session.session_date < today,
            "is_for_later": session.session_date > today,
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask, delete, and answer with a page that can take it back."""
    session = own_session(request, session_id)
    page = {"session": session, "title": title_of(session)}
    if request.method == "POST":
        undo = delete_session(by=person_of(request), session_id=session.id, now=timezone.now())
        return render(request, "sessions/deleted.html", {**page, "undo": undo})
    return render(request, "sessions/delete.html", page)


@login_required
@require_POST
def restore(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    try:
        session = restore_session(
            by=person_of(request),
            session_id=session_id,
            undo=request.POST.get("undo", ""),
            now=timezone.now(),
        )
    except CannotUndo as error:
        return render(request, "sessions/not_restored.html", {"reason": str(error)}, status=INVALID)
    messages.success(request, "The session is back.")
    return redirect("session_detail", session.id)


def _row(session: SessionRecord) -> dict[str, Any]:
    return {
        "session": session,
        "title": title_of(session),
        "quality": _quality(session),
        "status": SESSION_STATUSES[session.status],
        "changes": _changes(session),
    }


def _quality(session: SessionRecord) -> dict[str, Any] | None:
    if session.quality is None:
        return None
    return {"number": session.quality, "word": VARIABLES["session_quality"].anchor(session.quality)}


def _changes(session: SessionRecord) -> list[dict[str, str]]:
    return [
        {"label": VARIABLES[name].label, "planned": in_words(name, planned), "done": in_words(name, done)}
        for name, planned, done in session.changes
    ]


def _explanation(session: SessionRecord) -> str:
    details = session.notes.get("deviation_details")
    return str(details.get("explanation") or "") if isinstance(details, dict) else ""


def _place(session: SessionRecord) -> str:
    return gym_label(gym_id=session.gym_id) or LOCATION_TYPES.get(session.location_type or "", "")


def _said(values: Any) -> list[tuple[str, str]]:
    return [(VARIABLES[n].label, in_words(n, value)) for n, value in values.items() if value is not None]
