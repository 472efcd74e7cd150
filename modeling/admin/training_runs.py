"""Operators see every training run here: how it went, what was decided and why; and they start one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from climbiq.accounts.requests import person_of
from climbiq.jobs.admin import OperatorsRead
from climbiq.jobs.models import Job
from climbiq.jobs.services import enqueue, waiting_job
from modeling.admin.run_pictures import calibration, learnt_population, learnt_rhythms
from modeling.domain.gate_report import STATUS_WORDS, checks
from modeling.domain.training_stages import in_order
from modeling.models import PopulationPosterior, TrainingRun

JOB_KIND: Final = "nightly_training"
# The schedule's: whatever asks for it, one waits at most, and none runs beside another.
DEDUPE_KEY: Final = "scheduled"


@admin.register(TrainingRun)
class TrainingRunAdmin(OperatorsRead):
    """Training runs, newest first."""

    when_empty = (
        "No training yet: until one is published, advice rests on the priors and each climber’s own "
        "sessions. One begins every night, by “Train now”, or by manage.py train; it needs sessions of at "
        "least two climbers."
    )
    list_display = ["begun", "end", "trigger", "n_climbers", "n_sessions", "model_version", "took"]
    list_display_links = ["begun"]
    list_filter = ["status", "trigger"]
    date_hierarchy = "started_at"
    ordering = ["-started_at"]
    show_full_result_count = False
    actions = None
    change_list_template = "modeling/admin/training_runs.html"
    # Population and draws are large, and nothing for a list.
    list_select_related = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the draws where they are."""
        return super().get_queryset(request).defer("sampled", "priors", "learnt")

    @admin.display(description="Begun", ordering="started_at")
    def begun(self, run: TrainingRun) -> str:
        """When it began."""
        return _moment(run.started_at)

    @admin.display(description="End", ordering="status")
    def end(self, run: TrainingRun) -> str | SafeString:
        """How it ended, or how far it is."""
        if run.finished_at is None:
            return _bar(run.progress, run.stage or "starting")
        return run.get_status_display()

    @admin.display(description="Took")
    def took(self, run: TrainingRun) -> str:
        """All stages together."""
        return f"{sum(run.durations.values()):.0f} s" if run.durations else ""

    def get_urls(self) -> list[URLPattern]:
        """And the address of the button."""
        train = path("train/", self.admin_site.admin_view(self.train), name="modeling_trainingrun_train")
        return [train, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Headed by what serves, what is under way, and the button."""
        current = PopulationPosterior.objects.filter(is_current=True).defer("population").first()
        job = Job.objects.filter(kind=JOB_KIND, status__in=["queued", "running", "failed"]).first()
        under_way = TrainingRun.objects.filter(status="running").only("pk").first()
        extra = {
            "title": "Training runs",
            "current": current,
            "job": job,
            "job_bar": _bar(job.progress, job.progress_note) if job and job.status == "running" else "",
            "reload_seconds": 3 if (job and job.status != "failed") or under_way else 0,
        }
        return super().changelist_view(request, extra | (extra_context or {}))

    def train(self, request: HttpRequest) -> HttpResponse:
        """Queue a run."""
        return require_POST(self._train)(request)

    def _train(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied("Training is started by operators.")
        if waiting_job(kind=JOB_KIND, dedupe_key=DEDUPE_KEY) is not None:
            self.message_user(request, "A training is waiting already.", messages.WARNING)
        else:
            enqueue(
                kind=JOB_KIND,
                payload={"force": request.POST.get("force") == "1"},
                dedupe_key=DEDUPE_KEY,
                requested_by=person_of(request).pk,
            )
            self.message_user(request, "Training is queued. This page shows how far it is.")
        return redirect("admin:modeling_trainingrun_changelist")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one run in words."""
        del form_url
        if not self.has_view_permission(request):
            raise PermissionDenied("Training runs are for operators.")
        if request.method != "GET":
            raise PermissionDenied("A run is never changed.")
        run = self.get_object(request, unquote(object_id))
        if run is None:
            raise Http404("there is no such training run")
        context = {
            **self.admin_site.each_context(request),
            **_told(run),
            "title": f"Training of {_moment(run.started_at)}",
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "modeling/admin/training_run.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A run has no history of edits: it is one."""
        del extra_context
        if not self.has_view_permission(request):
            raise PermissionDenied("Training runs are for operators.")
        return redirect(reverse("admin:modeling_trainingrun_change", args=[object_id]))


def _told(run: TrainingRun) -> dict[str, Any]:
    """What the page of one run shows."""
    priors = run.priors or {"names": [], "mean": [], "sd": [], "individual_sd": []}
    return {
        "run": run,
        "words": STATUS_WORDS[run.status],
        "is_open": run.finished_at is None,
        "bar": _bar(run.progress, run.stage or "starting"),
        "began": _moment(run.started_at),
        "ended": _moment(run.finished_at),
        "checks": checks(diagnostics=run.diagnostics, held_out=run.held_out),
        "calibration": calibration(held_out=run.held_out),
        **learnt_population(learnt=run.learnt, priors=run.priors),
        **learnt_rhythms(learnt=run.learnt),
        "stages": in_order(durations=run.durations),
        "seconds": sum(run.durations.values()),
        "priors": list(
            zip(priors["names"], priors["mean"], priors["sd"], priors["individual_sd"], strict=True)
        ),
        "shrinkage": (run.climbers or {}).get("shrinkage_quartiles") or [],
        "phases": [(p.replace("_", " "), n) for p, n in ((run.climbers or {}).get("phases") or {}).items()],
    }


def _bar(progress: float | None, note: str) -> SafeString:
    """A bar, and the number for those who do not see it."""
    percent = round(100 * (progress or 0.0))
    return format_html('<progress max="100" value="{0}">{0} %</progress> {0} % {1}', percent, note)


def _moment(at: datetime | None) -> str:
    return "—" if at is None else date_format(localtime(at), "j M Y, H:i")
