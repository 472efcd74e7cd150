"""The editor's pages: write, change, take a step of the lifecycle, read the log, look fields up."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from climbiq.common.model_admin import AnyModelAdmin
from experts.admin.access import coach_of
from experts.admin.rule_examples import EXAMPLES, example_form
from experts.admin.rule_forms import LifecycleForm, RuleForm, SupersedeForm, faults_told_on
from experts.domain.rules.content import faults_of_parts
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.json_text import UnreadableJson, pretty_json, read_json
from experts.domain.rules.reference import ACTION_REFERENCE, field_reference, operator_reference
from experts.domain.rules.sentences import rule_sentence
from experts.domain.rules.words import LIFECYCLE_STEPS, LIFECYCLES, STEP_WORDS
from experts.models import ExpertRule, SyntheticScenario
from experts.selectors import as_log_entries, names_of, rule_log_rows
from experts.services.rule_refusals import RuleConflict
from experts.services.rules import (
    change_lifecycle,
    content_of,
    create_rule,
    needs_second_coach,
    revision_of,
    supersede_rule,
    update_rule,
)

FIELDSETS: Final[list[tuple[str | None, dict[str, Any]]]] = [
    (None, {"fields": ["name", "description"]}),
    ("What it says", {"fields": ["conditions", "actions"]}),
    ("How it ranks", {"fields": [("rule_category", "priority", "confidence")]}),
    (
        "Where it comes from",
        {"fields": ["source", "evidence", "contributors", "source_scenario", "review_session"]},
    ),
    ("How long it holds", {"fields": ["expires_at"]}),
    ("This change", {"fields": ["reason", "revision"]}),
]
LOG_SHOWN: Final = 5  # beside the form; the rest has a page
LOG_PER_PAGE: Final = 50


class RulePages(AnyModelAdmin):
    """Replaces the admin's own form views: a service writes rules, and what it refuses is told at the field."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new rule, perhaps from an example."""
        del form_url, extra_context
        coach = coach_of(request)
        form = RuleForm(_posted(request), initial=example_form(request.GET.get("example", "")))
        if request.method == "POST" and form.is_valid():
            with faults_told_on(form):
                rule = create_rule(
                    by=coach, content=form.content(), now=timezone.now(), reason=form.cleaned_data["reason"]
                )
                messages.success(request, f"“{rule.name}” is stored as a draft. It does nothing yet.")
                return redirect(_address(rule.pk))
        return self._page(request, form, None, title="Write a rule", examples=EXAMPLES)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A rule: its sentence, its form, its lifecycle and the latest of its log."""
        del form_url, extra_context
        coach = coach_of(request)
        rule = self._rule(request, object_id)
        form = _form_of(rule, _posted(request))
        form.fields["reason"].required = True
        if request.method == "POST" and form.is_valid():
            if not form.changes():
                messages.info(request, "Nothing was changed.")
                return redirect(_address(rule.pk))
            with faults_told_on(form):
                changed = update_rule(
                    by=coach,
                    rule_id=rule.pk,
                    changes=form.changes(),
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                    revision=form.cleaned_data["revision"],
                )
                messages.success(request, f"“{changed.name}” is stored.")
                return redirect(_address(rule.pk))
            _catch_up(form, rule)
        return self._page(request, form, rule, title=rule.name)

    def lifecycle_view(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        """One step, with its reason."""
        coach = coach_of(request)
        rule = self._rule(request, str(rule_id))
        if request.method != "POST":
            return redirect(_address(rule.pk))
        step = LifecycleForm(_posted(request), auto_id="step_%s")
        if step.is_valid():
            with faults_told_on(step):
                changed = change_lifecycle(
                    by=coach,
                    rule_id=rule.pk,
                    to=step.cleaned_data["to"],
                    reason=step.cleaned_data["reason"],
                    revision=step.cleaned_data["revision"] or None,
                )
                messages.success(request, f"“{changed.name}” is now {LIFECYCLES[changed.lifecycle].lower()}.")
                return redirect(_address(rule.pk))
            _catch_up(step, rule)
        return self._page(
            request,
            _form_of(rule),
            rule,
            title=rule.name,
            step=step,
        )

    def supersede_view(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        """Another rule in this one's place, or this one in its own again."""
        coach = coach_of(request)
        rule = self._rule(request, str(rule_id))
        if request.method != "POST":
            return redirect(_address(rule.pk))
        form = SupersedeForm(_posted(request), rule=rule, auto_id="supersede_%s")
        if form.is_valid():
            successor = form.cleaned_data["successor"]
            with faults_told_on(form):
                changed = supersede_rule(
                    by=coach,
                    rule_id=rule.pk,
                    successor_id=None if successor is None else successor.pk,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                    revision=form.cleaned_data["revision"] or None,
                )
                said = "stands for itself again" if successor is None else f"is superseded by “{successor}”"
                messages.success(request, f"“{changed.name}” {said}.")
                return redirect(_address(rule.pk))
            _catch_up(form, rule)
        page = _form_of(rule)
        return self._page(request, page, rule, title=rule.name, supersede=form)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Nothing is deleted; say what to do instead."""
        del extra_context
        coach_of(request)
        rule = self._rule(request, object_id)
        messages.info(request, "Rules are not deleted: what they did stays on record. Retire it instead.")
        return redirect(f"{_address(rule.pk)}#lifecycle")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit log of one rule."""
        del extra_context
        coach_of(request)
        rule = self._rule(request, object_id)
        rows = Paginator(rule_log_rows().filter(rule=rule), LOG_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Log of “{rule.name}”",
            "opts": self.opts,
            "rule": rule,
            "page": rows,
            "entries": as_log_entries(rows),
        }
        return TemplateResponse(request, "experts/admin/rule_log.html", context)

    def fields_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that a rule may look at and do."""
        coach_of(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "What a rule can say",
            "opts": self.opts,
            "fields": field_reference(),
            "operators": operator_reference(),
            "actions": [(action, pretty_json(dict(action.example))) for action in ACTION_REFERENCE],
        }
        return TemplateResponse(request, "experts/admin/rule_fields.html", context)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The sentence of what is being typed, or what is wrong with it so far."""
        coach_of(request)
        given: dict[str, Any] = {}
        faults: list[str] = []
        for part in ("conditions", "actions"):
            try:
                given[part] = read_json(request.POST.get(part, ""))
            except UnreadableJson as error:
                faults.append(f"{part}: {error}")
        faults += map(str, faults_of_parts(given))
        sentence = "" if faults else rule_sentence(parse_rule(**given))
        context = {"sentence": sentence, "faults": faults}
        return TemplateResponse(request, "experts/admin/rule_preview.html", context)

    def _rule(self, request: HttpRequest, object_id: str) -> ExpertRule:
        rule = self.get_object(request, unquote(object_id))
        if rule is None:
            raise Http404("There is no such rule.")
        return rule  # type: ignore[no-any-return]

    def _page(
        self, request: HttpRequest, form: RuleForm, rule: ExpertRule | None, **extra: Any
    ) -> HttpResponse:
        about = {} if rule is None else _about(request, rule)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "adminform": helpers.AdminForm(form, FIELDSETS, {}, model_admin=self),  # type: ignore[arg-type]
            "form": form,
            "errors": form.errors,
            "rule": rule,
            **about,
            **extra,
        }
        return TemplateResponse(request, "experts/admin/rule.html", context)


