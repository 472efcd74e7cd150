"""Records as JSON: the shapes that `serializers` describes."""

from __future__ import annotations

from typing import Any

from sessions_app.domain.columns import ACTUAL_COLUMNS
from sessions_app.domain.extras import AFTERWARDS, DEVIATED
from sessions_app.domain.records import BaselineRecord, SessionRecord


def session_as_json(session: SessionRecord) -> dict[str, Any]:
    """One session with both its forms."""
    return {
        "id": session.id,
        "session_date": session.session_date,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "duration_min": session.duration_min,
        "gym_id": session.gym_id,
        "location_type": session.location_type,
        "status": session.status,
        "version": session.version,
        "pre_session": pre_session_as_json(session),
        "post_session": post_session_as_json(session),
        "as_treated": session.as_treated if session.has_pre or session.has_post else None,
    }


def pre_session_as_json(session: SessionRecord) -> dict[str, Any] | None:
    """The pre-session form, or None before there is one."""
    return dict(session.planned) if session.has_pre else None


def post_session_as_json(session: SessionRecord) -> dict[str, Any] | None:
    """The post-session form, or None before there is one."""
    if not session.has_post:
        return None
    return {
        **session.outcomes,
        **{ACTUAL_COLUMNS[name]: value for name, value in session.actual.items()},
        DEVIATED.name: session.deviated,
        **{v.name: session.notes.get(v.name) for v in AFTERWARDS if v is not DEVIATED},
        "deviation_details": session.notes.get("deviation_details"),
    }


def baseline_as_json(baseline: BaselineRecord) -> dict[str, Any]:
    """A baseline assessment."""
    return {"id": baseline.id, "assessed_at": baseline.assessed_at, **baseline.values}
