"""API of recommendations, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from recommendations.api import knowledge, lists, views

urlpatterns = [
    path("recommendations/", lists.RecommendationsView.as_view(), name="api_recommendations"),
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
    path("users/me/model", knowledge.OwnModelView.as_view(), name="api_my_model"),
    path(
        "sessions/<uuid:session_id>/taught",
        knowledge.SessionTaughtView.as_view(),
        name="api_session_taught",
    ),
]
