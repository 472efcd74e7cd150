"""Forms of the rule editor: JSON as text, faults at the field that they are in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Model, QuerySet
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from experts.admin.coaches import Coaches
from experts.domain.rules.content import CONTENT_PARTS, MAX_CHARS, RuleChanges, RuleContent, faults_of_parts
from experts.domain.rules.faults import Fault, InvalidRule
from experts.domain.rules.json_text import UnreadableJson, pretty_json, read_json
from experts.domain.rules.words import LIFECYCLES, RULE_CATEGORIES, RULE_CONFIDENCES, RULE_SOURCES
from experts.models import ExpertRule, RuleReviewSession, SyntheticScenario
from experts.services.rule_refusals import RuleRefused

__all__ = ["LifecycleForm", "RuleForm", "faults_told_on"]

MINUTES: Final = "%Y-%m-%dT%H:%M"


def _fields_help(before: str) -> SafeString:
    link = '{} <a href="{}" target="_blank">All fields and operators</a>.'
    return format_html(link, before, reverse_lazy("admin:experts_rule_fields"))


_help = lazy(_fields_help, SafeString)


class JSONText(forms.CharField):
    """JSON in a text area; clean data is what it means."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"rows": 9, "class": "rule-json", "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        """Read the text; the grammar comes later, with the whole rule."""
        text = super().clean(value)
        try:
            return read_json(text)
        except UnreadableJson as error:
            raise forms.ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is laid out."""
        try:
            return bool(read_json(str(initial)) != read_json(str(data)))
        except UnreadableJson:
            return True


def _choice(words: Mapping[str, str], **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[("", "Not said"), *words.items()], required=False, **kwargs)


def _text(name: str, *, rows: int, **kwargs: Any) -> forms.CharField:
    attrs = {"rows": rows, "class": "vLargeTextField"}
    return forms.CharField(max_length=MAX_CHARS[name], widget=forms.Textarea(attrs=attrs), **kwargs)


if TYPE_CHECKING:
    MeetingField = forms.ModelChoiceField[RuleReviewSession]
else:
    MeetingField = forms.ModelChoiceField


class Meetings(MeetingField):
    """Review sessions by day and name."""

    def label_from_instance(self, obj: Any) -> str:
        """Names come again, days hardly."""
        return f"{obj.session_date:%Y-%m-%d} {obj.session_name or ''}".strip()


class LookedUp(AutocompleteSelect):
    """A row that is looked up by what is typed; empty it says what that means."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Django's own, which leave the placeholder blank."""
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {"data-placeholder": "Not said"}


