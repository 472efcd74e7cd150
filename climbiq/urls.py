"""Every address of the site. Each app lists its pages in `<app>/urls.py`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from climbiq.common.views import livez, readyz

handler500 = "climbiq.common.views.failed"
urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("api/", include("climbiq.api_urls")),
    path("", include("climbiq.live.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("climbiq.accounts.urls")),
    path("", include("sessions_app.urls")),
    path("", include("recommendations.urls")),
]
