"""Where pages listen."""

from __future__ import annotations

from django.urls import path

from climbiq.live.views import EventsView

urlpatterns = [path("events/", EventsView.as_view(), name="events")]