class RuleForm(forms.Form):
    """A rule's content. `reason` is needed once the rule exists."""

    name = forms.CharField(
        max_length=MAX_CHARS["name"],
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Short and unique: climbers and colleagues see it.",
    )
    description = _text("description", rows=2, required=False)
    conditions = JSONText(
        label="Conditions",
        help_text=_help(
            'When the rule applies: {"field", "op", "value"}, or {"ALL": […]} and {"ANY": […]} of them.'
        ),
    )
    actions = JSONText(
        label="Actions",
        help_text=_help(
            "What it does: a list of override, suppress, modify_coefficient and message. "
            "An override leaves the model out."
        ),
    )
    rule_category = _choice(
        RULE_CATEGORIES,
        label="Category",
        help_text="A safety rule is activated by a second coach, and asks climbers for what it needs to know.",
    )
    priority = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=50,
        help_text="0 to 100. The matching override with the highest one speaks; equal ones by name.",
    )
    confidence = _choice(RULE_CONFIDENCES)
    source = _choice(RULE_SOURCES)
    evidence = _text("evidence", rows=3, required=False, help_text="Studies, cases, discussions.")
    contributors = Coaches(
        required=False, help_text="Coaches who had a part in it. Hold Ctrl, or ⌘, to choose several."
    )
    source_scenario = forms.ModelChoiceField(
        label="Scenario",
        queryset=SyntheticScenario.objects.only("id", "scenario_description").order_by("-generated_at", "id"),
        required=False,
        empty_label="Not said",
        # Hundreds may be there: looked up by what is typed, in what the scenarios' own page may show.
        widget=LookedUp(ExpertRule._meta.get_field("source_scenario"), admin.site),  # noqa: SLF001
        help_text="The one that led to it. Type some of its words.",
        error_messages={"invalid_choice": "There is no such scenario."},
    )
    review_session = Meetings(
        label="Review session",
        queryset=RuleReviewSession.objects.order_by("-session_date", "id"),
        required=False,
        empty_label="Not said",
        help_text="The meeting that it was agreed in.",
        error_messages={"invalid_choice": "There is no such review session."},
    )
    expires_at = forms.DateTimeField(
        label="Expires",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTES),
        help_text="In your time zone. From then on the rule is as if it were not there.",
    )
    reason = forms.CharField(
        max_length=MAX_CHARS["reason"],
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Why the rule is made or changed. It stays in the log.",
    )
    revision = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, contributors: Collection[UUID] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = self.fields["contributors"]
        assert isinstance(choose, Coaches)  # noqa: S101  for the type checker
        choose.keep(contributors)

    @classmethod
    def initial_of(cls, content: RuleContent, *, revision: str) -> dict[str, Any]:
        """What the form shows of a stored rule."""
        ends = content.expires_at.replace(second=0, microsecond=0) if content.expires_at else None
        return {
            **asdict(content),
            "conditions": pretty_json(content.conditions),
            "actions": pretty_json(content.actions),
            "expires_at": ends,
            "revision": revision,
        }

    def clean(self) -> dict[str, Any]:
        """Hold conditions and actions against the grammar, so that all faults are told at once."""
        cleaned = super().clean() or self.cleaned_data
        for fault in faults_of_parts(cleaned.copy()):
            _tell(fault, on=self)
        return cleaned

    def content(self) -> RuleContent:
        """A new rule as it was typed."""
        return RuleContent(**self._said(CONTENT_PARTS))

    def changes(self) -> RuleChanges:
        """Only what was changed on the page."""
        names = [name for name in self.changed_data if name in CONTENT_PARTS]
        changes: RuleChanges = self._said(names)  # type: ignore[assignment]
        return changes

    def _said(self, names: Iterable[str]) -> dict[str, Any]:
        """Clean data by column; blank means nothing was said."""
        return {name: _plain(self.cleaned_data[name]) for name in names}


def _plain(value: Any) -> Any:
    """What a service takes: keys instead of rows, and None for a blank."""
    match value:
        case "":
            return None
        case QuerySet():
            return tuple(row.pk for row in value)
        case Model():
            return value.pk
        case _:
            return value


class LifecycleForm(forms.Form):
    """One step of a rule's life."""

    to = forms.ChoiceField(choices=list(LIFECYCLES.items()), widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=MAX_CHARS["reason"],
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={"required": "Say why: the reason stays in the rule’s log."},
    )
    revision = forms.CharField(required=False, widget=forms.HiddenInput)


class SupersedeForm(forms.Form):
    """Which rule takes this one's place; none takes it back."""

    successor = forms.ModelChoiceField(
        queryset=ExpertRule.objects.none(), required=False, empty_label="none: this rule stands for itself"
    )
    reason = forms.CharField(
        max_length=MAX_CHARS["reason"],
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={"required": "Say why: the reason stays in the rule’s log."},
    )
    revision = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rule: ExpertRule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = (
            ExpertRule.objects.filter(superseded_by=None).exclude(pk=rule.pk).exclude(lifecycle="retired")
        )
        now_in_its_place = ExpertRule.objects.filter(
            pk__in=[key for key in (rule.superseded_by_id,) if key is not None]
        )
        choice = self.fields["successor"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101  for the type checker
        choice.queryset = (others | now_in_its_place).order_by("name")


class faults_told_on:  # noqa: N801  read as `with faults_told_on(form):`
    """Put what a service refuses at the field it is about; the page is then shown again, as typed."""

    def __init__(self, form: forms.Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Take the services' exceptions, and no others."""
        match error:
            case InvalidRule():
                for fault in error.faults:
                    _tell(fault, on=self._form)
            case RuleRefused():
                told = forms.ValidationError(str(error), code=type(error).__name__)
                self._form.add_error(error.field if error.field in self._form.fields else None, told)
            case _:
                return False
        return True


def _tell(fault: Fault, *, on: forms.Form) -> None:
    """At its field, with the path where it lies deeper."""
    field = fault.path.partition(".")[0].partition("[")[0]
    message = fault.message if fault.path == field else str(fault)
    on.add_error(field if field in on.fields else None, message)
