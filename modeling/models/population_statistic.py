from __future__ import annotations

from django.db import models

from climbiq.common.fields import finite, readable_times, time_stamp, uuid_key


class PopulationStatistic(models.Model):
    """How one variable or coefficient is spread over climbers; only where at least 20 of them are counted."""

    id = uuid_key()
    name = models.TextField(unique=True)
    n_climbers = models.IntegerField()
    n_values = models.IntegerField()
    mean = models.FloatField()
    std = models.FloatField()
    quantiles = models.JSONField()  # {"probability": [...], "value": [...]} of climbers' values
    counts = models.JSONField(null=True, blank=True)  # value → number, for scales
    computed_at = time_stamp()

    class Meta:
        db_table = "population_statistics"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(n_climbers__gte=20), name="population_statistics_enough_climbers"
            ),
            *finite("mean", table="population_statistics"),
            *finite("std", table="population_statistics", at_least=0),
            *readable_times("computed_at", table="population_statistics"),
        ]

    def __str__(self) -> str:
        return self.name
