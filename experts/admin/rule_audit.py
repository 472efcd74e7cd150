"""The log of all rules. It is written by the database and cannot be changed, here or anywhere."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from experts.admin.access import CoachesRead, moment, word_filter
from experts.domain.rules.words import AUDIT_ACTIONS
from experts.models import RuleAuditLog
from experts.selectors import as_log_entries, author_of, rule_log_rows


@admin.register(RuleAuditLog)
class RuleAuditAdmin(CoachesRead):
    """Who changed which rule, when, and why."""

    when_empty = (
        "No rule was ever changed. The database writes a line for each change of a rule, whichever way it "
        "came about: who, what, why."
    )
    list_display = ["at", "action_word", "rule_name", "by", "reason", "changes"]
    list_filter = [word_filter(heading="action", column="action", words=AUDIT_ACTIONS)]
    search_fields = ["rule__name", "reason"]
    list_per_page = 50
    fields = ["at", "action_word", "rule_link", "by", "reason", "changes"]
    readonly_fields = ["at", "action_word", "rule_link", "by", "reason", "changes"]

    class Media:
        css = {"all": ["climbiq/rules-admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleAuditLog]:
        """With the people and the rules, in one query."""
        del request
        return rule_log_rows().select_related("changed_by", "rule")

    @admin.display(description="when", ordering="created_at")
    def at(self, row: RuleAuditLog) -> str:
        """The moment of the change."""
        return moment(row.created_at)

    @admin.display(description="action", ordering="action")
    def action_word(self, row: RuleAuditLog) -> str:
        """Its label."""
        return AUDIT_ACTIONS.get(row.action, row.action)

    @admin.display(description="rule", ordering="rule__name")
    def rule_name(self, row: RuleAuditLog) -> str:
        """What it is called today."""
        return str(row.rule)

    @admin.display(description="rule")
    def rule_link(self, row: RuleAuditLog) -> SafeString:
        """The way to it."""
        address = reverse("admin:experts_expertrule_change", args=[row.rule_id])
        return format_html('<a href="{}">{}</a>', address, row.rule.name)

    @admin.display(description="who")
    def by(self, row: RuleAuditLog) -> str:
        """The person, or how else it came about."""
        return author_of(row) or "directly in the database"

    @admin.display(description="what changed")
    def changes(self, row: RuleAuditLog) -> SafeString:
        """Before and after, in words."""
        (entry,) = as_log_entries([row])
        if entry.changes and entry.changes[0].before is None:
            return format_html("{}", f"{len(entry.changes)} parts written")
        lines = [(change.what, change.before, change.after) for change in entry.changes]
        return format_html_join(
            "", '<p class="rule-change"><b>{}</b> <del>{}</del> → <ins>{}</ins></p>', lines
        )
