"""Rules in the workbench: the list, and the addresses of the editor's pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from experts.admin.access import CoachesRead, is_coach, moment, word_filter
from experts.admin.rule_pages import RulePages
from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.sentences import rule_sentence
from experts.domain.rules.words import LIFECYCLES, RULE_CATEGORIES, RULE_CONFIDENCES, RULE_SOURCES
from experts.models import ExpertRule

SENTENCE_CHARS = 220


@admin.register(ExpertRule)
class RuleAdmin(RulePages, CoachesRead):
    """Coaches write rules here. Nothing is deleted, and every change is in the log."""

    when_empty = (
        "No rule yet. A rule says what coaches are sure of, and speaks before the model does. “Add expert "
        "rule” begins one, from an example if you like; it is a draft, and advises nobody, until it is "
        "activated."
    )
    list_display = ["name", "category", "state", "priority", "sentence", "changed"]
    list_filter = [
        word_filter(heading="lifecycle", column="lifecycle", words=LIFECYCLES),
        word_filter(heading="category", column="rule_category", words=RULE_CATEGORIES),
        word_filter(heading="confidence", column="confidence", words=RULE_CONFIDENCES),
        word_filter(heading="source", column="source", words=RULE_SOURCES),
    ]
    search_fields = ["name", "description", "evidence"]
    search_help_text = "Looks in names, descriptions and evidence."
    ordering = ["-priority", "name"]
    list_per_page = 50

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_coach(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return is_coach(request)

    def get_urls(self) -> list[URLPattern]:
        """The editor's own addresses come before `<path:object_id>/`, which takes everything."""
        guard = self.admin_site.admin_view
        return [
            path("fields/", guard(self.fields_view), name="experts_rule_fields"),
            path("preview/", guard(self.preview_view), name="experts_rule_preview"),
            path("<uuid:rule_id>/lifecycle/", guard(self.lifecycle_view), name="experts_rule_lifecycle"),
            path("<uuid:rule_id>/supersede/", guard(self.supersede_view), name="experts_rule_supersede"),
            *super().get_urls(),
        ]

    @admin.display(description="category", ordering="rule_category")
    def category(self, rule: ExpertRule) -> str:
        """Its label."""
        return RULE_CATEGORIES.get(rule.rule_category or "", "—")

    @admin.display(description="lifecycle", ordering="lifecycle")
    def state(self, rule: ExpertRule) -> SafeString:
        """Lifecycle, and whether it is over all the same."""
        is_over = rule.expires_at is not None and rule.expires_at <= timezone.now()
        word = "expired" if is_over and rule.lifecycle == "active" else rule.lifecycle
        label = LIFECYCLES.get(word, word.capitalize())
        if rule.superseded_by_id is not None:
            word, label = "retired", "Superseded"
        return format_html('<span class="rule-state rule-state--{}">{}</span>', word, label)

    @admin.display(description="changed", ordering="updated_at")
    def changed(self, rule: ExpertRule) -> str:
        """When last."""
        return moment(rule.updated_at)

    @admin.display(description="what it says")
    def sentence(self, rule: ExpertRule) -> str | SafeString:
        """In plain English, or what makes it unreadable."""
        try:
            parsed = parse_rule(conditions=rule.conditions, actions=rule.actions)
        except InvalidRule as invalid:
            return format_html('<span class="rule-broken">Never matches: {}</span>', str(invalid.faults[0]))
        return Truncator(rule_sentence(parsed)).chars(SENTENCE_CHARS)
