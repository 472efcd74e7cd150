"""Reads sessions and baselines. Whose rows: the caller's `user_id`, and under it the database's own policies."""

from __future__ import annotations

from sessions_app.selectors.climbers import context_for, current_baseline
from sessions_app.selectors.gyms import found_gyms, gym_label, gym_labels, gym_of_label, gyms_to_offer
from sessions_app.selectors.pages import HistoryFilter, HistoryPage, page_of_history
from sessions_app.selectors.rows import version_of
from sessions_app.selectors.sessions import (
    SessionNotFound,
    history_of,
    records_by_id,
    session_of,
    whole_history_of,
)

__all__ = [
    "HistoryFilter",
    "HistoryPage",
    "SessionNotFound",
    "context_for",
    "current_baseline",
    "found_gyms",
    "gym_label",
    "gym_labels",
    "gym_of_label",
    "gyms_to_offer",
    "history_of",
    "page_of_history",
    "records_by_id",
    "session_of",
    "version_of",
    "whole_history_of",
]
