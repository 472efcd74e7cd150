"""API of one's account, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from climbiq.accounts.api.views import ExportView, MeView

urlpatterns = [
    path("users/me", MeView.as_view(), name="api_me"),
    path("users/me/export", ExportView.as_view(), name="api_export"),
]
