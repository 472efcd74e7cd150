"""What every page of this app begins with."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from climbiq.accounts.models import User
from sessions_app.domain.records import SessionRecord
from sessions_app.selectors import SessionNotFound, session_of

INVALID = 422


def climber_of(request: HttpRequest) -> User:
    """Whoever is logged in; the page is closed to others."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  nobody else passes login_required
    return user


def own_session(request: HttpRequest, session_id: UUID) -> SessionRecord:
    """The climber's session, or "not found", also where it is somebody else's."""
    try:
        return session_of(user_id=climber_of(request).pk, session_id=session_id)
    except SessionNotFound:
        raise Http404 from None
