from __future__ import annotations

from django.db import models
from django.db.models import Q

from climbiq.common.fields import readable_times, reference, time_stamp, uuid_key


class PopulationPosterior(models.Model):
    """A published population: what serving conditions everybody's own sessions on. It holds nobody's data.

    Rows are never changed, but for which one is current.
    """

    id = uuid_key()
    run = reference("modeling.TrainingRun", column="run_id", related_name="+")
    model_version = models.TextField(unique=True)
    population = models.JSONField()
    published_at = time_stamp()
    is_current = models.BooleanField(db_default=True)

    class Meta:
        db_table = "population_posteriors"
        ordering = ["-published_at"]
        constraints = [
            models.UniqueConstraint(fields=["run"], name="population_posteriors_run"),
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="population_posteriors_one_current"
            ),
            *readable_times("published_at", table="population_posteriors"),
        ]

    def __str__(self) -> str:
        return f"population {self.model_version}"
