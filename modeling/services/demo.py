"""The demo's model: a real one, trained on the demo's sessions by the worker once it runs."""

from __future__ import annotations

from climbiq.jobs.services import enqueue


def ask_for_demo_training() -> None:
    """Queue the first night for at once: the start need not wait for a sampler."""
    enqueue(kind="nightly_training", payload={}, dedupe_key="scheduled")
