"""The demo's model: a real one, trained on the demo's sessions by the worker once it runs."""

from __future__ import annotations

from typing import Final

from climbiq.jobs.models import Job
from climbiq.jobs.services import enqueue
from modeling.models import PopulationPosterior

_KIND: Final = "nightly_training"


def ask_for_demo_training() -> None:
    """Queue the first night for at once: the start need not wait for a sampler."""
    enqueue(kind=_KIND, payload={}, dedupe_key="scheduled")


def demo_training_is_due() -> bool:
    """Tell whether the first model is still to come, and somebody is at it or will be."""
    is_open = Job.objects.filter(kind=_KIND, status__in=("queued", "running", "failed"))
    return is_open.exists() and not PopulationPosterior.objects.exists()