def _about(request: HttpRequest, rule: ExpertRule) -> dict[str, Any]:
    """What the page says of a stored rule, beside its form."""
    faults = [
        str(fault) for fault in faults_of_parts({"conditions": rule.conditions, "actions": rule.actions})
    ]
    parsed = None if faults else parse_rule(conditions=rule.conditions, actions=rule.actions)
    rows = list(rule_log_rows().filter(rule=rule)[: LOG_SHOWN + 1])
    waits = needs_second_coach(rule=rule, by=coach_of(request))
    return {
        "sentence": rule_sentence(parsed) if parsed else "",
        "faults": faults,
        "lifecycle": LIFECYCLES[rule.lifecycle],
        "is_over": rule.expires_at is not None and rule.expires_at <= timezone.now(),
        "supersede": SupersedeForm(
            initial={"revision": revision_of(rule), "successor": rule.superseded_by_id},
            rule=rule,
            auto_id="supersede_%s",
        ),
        "contributors": _contributors(rule),
        "scenario": _shown_scenario(rule),
        "supersedes": list(ExpertRule.objects.filter(superseded_by=rule).order_by("name")),
        "step": LifecycleForm(initial={"revision": revision_of(rule)}, auto_id="step_%s"),
        "steps": [
            (to, STEP_WORDS[to]) for to in LIFECYCLE_STEPS[rule.lifecycle] if not (to == "active" and waits)
        ],
        "waits_for_second_coach": waits and "active" in LIFECYCLE_STEPS[rule.lifecycle],
        "entries": as_log_entries(rows[:LOG_SHOWN]),
        "has_more_log": len(rows) > LOG_SHOWN,
    }


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _catch_up(form: RuleForm | LifecycleForm | SupersedeForm, rule: ExpertRule) -> None:
    """After a conflict the page shows the rule as it is now; what is sent from there is compared with that."""
    if form.has_error(NON_FIELD_ERRORS, RuleConflict.__name__):
        rule.refresh_from_db()
        posted = QueryDict(mutable=True)
        posted.update(form.data)
        posted["revision"] = revision_of(rule)
        form.data = posted


def _form_of(rule: ExpertRule, posted: QueryDict | None = None) -> RuleForm:
    content = content_of(rule)
    initial = RuleForm.initial_of(content, revision=revision_of(rule))
    return RuleForm(posted, initial=initial, contributors=content.contributors)


def _shown_scenario(rule: ExpertRule) -> SyntheticScenario | None:
    """With the columns alone that a coach may read."""
    scenarios = SyntheticScenario.objects.only("id", "scenario_description")
    return scenarios.filter(pk=rule.source_scenario_id).first() if rule.source_scenario_id else None


def _contributors(rule: ExpertRule) -> list[str]:
    """By name, as those who coach no more are called today."""
    keys = [str(key) for key in rule.contributors or ()]
    names = names_of(keys)
    return [names.get(key, key) for key in keys]


def _address(rule_id: UUID) -> str:
    return reverse("admin:experts_expertrule_change", args=[rule_id])
