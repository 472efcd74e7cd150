"""API of recommendations, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from recommendations.api import views

urlpatterns = [
    path(
        "recommendations/pre-session",
        views.PreSessionRecommendationView.as_view(),
        name="api_recommendation_pre_session",
    ),
    path(
        "recommendations/<uuid:recommendation_id>",
        views.RecommendationView.as_view(),
        name="api_recommendation",
    ),
    path(
        "recommendations/<uuid:recommendation_id>/events",
        views.RecommendationEventsView.as_view(),
        name="api_recommendation_events",
    ),
]
