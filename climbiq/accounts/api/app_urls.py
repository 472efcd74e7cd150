"""Where programs log people in, below /api/app/v1/: the parts of allauth's headless API that we offer, by its names.

Left out: phones, codes by mail and passkeys, which nobody has here.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.headless.account import views as account
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.mfa import views as mfa
from django.urls import URLPattern, path

_VIEWS: Final[dict[str, Any]] = {
    "config": ConfigView,
    "auth/session": account.SessionView,
    "auth/signup": account.SignupView,
    "auth/login": account.LoginView,
    "auth/reauthenticate": account.ReauthenticateView,
    "auth/email/verify": account.VerifyEmailView,
    "auth/password/request": account.RequestPasswordResetView,
    "auth/password/reset": account.ResetPasswordView,
    "auth/2fa/authenticate": mfa.AuthenticateView,
    "auth/2fa/reauthenticate": mfa.ReauthenticateView,
    "account/password/change": account.ChangePasswordView,
    "account/email": account.ManageEmailView,
    "account/authenticators": mfa.AuthenticatorsView,
    "account/authenticators/totp": mfa.ManageTOTPView,
    "account/authenticators/recovery-codes": mfa.ManageRecoveryCodesView,
}

urlpatterns: list[URLPattern] = [
    path(where, view.as_api_view(client=Client.APP), name="app_" + where.replace("/", "_").replace("-", "_"))
    for where, view in _VIEWS.items()
]
