"""Pages of the day and of recommendations."""

from __future__ import annotations

from django.urls import path

from recommendations import views

urlpatterns = [
    path("", views.today, name="today"),
    path("sessions/<uuid:session_id>/recommendation/", views.recommend, name="recommend"),
    path("recommendations/<uuid:recommendation_id>/", views.recommendation, name="recommendation"),
    path("recommendations/<uuid:recommendation_id>/why/<int:index>/", views.why, name="why"),
]
