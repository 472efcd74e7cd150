"""What every page of this app begins with."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from climbiq.accounts.requests import person_of
from sessions_app.domain.records import SessionRecord
from sessions_app.selectors import SessionNotFound, session_of

INVALID = 422


def own_session(request: HttpRequest, session_id: UUID) -> SessionRecord:
    """The climber's session, or "not found", also where it is somebody else's."""
    try:
        return session_of(user_id=person_of(request).pk, session_id=session_id)
    except SessionNotFound:
        raise Http404 from None
