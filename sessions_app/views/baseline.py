"""Who the climber is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from climbiq.accounts.requests import person_of
from climbiq.domain.values import BadValues
from sessions_app.forms import BaselineForm
from sessions_app.forms.parts import add_problems, say_instead
from sessions_app.selectors import current_baseline
from sessions_app.services.baselines import record_baseline
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.views.common import INVALID


@login_required
@require_http_methods(["GET", "POST"])
def baseline(request: HttpRequest) -> HttpResponse:
    """Show and change the baseline; every change is a new version."""
    by = person_of(request)
    current = current_baseline(user_id=by.pk)
    initial: dict[str, Any] = dict(current.values) if current else {}
    initial["replaces"] = current.id if current else None
    form = BaselineForm(request.POST or None, initial=initial)
    is_conflict = False
    if request.method == "POST" and form.is_valid():
        try:
            record_baseline(
                by=by,
                values=form.values(),
                now=timezone.now(),
                replaces=form.cleaned_data["replaces"],
                check_replaced=True,
            )
        except BadValues as bad:
            add_problems(form, bad.problems)
        except ChangedElsewhere:
            is_conflict = True
            say_instead(form, "replaces", str(current.id) if current else "")
        else:
            messages.success(request, "Saved. From now on recommendations use it.")
            return redirect("today")
    page = {"form": form, "parts": form.parts(), "current": current, "is_conflict": is_conflict}
    return render(
        request, "sessions/baseline.html", page, status=INVALID if form.errors or is_conflict else 200
    )
