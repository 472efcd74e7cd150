"""Row-level security from the application's side: sign who is asking, and bind it to one transaction.

The database trusts nothing but a signed, expiring claim `uid|role|expiry|signature` in the setting `app.claims`.
It is bound with transaction scope, so it can neither leak to the next borrower of a pooled connection nor
survive an error. Without claims every protected table raises; it does not answer "no rows".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser

    from climbiq.accounts.models import User

LIFETIME_SECONDS: Final = 60
LONG_LIFETIME_SECONDS: Final = 900  # for the few requests that may take minutes


class NoTransaction(RuntimeError):
    """Claims were about to be bound outside a transaction, where they would not hold."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the database should take us for; an empty one is nobody."""

    user_id: str = ""
    role: str = ""

    @classmethod
    def of(cls, user: User | AnonymousUser) -> Identity:
        """The identity of a request's user."""
        if user.is_authenticated and user.is_active:
            return cls(str(user.pk), user.access_role)
        return NOBODY


NOBODY: Final = Identity()


def sign(
    identity: Identity, *, now: float, lifetime: int = LIFETIME_SECONDS, key: bytes | None = None
) -> str:
    """Sign claims: H(k ‖ H(k ‖ message)) over `uid|role|expiry`, as `app.claims()` checks it."""
    if identity == NOBODY:
        return ""
    message = f"{identity.user_id}|{identity.role}|{int(now) + lifetime}"
    secret = settings.RLS_KEY if key is None else key
    inner = hashlib.sha256(secret + message.encode()).digest()
    return f"{message}|{hashlib.sha256(secret + inner).hexdigest()}"


def bind(identity: Identity, *, using: str = "default", lifetime: int = LIFETIME_SECONDS) -> None:
    """Make the rest of this transaction act as `identity`."""
    connection = connections[using]
    if not connection.in_atomic_block:
        raise NoTransaction("claims are bound inside a transaction")
    set_binding(connection, sign(identity, now=time.time(), lifetime=lifetime), settings.RLS_SET_ROLE)


def bind_user(user: User, *, using: str = "default", lifetime: int = LIFETIME_SECONDS) -> None:
    """Make the rest of this transaction act as `user`; again, with a longer lifetime, before long work."""
    bind(Identity.of(user), using=using, lifetime=lifetime)


@contextmanager
def acting_as(
    identity: Identity, *, using: str = "default", lifetime: int = LIFETIME_SECONDS
) -> Iterator[None]:
    """One transaction that acts as `identity`; an enclosing transaction gets its own identity back after it."""
    connection = connections[using]
    before = current_binding(connection) if connection.in_atomic_block else None
    with transaction.atomic(using=using):
        bind(identity, using=using, lifetime=lifetime)
        yield
        if before is not None and not connection.needs_rollback:
            set_binding(connection, *before)


@contextmanager
def as_user(
    user_id: UUID | str, *, role: str = "climber", using: str = "default", lifetime: int = LIFETIME_SECONDS
) -> Iterator[None]:
    """One transaction that acts as the person with this key: for tasks, commands and streams."""
    with acting_as(Identity(str(user_id), role), using=using, lifetime=lifetime):
        yield


def current_binding(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """Return the claims and the database role in force, to restore them later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.claims', true), ''), current_setting('role')")
        claims, role = cursor.fetchone()
    return claims, role


def set_binding(connection: BaseDatabaseWrapper, claims: str, role: str) -> None:
    """Put claims (and, where one login plays all roles, the database role) in force until the transaction ends."""
    with connection.cursor() as cursor:
        if role:
            cursor.execute(
                "SELECT set_config('app.claims', %s, true), set_config('role', %s, true)", [claims, role]
            )
        else:
            cursor.execute("SELECT set_config('app.claims', %s, true)", [claims])
