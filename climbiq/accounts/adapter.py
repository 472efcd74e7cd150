"""Our side of allauth: what a new account carries, what a login notes of itself, who waits after wrong passwords."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from climbiq.accounts import rls
from climbiq.accounts.addresses import forget_unconfirmed
from climbiq.accounts.letters import send_afterwards
from climbiq.accounts.login_store import BEGAN, IS_APP
from climbiq.accounts.models import Login, User
from climbiq.accounts.session_lifetime import note_use
from climbiq.accounts.tokens import revoke_all_tokens


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Stores the name and the time zone given at sign-up, and when and on what a login began."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.display_name = form.cleaned_data.get("display_name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def login(self, request: HttpRequest, user: User) -> None:
        """Log in; the login's age counts from here."""
        super().login(request, user)
        request.session.pop(BEGAN, None)
        note_use(request.session, now=int(time.time()), user_agent=request.headers.get("User-Agent", ""))
        request.session[IS_APP] = hasattr(request.allauth, "headless")  # type: ignore[attr-defined]

    def set_password(self, user: User, password: str) -> None:
        """A new password ends every login and key, and forgets addresses that nobody confirmed.

        Whoever takes an account back need not know what somebody else has left in it. The login at hand is written anew
        by whoever changes their own.
        """
        super().set_password(user, password)
        Login.objects.filter(user=user).delete()
        forget_unconfirmed(user=user)
        with rls.acting_as(rls.Identity.of(user)):  # a reset comes from somebody who is not logged in
            revoked = revoke_all_tokens(user=user) if user.is_active else 0
        if revoked and self.request is not None:
            text = "Your keys for scripts and apps do not open anything any more. Make new ones where you need them."
            self.add_message(self.request, messages.WARNING, message=text)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write it now, and send it when the request holds no connection: a mail server may be slow."""
        site = {"request": self.request, "email": email, "current_site": get_current_site(self.request)}
        send_afterwards(self.request, self.render_mail(template_prefix, email, site | context))

    def clean_email(self, email: str) -> str:
        """Every form asks for it before it looks whose an address is: a claim that nobody confirmed is none."""
        cleaned: str = super().clean_email(email)
        forget_unconfirmed(email=cleaned)
        return cleaned

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt, and refuse one too many: of this name at this address, or of any name at it.

        The wide count has a name of its own because allauth wipes all counts of `login_failed` after a second step
        or a reset, the address' too: whoever has an account here could guess at others for ever.
        """
        super().pre_authenticate(request, **credentials)
        wide = ratelimit.consume(request, app="allauth.account", action="login_failed_at_address")
        if wide is None:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage += (
            wide.usage
        )  # given back, like the rest, when the password is right

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Of a name at an address: guesses made elsewhere lock nobody out of their own account."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{ratelimit.get_ip(request)}"
