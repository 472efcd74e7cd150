"""The operators' pages of the model: one module for each. Django finds them through this package."""

from __future__ import annotations

from modeling.admin import evaluation, training_runs

__all__ = ["evaluation", "training_runs"]
