"""What every page of this app begins with."""

from __future__ import annotations

from django.http import HttpRequest

from climbiq.accounts.models import User


def climber_of(request: HttpRequest) -> User:
    """Whoever is logged in; the page is closed to others."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  nobody else passes login_required
    return user
