"""Pages of the diary."""

from __future__ import annotations

from django.urls import path

from sessions_app.views import after, baseline, before, browse, diary, start

urlpatterns = [
    path("baseline/", baseline.baseline, name="baseline"),
    path("sessions/", browse.history, name="history"),
    path("sessions/new/", before.new_session, name="session_new"),
    path("sessions/<uuid:session_id>/", browse.detail, name="session_detail"),
    path("sessions/<uuid:session_id>/before/", before.change_before, name="session_before"),
    path("sessions/<uuid:session_id>/start/", start.start, name="session_start"),
    path("sessions/<uuid:session_id>/after/", after.log_session, name="session_after"),
    path("sessions/<uuid:session_id>/skip/", after.skip, name="session_skip"),
    path("sessions/<uuid:session_id>/unskip/", after.unskip, name="session_unskip"),
    path("sessions/<uuid:session_id>/delete/", browse.delete, name="session_delete"),
    path("sessions/<uuid:session_id>/restore/", browse.restore, name="session_restore"),
    path("diary/", diary.diary, name="diary"),
    path("diary/load/", diary.load, name="diary_load"),
    path("diary/export/", diary.export, name="diary_export"),
]
