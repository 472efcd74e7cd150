"""The workbench: one module for each model. Django finds them through this package."""

from __future__ import annotations

from experts.admin import priors, review_sessions, rule_audit, rules, scenarios

__all__ = ["priors", "review_sessions", "rule_audit", "rules", "scenarios"]
