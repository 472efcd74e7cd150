from __future__ import annotations

from sessions_app.models.baseline_assessment import BaselineAssessment
from sessions_app.models.deleted_session import DeletedSession
from sessions_app.models.gym import Gym
from sessions_app.models.gym_addition import GymAddition
from sessions_app.models.post_session_data import PostSessionData
from sessions_app.models.pre_session_data import PreSessionData
from sessions_app.models.session import Session

__all__ = [
    "BaselineAssessment",
    "DeletedSession",
    "Gym",
    "GymAddition",
    "PostSessionData",
    "PreSessionData",
    "Session",
]
