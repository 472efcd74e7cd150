"""API of baselines and sessions, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from sessions_app.api import baselines, diary, gyms, session_forms, sessions

urlpatterns = [
    path("users/me/baseline", baselines.BaselineView.as_view(), name="api_my_baseline"),
    path("users/baseline", baselines.BaselineView.as_view(), name="api_baseline"),
    path("gyms", gyms.GymsView.as_view(), name="api_gyms"),
    path("sessions/", sessions.SessionsView.as_view(), name="api_sessions"),
    path(
        "sessions/pre-session", session_forms.PreSessionShortcutView.as_view(), name="api_pre_session_submit"
    ),
    path(
        "sessions/post-session",
        session_forms.PostSessionShortcutView.as_view(),
        name="api_post_session_submit",
    ),
    path("sessions/diary", diary.DiaryView.as_view(), name="api_diary"),
    path("sessions/<uuid:session_id>", sessions.SessionView.as_view(), name="api_session"),
    path(
        "sessions/<uuid:session_id>/pre-session",
        session_forms.PreSessionView.as_view(),
        name="api_pre_session",
    ),
    path(
        "sessions/<uuid:session_id>/post-session",
        session_forms.PostSessionView.as_view(),
        name="api_post_session",
    ),
    path("sessions/<uuid:session_id>/start", sessions.StartView.as_view(), name="api_session_start"),
    path("sessions/<uuid:session_id>/skip", sessions.SkipView.as_view(), name="api_session_skip"),
    path("sessions/<uuid:session_id>/reopen", sessions.ReopenView.as_view(), name="api_session_reopen"),
    path("sessions/<uuid:session_id>/restore", sessions.RestoreView.as_view(), name="api_session_restore"),
]
