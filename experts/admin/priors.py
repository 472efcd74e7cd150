"""The population's priors, version by version. Runs write them; nobody edits them."""

from __future__ import annotations

from django.contrib import admin

from experts.admin.access import CoachesRead
from experts.models import PopulationPrior


@admin.register(PopulationPrior)
class PriorAdmin(CoachesRead):
    """What each coefficient is believed to be before any session, and where that comes from."""

    list_display = [
        "variable_name",
        "version",
        "is_current",
        "population_mean",
        "population_std",
        "between_climbers",
        "expert_n_scenarios",
        "created_at",
    ]
    list_filter = ["is_current", "version"]
    search_fields = ["variable_name", "notes"]
    ordering = ["-version", "variable_name"]
    list_per_page = 50
    fields = [
        ("variable_name", "version", "is_current"),
        ("population_mean", "population_std", "between_climbers"),
        ("optimal_min", "optimal_max"),
        ("literature_mean", "literature_std"),
        "literature_sources",
        ("expert_mean", "expert_std", "expert_n_scenarios"),
        "blend_weights",
        "notes",
        "inputs_hash",
        "created_at",
    ]
    readonly_fields = ["between_climbers"]

    @admin.display(description="SD between climbers", ordering="individual_variance")
    def between_climbers(self, prior: PopulationPrior) -> str:
        """The column's name says variance, its content is a standard deviation."""
        return "—" if prior.individual_variance is None else f"{prior.individual_variance.normalize():f}"
