"""Addresses of the API. Each app lists its own in `<app>/api/urls.py`, relative to `/api/v1/`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from climbiq.common.registry_api import VariablesView

v1: list[URLPattern | URLResolver] = [
    path("variables", VariablesView.as_view(), name="api_variables"),
    path("", include("climbiq.accounts.api.urls")),
    path("", include("sessions_app.api.urls")),
    path("", include("experts.api.urls")),
    path("", include("recommendations.api.urls")),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("app/v1/", include("climbiq.accounts.api.app_urls")),
    path("schema/", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            permission_classes=[AllowAny], template_name="api/docs.html", template_name_js="api/docs.js"
        ),
        name="api_docs",
    ),
]
