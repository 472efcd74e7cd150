"""Scenarios, without anything that could tell a coach what others, or the AI, think of them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from experts.admin.access import CoachesRead, moment, word_filter
from experts.domain.rules.json_text import pretty_json
from experts.models import SyntheticScenario

DIFFICULTIES: Final = {"easy": "Easy", "medium": "Medium", "hard": "Hard", "expert": "Expert"}
# The app role may not read the other columns: the suggestion, the consensus, the status.
COLUMNS: Final = (
    "id",
    "baseline_snapshot",
    "pre_session_snapshot",
    "scenario_description",
    "edge_case_tags",
    "difficulty_level",
    "generated_at",
    "generation_batch",
)


@admin.register(SyntheticScenario)
class ScenarioAdmin(CoachesRead):
    """An invented climber on an invented day."""

    when_empty = (
        "No scenario yet. Scenarios are invented climbers on difficult days, for coaches to judge. A demo "
        "brings some (manage.py seed_demo); nothing here makes new ones yet."
    )
    list_display = ["title", "tags", "difficulty", "generation_batch", "generated"]
    list_filter = [word_filter(heading="difficulty", column="difficulty_level", words=DIFFICULTIES)]
    search_fields = ["scenario_description", "generation_batch"]
    ordering = ["-generated_at", "id"]
    fields = ["title", "tags", "difficulty", "climber", "day", "generation_batch", "generated"]
    readonly_fields = [
        "title",
        "tags",
        "difficulty",
        "climber",
        "day",
        "generation_batch",
        "generated_at",
    ]

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyntheticScenario]:
        """Only what a reviewer may see."""
        return super().get_queryset(request).only(*COLUMNS)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """What is withheld must not be guessed through a filter either."""
        return lookup.partition("__")[0] in COLUMNS and super().lookup_allowed(lookup, value, request)

    @admin.display(description="scenario", ordering="scenario_description")
    def title(self, scenario: SyntheticScenario) -> str:
        """Its description."""
        return str(scenario)

    @admin.display(description="generated", ordering="generated_at")
    def generated(self, scenario: SyntheticScenario) -> str:
        """When."""
        return moment(scenario.generated_at)

    @admin.display(description="edge cases")
    def tags(self, scenario: SyntheticScenario) -> str:
        """In words, separated by commas."""
        return ", ".join(tag.replace("_", " ") for tag in scenario.edge_case_tags or []).capitalize() or "—"

    @admin.display(description="difficulty", ordering="difficulty_level")
    def difficulty(self, scenario: SyntheticScenario) -> str:
        """In a word."""
        given = scenario.difficulty_level
        return "—" if given is None else DIFFICULTIES.get(given, given)

    @admin.display(description="climber")
    def climber(self, scenario: SyntheticScenario) -> SafeString:
        """The baseline."""
        return format_html('<pre class="rule-json">{}</pre>', _lines(scenario.baseline_snapshot))

    @admin.display(description="day")
    def day(self, scenario: SyntheticScenario) -> SafeString:
        """The conditions."""
        return format_html('<pre class="rule-json">{}</pre>', _lines(scenario.pre_session_snapshot))


def _lines(snapshot: object) -> str:
    if not isinstance(snapshot, dict):
        return pretty_json(snapshot)
    return "\n".join(f"{name}: {pretty_json(value)}" for name, value in snapshot.items())
