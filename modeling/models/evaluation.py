from __future__ import annotations

from climbiq.jobs.models import Job

EVALUATION = "evaluation"


class Evaluation(Job):
    """A job that evaluated the model on the platform's sessions; its result is a scorecard, or why there is none."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "evaluation"
        verbose_name_plural = "evaluation"

    def __str__(self) -> str:
        return f"evaluation {self.status}"
