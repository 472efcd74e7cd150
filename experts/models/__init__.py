from __future__ import annotations

from experts.models.expert_rule import ExpertRule
from experts.models.expert_scenario_response import ExpertScenarioResponse
from experts.models.population_prior import PopulationPrior
from experts.models.rule_audit_log import RuleAuditLog
from experts.models.rule_review_session import RuleReviewSession
from experts.models.scenario_consensus import ScenarioConsensus
from experts.models.synthetic_scenario import SyntheticScenario

__all__ = [
    "ExpertRule",
    "ExpertScenarioResponse",
    "PopulationPrior",
    "RuleAuditLog",
    "RuleReviewSession",
    "ScenarioConsensus",
    "SyntheticScenario",
]
