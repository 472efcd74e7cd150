"""The button that begins a session."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from climbiq.accounts.requests import person_of
from climbiq.domain.values import BadValues
from sessions_app.services.starts import NotStartable, start_session
from sessions_app.views.common import own_session


@login_required
@require_POST
def start(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Begin now; the page after it can take that back."""
    session = own_session(request, session_id)
    try:
        start_session(by=person_of(request), session_id=session.id, now=timezone.now())
    except (NotStartable, BadValues) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Have fun. Log it here when you are done.")
    return redirect("session_detail", session.id)
