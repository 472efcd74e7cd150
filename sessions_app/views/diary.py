"""The diary as a file: bring one, look at what is in it, load it; take one's own away."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from climbiq.accounts import rls
from climbiq.accounts.models import User
from climbiq.accounts.requests import person_of
from climbiq.common.throttles import seconds_to_wait
from climbiq.common.views import too_often
from climbiq.domain.zones import zone_of
from sessions_app.domain.days import local_day
from sessions_app.domain.diary import Diary, UnreadableDiary
from sessions_app.forms import DiaryUploadForm
from sessions_app.services.diary import RowRefused
from sessions_app.services.own_diary import (
    count_own_diary,
    load_own_diary,
    read_own_diary,
    write_own_diary,
)
from sessions_app.views.common import INVALID

SHOWN: Final = 100
_SALT: Final = "sessions_app.diary"
_KEPT_SECONDS: Final = 3600
_KEPT_BYTES: Final = 800_000  # what a form may carry from the look to the loading


@login_required
@require_http_methods(["GET", "POST"])
def diary(request: HttpRequest) -> HttpResponse:
    """Show what can be done; look at a file, or load it at once where nothing is wrong with it."""
    by = person_of(request)
    form = DiaryUploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "sessions/diary.html", {"form": form}, status=INVALID if form.errors else 200)
    wait = seconds_to_wait(request, scope="uploads")
    if wait is not None:
        return too_often(request, wait_seconds=wait)
    rls.bind_user(by, lifetime=rls.LONG_LIFETIME_SECONDS)
    raw: bytes = form.cleaned_data["file"].read()
    try:
        found = read_own_diary(by=by, raw=raw, now=timezone.now())
    except UnreadableDiary as error:
        page = {"form": DiaryUploadForm(), **_shown_problems(error.problems), "is_unreadable": True}
        return render(request, "sessions/diary.html", page, status=INVALID)
    skip_bad = form.cleaned_data["skip_bad"]
    if request.POST.get("action") == "load" and (skip_bad or not found.problems):
        return _loaded(request, found)
    return render(
        request, "sessions/diary_look.html", _look(by, found, raw), status=INVALID if found.problems else 200
    )


@login_required
@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """Load the file that was looked at; its bad rows are left out, as the page said."""
    by = person_of(request)
    wait = seconds_to_wait(request, scope="uploads")
    if wait is not None:
        return too_often(request, wait_seconds=wait)
    rls.bind_user(by, lifetime=rls.LONG_LIFETIME_SECONDS)
    try:
        kept = signing.loads(request.POST.get("kept", ""), salt=_SALT, max_age=_KEPT_SECONDS)
        raw = kept["file"].encode() if kept["user"] == str(by.pk) else b""
        found = read_own_diary(by=by, raw=raw, now=timezone.now())
    except (signing.BadSignature, UnreadableDiary):
        messages.error(request, "That was too long ago. Choose the file again.")
        return redirect("diary")
    return _loaded(request, found)


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Every session as a file that loads again."""
    by = person_of(request)
    wait = seconds_to_wait(request, scope="diary_exports")
    if wait is not None:
        return too_often(request, wait_seconds=wait)
    day = local_day(now=timezone.now(), zone=zone_of(by.time_zone))
    return HttpResponse(
        write_own_diary(by=by).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="climbiq-diary-{day.isoformat()}.csv"'},
    )


def _loaded(request: HttpRequest, found: Diary) -> HttpResponse:
    try:
        loaded = load_own_diary(by=person_of(request), diary=found, now=timezone.now())
    except RowRefused as refused:
        messages.error(request, f"Nothing was loaded: {refused.problem}")
        return redirect("diary")
    left_out = len({problem.line for problem in found.problems})
    parts = [f"{loaded.added} session{'' if loaded.added == 1 else 's'} added"]
    parts += (
        [f"{loaded.completed} plan{'' if loaded.completed == 1 else 's'} completed"]
        if loaded.completed
        else []
    )
    parts += [f"{loaded.already_there} already there"] if loaded.already_there else []
    parts += [f"{left_out} row{'' if left_out == 1 else 's'} left out"] if left_out else []
    messages.success(request, ", ".join(parts) + ".")
    return redirect("history")


def _look(by: User, found: Diary, raw: bytes) -> dict[str, Any]:
    kept = signing.dumps({"user": str(by.pk), "file": raw.decode()}, salt=_SALT, compress=True)
    count = count_own_diary(by=by, diary=found)
    return {
        "count": count,
        "loads": count.added + count.completed,
        "left_out": len({problem.line for problem in found.problems}),
        "kept": kept if len(kept) <= _KEPT_BYTES else "",
        **_shown_problems(found.problems),
    }


def _shown_problems(problems: Any) -> dict[str, Any]:
    return {"problems": problems[:SHOWN], "more_problems": max(len(problems) - SHOWN, 0)}
