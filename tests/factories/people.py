"""Makes accounts. The password is known and its hash cheap to make only once a run."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from django.contrib.auth.hashers import make_password

from climbiq.accounts.models import User

PASSWORD = "boulder-problem-42"
_numbers = itertools.count(1)


@functools.cache
def _hash() -> str:
    return make_password(PASSWORD)


def make_climber(**fields: Any) -> User:
    """An account without special rights."""
    fields.setdefault("email", f"climber{next(_numbers)}@example.org")
    return User.objects.create(password=_hash(), **fields)


def make_coach(**fields: Any) -> User:
    """A coach."""
    return make_climber(**{"is_staff": True, **fields})


def make_operator(**fields: Any) -> User:
    """An operator."""
    return make_climber(**{"is_staff": True, "is_superuser": True, **fields})
