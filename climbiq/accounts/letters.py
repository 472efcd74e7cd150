"""Letters about an account, sent once what they say is so."""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from django.contrib.sites.shortcuts import get_current_site
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from climbiq.accounts.models import User
from climbiq.accounts.time_zones import own_zone


def tell_of_erasure(request: HttpRequest, *, user: User, due_at: datetime) -> None:
    """Say that an account is to be erased, and how to keep it: it may not have been its owner who asked."""
    context = {
        "due_at": timezone.localtime(due_at, own_zone(user)),
        "keep_url": request.build_absolute_uri(reverse("erase")),
    }
    site = {"current_site": get_current_site(request), "email": user.email}
    letter = get_adapter().render_mail("accounts/email/erasure_asked", user.email, context | site)
    send_afterwards(request, letter)


def send_afterwards(request: HttpRequest | None, letter: EmailMessage) -> None:
    """Have a letter sent once the request is committed and holds no connection any more; without a request, now."""
    waiting: list[EmailMessage] | None = getattr(request, "letters", None)
    if waiting is None:
        letter.send()
    else:
        waiting.append(letter)
