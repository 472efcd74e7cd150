"""Background work of the model."""

from __future__ import annotations

from django.utils import timezone

from climbiq.jobs.registry import LONGEST_SECONDS, Outcome, job_handler
from climbiq.jobs.running import CannotSucceed, RunningJob


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


@job_handler("nightly_training", max_attempts=3, hard_limit=LONGEST_SECONDS, queue="training")
def nightly_training(job: RunningJob) -> None:
    """Train the hierarchical model on everybody's sessions, and publish it if the gate lets it."""
    from experts.selectors import NoPriors
    from modeling.domain.priors import InvalidPriors
    from modeling.services.training import trained_model

    try:
        trained_model(
            trigger="schedule" if job.requested_by is None else "button",
            requested_by=job.requested_by,
            job_id=job.id,
            force=bool(job.payload.get("force")),
            on_progress=job.report,
            finishing=job.finishing,
        )
    except (NoPriors, InvalidPriors) as error:
        raise CannotSucceed(str(error)) from error


@job_handler("evaluation", max_attempts=2, hard_limit=1800, queue="training")
def evaluation(job: RunningJob) -> Outcome:
    """Score the model on everybody's sessions beside simple rivals, and say where there is too little to score."""
    from modeling.services.evaluation import TooLittleToTell, evaluate_platform

    try:
        return evaluate_platform(on_progress=job.report).as_dict()
    except TooLittleToTell as little:
        return {"too_little": str(little)}
