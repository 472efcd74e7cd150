from __future__ import annotations

from django.db import models
from django.db.models import Q

from climbiq.common.fields import finite, readable_times, text_list, time_stamp, uuid_key

TABLE = "population_priors"


class PopulationPrior(models.Model):
    """One coefficient before any session, in one version. Versions are immutable and count up."""

    id = uuid_key()
    variable_name = models.TextField()
    population_mean = models.DecimalField(max_digits=10, decimal_places=6)
    population_std = models.DecimalField(max_digits=10, decimal_places=6)
    individual_variance = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    optimal_min = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    optimal_max = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    literature_mean = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    literature_std = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    literature_sources = text_list()
    expert_mean = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    expert_std = models.DecimalField(max_digits=10, decimal_places=6, null=True, blank=True)
    expert_n_scenarios = models.IntegerField(null=True, blank=True)
    blend_weights = models.JSONField(null=True, blank=True)
    is_current = models.BooleanField(null=True, db_default=True)
    version = models.IntegerField(null=True, db_default=1)
    notes = models.TextField(null=True, blank=True)
    inputs_hash = models.TextField(null=True, blank=True)
    created_at = time_stamp()
    updated_at = time_stamp()

    class Meta:
        db_table = TABLE
        indexes = [
            models.Index(
                fields=["is_current"], condition=Q(is_current=True), name="idx_population_priors_current"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["variable_name"],
                condition=Q(is_current=True),
                name="population_priors_one_current",
            ),
            models.UniqueConstraint(fields=["variable_name", "version"], name="population_priors_version"),
            *finite(
                *("population_mean", "optimal_min", "optimal_max", "literature_mean", "expert_mean"),
                table=TABLE,
            ),
            *finite(
                *("population_std", "individual_variance", "literature_std", "expert_std"),
                table=TABLE,
                at_least=0,
            ),
            *readable_times("created_at", "updated_at", table=TABLE),
        ]

    def __str__(self) -> str:
        return f"{self.variable_name} v{self.version}"
