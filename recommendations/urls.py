"""Pages of the day and of recommendations."""

from __future__ import annotations

from django.urls import path

from recommendations.views import advice, model

urlpatterns = [
    path("", advice.today, name="today"),
    path("sessions/<uuid:session_id>/recommendation/", advice.recommend, name="recommend"),
    path("recommendations/<uuid:recommendation_id>/", advice.recommendation, name="recommendation"),
    path("recommendations/<uuid:recommendation_id>/words/", advice.words, name="recommendation_words"),
    path("recommendations/<uuid:recommendation_id>/why/<int:index>/", advice.why, name="why"),
    path("model/", model.own_model, name="own_model"),
    path("sessions/<uuid:session_id>/taught/", model.session_taught, name="session_taught"),
]
