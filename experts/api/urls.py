"""API of the coaches, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from experts.api.views import (
    CurrentPriorsView,
    RuleAuditView,
    RuleGrammarView,
    RuleLifecycleView,
    RuleSupersedeView,
    RulesView,
    RuleView,
)

urlpatterns = [
    path("expert-capture/rules", RulesView.as_view(), name="api_rules"),
    path("expert-capture/rules/fields", RuleGrammarView.as_view(), name="api_rule_fields"),
    path("expert-capture/rules/<uuid:rule_id>", RuleView.as_view(), name="api_rule"),
    path(
        "expert-capture/rules/<uuid:rule_id>/lifecycle",
        RuleLifecycleView.as_view(),
        name="api_rule_lifecycle",
    ),
    path(
        "expert-capture/rules/<uuid:rule_id>/supersede",
        RuleSupersedeView.as_view(),
        name="api_rule_supersede",
    ),
    path("expert-capture/rules/<uuid:rule_id>/audit", RuleAuditView.as_view(), name="api_rule_audit"),
    path("expert-capture/priors/current", CurrentPriorsView.as_view(), name="api_priors_current"),
]
