"""The population's priors, version by version. Runs write them; nobody edits them."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import admin

from experts.admin.access import CoachesRead, moment
from experts.models import PopulationPrior


@admin.register(PopulationPrior)
class PriorAdmin(CoachesRead):
    """What each coefficient is believed to be before any session, and where that comes from."""

    when_empty = (
        "No prior is loaded, so nothing can be recommended. An operator loads those of the literature "
        "with manage.py load_literature_priors; they are version 1, and whatever changes them later "
        "writes a version of its own."
    )
    list_display = [
        "variable_name",
        "version",
        "is_current",
        "believed",
        "between_climbers",
        "scenarios",
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
        "made",
    ]
    readonly_fields = ["between_climbers", "made"]

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}

    @admin.display(description="mean ± SD", ordering="population_mean")
    def believed(self, prior: PopulationPrior) -> str:
        """Of the population's coefficient, per natural unit."""
        return f"{_short(prior.population_mean)} ± {_short(prior.population_std)}"

    @admin.display(description="scenarios", ordering="expert_n_scenarios")
    def scenarios(self, prior: PopulationPrior) -> str:
        """How many scenarios of experts went into it."""
        return "—" if prior.expert_n_scenarios is None else str(prior.expert_n_scenarios)

    @admin.display(description="made", ordering="created_at")
    def made(self, prior: PopulationPrior) -> str:
        """When its version was written."""
        return moment(prior.created_at)

    @admin.display(description="± climbers", ordering="individual_variance")
    def between_climbers(self, prior: PopulationPrior) -> str:
        """Their standard deviation, although the column is called a variance."""
        return "—" if prior.individual_variance is None else _short(prior.individual_variance)


def _short(number: Decimal) -> str:
    """Without the zeros that fill the column.

    >>> _short(Decimal("-0.350000")), _short(Decimal("0.000000"))
    ('-0.35', '0')
    """
    return f"{number.normalize():f}"
