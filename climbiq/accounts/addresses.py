"""Whose an email address is: of an account that it is the first one of, or of whoever confirmed it. Of nobody else.

allauth counts a second address as its account's from the moment that somebody types it: anybody could keep its owner
from signing up, and have the owner's reset letters open another account. It has no setting against this.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from allauth.account.signals import _add_email
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.db.models.functions import Lower

from climbiq.accounts.models import User

__all__ = ["forget_unconfirmed", "guard_addresses", "may_be_first"]

CONFIRM_FIRST: Final = "Confirm the address that you have first: the letter with the link says how."


def _unconfirmed_seconds() -> Any:
    own = Q(email=Lower(F("user__email")))
    return EmailAddress.objects.filter(verified=False, primary=False).exclude(own)


def forget_unconfirmed(*, email: str = "", user: User | None = None) -> None:
    """Drop second addresses that nobody confirmed: a certain one, whosever claim it was, or all of an account."""
    found = _unconfirmed_seconds()
    if email:
        found = found.filter(email=email.lower())
    if user is not None:
        found = found.filter(user_id=user.pk)
    keys = list(found.values_list("pk", flat=True))
    if keys:
        EmailAddress.objects.filter(pk__in=keys).delete()


def may_be_first(address: EmailAddress) -> bool:
    """Whether an address may become the one that its account is known by: confirmed, and no other account's."""
    if not address.pk or not address.verified:
        return False
    return not User.objects.filter(email__iexact=address.email).exclude(pk=address.user_id).exists()


def guard_addresses() -> None:
    """Make allauth ask us, on pages and in its API for apps alike."""
    manage_email.can_mark_as_primary = may_be_first
    _add_email.connect(_refuse_before_the_first_is_confirmed, dispatch_uid="climbiq.accounts.addresses")


def _refuse_before_the_first_is_confirmed(*, user: User, **_: Any) -> None:
    """Who signed up with somebody else's address gets no confirmed one of their own into that account."""
    if not settings.DEMO and not EmailAddress.objects.filter(user_id=user.pk, verified=True).exists():
        raise ValidationError(CONFIRM_FIRST)
