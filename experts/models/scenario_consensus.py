from __future__ import annotations

from django.db import models

from climbiq.common.fields import between, empty_array, finite, readable_times, time_stamp, uuid_key


class ScenarioConsensus(models.Model):
    """What the coaches agreed on for one scenario, and the coefficients it implies."""

    id = uuid_key()
    scenario = models.OneToOneField(
        "experts.SyntheticScenario",
        on_delete=models.DO_NOTHING,
        db_column="scenario_id",
        db_constraint=False,
        related_name="consensus",
    )
    consensus_quality_optimal = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    consensus_quality_baseline = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    consensus_session_type = models.TextField(null=True, blank=True)
    consensus_treatments = models.JSONField(null=True, blank=True)
    coefficient_signals = models.JSONField(null=True, blank=True)
    expert_agreement_score = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    n_experts = models.IntegerField(null=True, blank=True)
    disputed_factors = empty_array(models.TextField())
    processed_into_priors = models.BooleanField(null=True, db_default=False)
    processed_at = time_stamp(db_default=False)
    created_at = time_stamp()

    class Meta:
        db_table = "scenario_consensus"
        indexes = [models.Index(fields=["processed_into_priors"], name="idx_scenario_consensus_process")]
        constraints = [
            between("expert_agreement_score", 0, 1, table="scenario_consensus"),
            *finite("consensus_quality_optimal", "consensus_quality_baseline", table="scenario_consensus"),
            *readable_times("processed_at", "created_at", table="scenario_consensus"),
        ]

    def __str__(self) -> str:
        return f"consensus {self.pk}"
