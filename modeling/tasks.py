"""Background work of the model."""

from __future__ import annotations

from django.utils import timezone

from climbiq.jobs.registry import Outcome, job_handler
from climbiq.jobs.running import RunningJob


@job_handler("population_statistics", hard_limit=900)
def refresh_statistics(job: RunningJob) -> Outcome:
    """Publish how conditions and responses are spread over climbers."""
    # NumPy and SciPy stay out of processes that never do this.
    from modeling.services.population_statistics import (
        compute_population_statistics,
        publish_population_statistics,
    )

    spreads = compute_population_statistics(today=timezone.now().date())
    with job.finishing() as result:
        count = publish_population_statistics(spreads=spreads)
        result["statistics"] = count
        if not count:
            result["outcome"] = "nothing to do: fewer than 20 climbers state any condition"
    return None
