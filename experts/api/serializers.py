"""Rules over the API: what a client sends, under the names of the columns, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from climbiq.common.serializers import MomentField, StrictSerializer
from experts.domain.rules.content import (
    MAX_CHARS,
    MAX_CONTRIBUTORS,
    RuleChanges,
    RuleContent,
    faults_of_parts,
)
from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.sentences import rule_sentence
from experts.domain.rules.words import LIFECYCLES, RULE_CATEGORIES, RULE_CONFIDENCES, RULE_SOURCES
from experts.models import ExpertRule
from experts.services.rules import revision_of

REVISION_HELP = "As it was read: the change is refused with 409 if the rule has changed since."
REASON_HELP = "Why. It stays in the rule's log."


class RuleContentSerializer(StrictSerializer):
    """What authors decide. Conditions and actions are held against the grammar, all faults at once."""

    name = serializers.CharField(max_length=MAX_CHARS["name"])
    description = serializers.CharField(
        max_length=MAX_CHARS["description"], required=False, allow_null=True, allow_blank=True
    )
    conditions = serializers.JSONField(
        help_text='{"field", "op", "value"}, or {"ALL": […]} and {"ANY": […]} of them; see rules/fields.'
    )
    actions = serializers.JSONField(help_text="A list of override, suppress, modify_coefficient, message.")
    rule_category = serializers.ChoiceField(
        choices=list(RULE_CATEGORIES.items()), required=False, allow_null=True
    )
    priority = serializers.IntegerField(min_value=0, max_value=100, required=False)
    confidence = serializers.ChoiceField(
        choices=list(RULE_CONFIDENCES.items()), required=False, allow_null=True
    )
    source: Any = serializers.ChoiceField(choices=list(RULE_SOURCES.items()), required=False, allow_null=True)
    evidence = serializers.CharField(
        max_length=MAX_CHARS["evidence"], required=False, allow_null=True, allow_blank=True
    )
    contributors = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MAX_CONTRIBUTORS,
        required=False,
        help_text="Coaches, by their keys. Like the other parts of where a rule comes from, no part of what it does.",
    )
    source_scenario = serializers.UUIDField(
        required=False, allow_null=True, help_text="The scenario that led to it."
    )
    review_session = serializers.UUIDField(
        required=False, allow_null=True, help_text="The review session that it was agreed in."
    )
    expires_at = MomentField(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        """Add the grammar's faults, by their paths, to the errors of the fields."""
        faults = faults_of_parts(data) if isinstance(data, Mapping) else ()
        errors: dict[str, Any] = {}
        for fault in faults:
            errors.setdefault(fault.path, []).append(fault.message)
        try:
            converted = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            # A null is told by the field already.
            raise serializers.ValidationError({**errors, **error.detail}) from error
        if errors:
            raise serializers.ValidationError(errors)
        return converted


class RuleCreateSerializer(RuleContentSerializer):
    """`POST rules`."""

    reason = serializers.CharField(
        max_length=MAX_CHARS["reason"], required=False, allow_blank=True, help_text=REASON_HELP
    )

    def content(self) -> RuleContent:
        """What was sent, without the reason."""
        return RuleContent(**_without(self.validated_data, "reason"))


class RuleChangeSerializer(RuleContentSerializer):
    """`PATCH rules/{id}`: the parts to change, and why."""

    reason = serializers.CharField(max_length=MAX_CHARS["reason"], help_text=REASON_HELP)
    revision = serializers.CharField(max_length=64, required=False, help_text=REVISION_HELP)

    def validate(self, attrs: Any) -> Any:
        """A partial body still says what and why."""
        attrs = super().validate(attrs)
        if "reason" not in attrs:
            raise serializers.ValidationError({"reason": ["Say why."]})
        if not _without(attrs, "reason", "revision"):
            raise serializers.ValidationError("Give at least one part of the rule to change.")
        return attrs

    def changes(self) -> RuleChanges:
        """The parts that were sent."""
        changes: RuleChanges = _without(self.validated_data, "reason", "revision")  # type: ignore[assignment]
        return changes


class LifecycleSerializer(StrictSerializer):
    """`POST rules/{id}/lifecycle`."""

    to = serializers.ChoiceField(choices=list(LIFECYCLES.items()))
    reason = serializers.CharField(max_length=MAX_CHARS["reason"], help_text=REASON_HELP)
    revision = serializers.CharField(max_length=64, required=False, help_text=REVISION_HELP)


class SupersedeSerializer(StrictSerializer):
    """`POST rules/{id}/supersede`."""

    successor = serializers.UUIDField(
        allow_null=True, help_text="The rule that takes this one's place; null takes it back."
    )
    reason = serializers.CharField(max_length=MAX_CHARS["reason"], help_text=REASON_HELP)
    revision = serializers.CharField(max_length=64, required=False, help_text=REVISION_HELP)


class RuleSerializer(serializers.ModelSerializer[ExpertRule]):
    """A rule as it is stored, with its sentence."""

    sentence = serializers.SerializerMethodField(help_text="In plain English; null if it cannot be read.")
    faults = serializers.SerializerMethodField(help_text="Why it cannot be read: path → sentences.")
    revision = serializers.SerializerMethodField(
        help_text="Changes with content, lifecycle and superseded_by."
    )

    class Meta:
        model = ExpertRule
        fields = [
            *("id", "name", "description", "conditions", "actions", "condition_fields", "sentence", "faults"),
            *("rule_category", "priority", "confidence", "source", "evidence", "contributors"),
            *("lifecycle", "is_active", "version", "revision", "expires_at", "superseded_by"),
            *("source_scenario", "review_session", "created_at", "created_by", "updated_at", "updated_by"),
        ]
        read_only_fields = fields

    def get_sentence(self, rule: ExpertRule) -> str | None:
        """Say it."""
        try:
            return rule_sentence(parse_rule(conditions=rule.conditions, actions=rule.actions))
        except InvalidRule:
            return None

    def get_faults(self, rule: ExpertRule) -> dict[str, list[str]]:
        """What the grammar refuses: a rule that plain SQL wrote, or whose field is gone."""
        found: dict[str, list[str]] = {}
        for fault in faults_of_parts({"conditions": rule.conditions, "actions": rule.actions}):
            found.setdefault(fault.path, []).append(fault.message)
        return found

    def get_revision(self, rule: ExpertRule) -> str:
        """To be sent back with a change."""
        return revision_of(rule)


class ChangeSerializer(serializers.Serializer[Any]):
    """One part before and after, in words."""

    what = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()


class RuleLogSerializer(serializers.Serializer[Any]):
    """One entry of a rule's log."""

    id = serializers.UUIDField()
    action = serializers.CharField()
    at = serializers.DateTimeField()
    by_id = serializers.UUIDField(allow_null=True)
    by = serializers.CharField(help_text="Blank: directly in the database.")
    reason = serializers.CharField()
    changes = ChangeSerializer(many=True)


def _without(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}
