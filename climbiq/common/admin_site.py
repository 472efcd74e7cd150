"""The admin: coaches' workbench and operators' console. People log in through the same door as everybody."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse


class ClimbIQAdminSite(AdminSite):
    """Django's admin with our name and allauth's login (rate limits, second factor)."""

    site_header = "ClimbIQ for coaches"
    site_title = "ClimbIQ"
    index_title = "Workbench"
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send people to the one login page; somebody logged in without rights gets a plain answer."""
        del extra_context
        if request.user.is_authenticated and not self.has_permission(request):
            from django.core.exceptions import PermissionDenied

            raise PermissionDenied("These pages are for coaches.")
        target: HttpResponseBase = redirect_to_login(
            request.GET.get("next", resolve_url("admin:index")), resolve_url("account_login")
        )
        return target  # type: ignore[return-value]

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> TemplateResponse:
        """Passwords change on the account page, for everybody, with its limits."""
        del request, extra_context
        return redirect("account_change_password")  # type: ignore[return-value]
