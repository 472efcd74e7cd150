"""Personal API tokens: `ciq_` and 256 random bits. Only a peppered digest is kept, so a leaked table opens nothing."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from climbiq.accounts.models import ApiToken, User

Scope = Literal["read", "write"]

PREFIX: Final = "ciq_"
SHOWN_CHARS: Final = 12  # of which 8 are random: enough for its owner to tell tokens apart
MAX_TOKENS: Final = 20
_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTH: Final = 43  # 62**43 > 2**256
_WELL_FORMED: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_LENGTH}}}")


class TooManyTokens(ValueError):
    """This person has as many usable tokens as anybody may have."""


class BadExpiry(ValueError):
    """A token cannot end before it begins."""


def create_token(
    *, user: User, name: str, scope: Scope, expires_at: datetime | None, now: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token; the second value is the token itself, which nobody can ever see again.

    Raises
    ------
    TooManyTokens
        When `user` has `MAX_TOKENS` usable ones.
    BadExpiry
        When it would already have expired.
    """
    now = now or timezone.now()
    if expires_at is not None and expires_at <= now:
        raise BadExpiry("A token must expire in the future.")
    token = PREFIX + _random_base62()
    with transaction.atomic():
        if _usable(user, now=now).count() >= MAX_TOKENS:
            raise TooManyTokens(f"You have {MAX_TOKENS} tokens. Revoke one you no longer use.")
        row = ApiToken.objects.create(
            user=user,
            name=name.strip()[:80] or "Token",
            prefix=token[:SHOWN_CHARS],
            digest=digest_of(token),
            scope=scope,
            expires_at=expires_at,
        )
    return row, token


def revoke_token(*, user: User, token_id: UUID | str, now: datetime | None = None) -> bool:
    """Make a token of `user` useless at once; False when they have no such usable token."""
    changed = ApiToken.objects.filter(user=user, pk=token_id, revoked_at__isnull=True).update(
        revoked_at=now or timezone.now()
    )
    return bool(changed)


def revoke_all_tokens(*, user: User, now: datetime | None = None) -> int:
    """Make all tokens of `user` useless at once; how many were usable."""
    now = now or timezone.now()
    return _usable(user, now=now).update(revoked_at=now)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """All tokens of one person, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-id")


def _usable(user: User, *, now: datetime) -> QuerySet[ApiToken]:
    return tokens_of(user).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)


def is_well_formed(token: str) -> bool:
    """Tell whether a text could be one of our tokens.

    >>> is_well_formed("ciq_" + "a" * 43)
    True
    >>> is_well_formed("ciq_short")
    False
    """
    return _WELL_FORMED.fullmatch(token) is not None


def digest_of(token: str) -> bytes:
    """Return sha256(pepper ‖ token), under which a token is stored and found."""
    return hashlib.sha256(settings.TOKEN_PEPPER + token.encode()).digest()


def _random_base62() -> str:
    number = secrets.randbits(256)
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
