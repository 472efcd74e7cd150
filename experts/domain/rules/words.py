"""Closed lists of words about rules, and the steps that a rule's life may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "AUDIT_ACTIONS",
    "LIFECYCLES",
    "LIFECYCLE_STEPS",
    "RULE_CATEGORIES",
    "RULE_CONFIDENCES",
    "RULE_SOURCES",
    "STEP_WORDS",
]

RULE_CATEGORIES: Final[Mapping[str, str]] = {
    "safety": "Safety",
    "interaction": "Interaction",
    "edge_case": "Edge case",
    "conservative": "Conservative",
    "performance": "Performance",
}
RULE_CONFIDENCES: Final[Mapping[str, str]] = {"high": "High", "medium": "Medium", "low": "Low"}
RULE_SOURCES: Final[Mapping[str, str]] = {
    "literature": "Literature",
    "coach_consensus": "Coaches’ consensus",
    "ai_suggested": "Suggested by AI",
    "safety_protocol": "Safety protocol",
    "manual": "Written by hand",
}
LIFECYCLES: Final[Mapping[str, str]] = {
    "draft": "Draft",
    "shadow": "Shadow",
    "active": "Active",
    "paused": "Paused",
    "retired": "Retired",
}

# The database's trigger holds the same table and has the last word.
LIFECYCLE_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("active", "shadow", "retired"),
    "shadow": ("active", "draft", "retired"),
    "active": ("paused", "shadow", "retired"),
    "paused": ("active", "shadow", "draft", "retired"),
    "retired": ("draft",),
}
STEP_WORDS: Final[Mapping[str, str]] = {
    "active": "Activate",
    "paused": "Pause",
    "shadow": "Move to shadow",
    "draft": "Back to draft",
    "retired": "Retire",
}

AUDIT_ACTIONS: Final[Mapping[str, str]] = {
    "created": "Created",
    "modified": "Changed",
    "activated": "Activated",
    "deactivated": "Taken out of force",
    "superseded": "Superseded",
}
