from __future__ import annotations

from recommendations.models.recommendation import Recommendation
from recommendations.models.recommendation_event import RecommendationEvent

__all__ = ["Recommendation", "RecommendationEvent"]
