"""A request of somebody who is logged in, for the type checker."""

from __future__ import annotations

from django.http import HttpRequest

from climbiq.accounts.models import User


class PersonRequest(HttpRequest):
    """What views behind `login_required` get."""

    user: User
