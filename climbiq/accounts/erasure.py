"""Erasing an account: asked for by its owner, carried out two weeks later, each person in one transaction.

What goes and what stays, each model says itself (`climbiq.common.personal_data`). `users.id` stays: it is the
pseudonym that logs keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from climbiq.accounts.models import Login, User
from climbiq.common.personal_data import in_order_of_erasure

# The database refuses a shorter one.
GRACE: Final = timedelta(days=14)
# Longer than anything that writes about people takes.
LATELY: Final = timedelta(days=2)


class LastOperator(ValueError):
    """Somebody has to be left who looks after the site."""


def request_erasure(*, user: User, now: datetime | None = None) -> datetime:
    """Close an account at once and have it erased after the grace; returns when.

    Every login ends, keys stop working. Logging in again and saying so keeps the account.

    Raises
    ------
    LastOperator
        When nobody else operates the site.
    """
    due_at = (now or timezone.now()) + GRACE
    with transaction.atomic():
        if user.is_superuser and not _others_operate(user):
            raise LastOperator("You are the only operator. Make somebody else one first.")
        user.erasure_due_at = due_at
        user.save(update_fields=["erasure_due_at"])
        Login.objects.filter(user=user).delete()
    return due_at


def keep_account(*, user: User) -> None:
    """Take the wish back."""
    user.erasure_due_at = None
    user.save(update_fields=["erasure_due_at"])


def due_for_erasure(*, now: datetime) -> list[UUID]:
    """Find the accounts whose grace is over, the longest over first."""
    due = User.objects.filter(erasure_due_at__lte=now, erased_at=None).order_by("erasure_due_at", "id")
    return list(due.values_list("pk", flat=True))


def erase_account(*, person: UUID) -> Mapping[str, int] | None:
    """Erase one account, all of it or nothing; None where it is not due (any more).

    For the background role: nobody else may. Doing it twice does nothing the second time.

    Returns
    -------
    rows : mapping or None
        How many rows of each table went.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Locks the account, and looks once more whether its owner has thought better of it.
            cursor.execute("SELECT app.erase_account(%s)", [person])
            if not cursor.fetchone()[0]:
                return None
        return _without_rows(person)


def erased_lately(*, now: datetime) -> list[UUID]:
    """Find the accounts that were erased in the last days."""
    lately = User.objects.filter(erased_at__gt=now - LATELY).order_by("erased_at", "id")
    return list(lately.values_list("pk", flat=True))


def sweep_erased(*, person: UUID) -> int:
    """Erase what was written about an erased account by somebody who had begun before it was; how many rows."""
    with transaction.atomic():
        if not User.objects.filter(pk=person, erased_at__isnull=False).exists():
            return 0
        return sum(_without_rows(person).values())


def _without_rows(person: UUID) -> Mapping[str, int]:
    return {table.name: table.rows(person=person).delete()[0] for table in in_order_of_erasure()}


def _others_operate(user: User) -> bool:
    """Say whether somebody else looks after the site, now and until this transaction ends."""
    # Of two who leave in one moment, the second waits here, and then sees that the first has left.
    list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk").values_list("pk"))
    others = User.objects.filter(is_superuser=True, is_active=True, erasure_due_at=None).exclude(pk=user.pk)
    return others.exists()
