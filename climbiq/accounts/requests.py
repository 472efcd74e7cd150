"""A request of somebody who is logged in, for the type checker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from climbiq.accounts.models import User

if TYPE_CHECKING:
    from rest_framework.request import Request


class PersonRequest(HttpRequest):
    """What views behind `login_required` get."""

    user: User


def person_of(request: HttpRequest | Request) -> User:
    """Whoever is logged in, by session or token, where nobody else can come."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  login_required or the permissions have seen to it
    return user
