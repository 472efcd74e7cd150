"""Operators ask here whether the model foresees what comes next, on the platform's own sessions."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from climbiq.accounts.requests import person_of
from climbiq.common.chart_data import Calibration
from climbiq.jobs.admin import OperatorsRead
from climbiq.jobs.services import enqueue
from modeling.domain.score_words import score_rows, score_words
from modeling.domain.scorecard import Scorecard, UnreadableScorecard, read_scorecard
from modeling.domain.shares import share_interval
from modeling.models import EVALUATION, Evaluation

DEDUPE_KEY: Final = "platform"
RELOAD_SECONDS: Final = 3
_UNDER_WAY: Final = ("queued", "running", "failed")


@admin.register(Evaluation)
class EvaluationAdmin(OperatorsRead):
    """One page: the last evaluation in words, table and pictures, and the button for the next."""

    def get_urls(self) -> list[URLPattern]:
        """Nothing but the page and its button."""
        guard = self.admin_site.admin_view
        return [
            path("", guard(self.changelist_view), name="modeling_evaluation_changelist"),
            path("evaluate/", guard(self.evaluate), name="modeling_evaluation_evaluate"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the latest evaluation that ended, and what is under way."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Evaluations are for operators.")
        jobs = Evaluation.objects.filter(kind=EVALUATION)
        under_way = jobs.filter(status__in=_UNDER_WAY).order_by("-created_at").first()
        latest = jobs.filter(status__in=("succeeded", "dead")).order_by("-finished_at").first()
        last = jobs.filter(status="succeeded").order_by("-finished_at").first()
        context = {
            **self.admin_site.each_context(request),
            "title": "Evaluation",
            "opts": self.opts,
            "last": last,
            "too_little": (last.result or {}).get("too_little", "") if last else "",
            "under_way": under_way,
            "percent": round(100 * (under_way.progress or 0.0)) if under_way else 0,
            "given_up": latest if latest and latest.status == "dead" and not under_way else None,
            "reload_seconds": RELOAD_SECONDS if under_way and under_way.status != "failed" else 0,
            **_told(last),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "modeling/admin/evaluation.html", context)

    def evaluate(self, request: HttpRequest) -> HttpResponse:
        """Queue an evaluation."""
        return require_POST(self._evaluate)(request)

    def _evaluate(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied("Evaluations are started by operators.")
        enqueue(kind=EVALUATION, payload={}, dedupe_key=DEDUPE_KEY, requested_by=person_of(request).pk)
        self.message_user(request, "The evaluation is queued. This page shows how far it is.")
        return redirect("admin:modeling_evaluation_changelist")


def _told(last: Evaluation | None) -> dict[str, Any]:
    """What the page shows of a scorecard; nothing where there is none, or one of another version."""
    if last is None or not last.result or "models" not in last.result:
        return {"card": None}
    try:
        card = read_scorecard(last.result)
    except UnreadableScorecard:
        return {"card": None, "is_of_another_version": True}
    return {
        "card": card,
        "words": score_words(card=card),
        "rows": score_rows(card=card),
        "calibration": _calibration(card),
        "split_percent": round(100 * card.split),
    }


def _calibration(card: Scorecard) -> list[Calibration]:
    """Ten points are enough for a picture: 10 %, 20 % … 90 %, 95 %."""
    points = []
    for (said, seen), n in zip(card.calibration, card.calibration_n, strict=True):
        if round(100 * said) % 10 == 0 or said == card.calibration[-1][0]:
            low, high = share_interval(share=seen, n=n)
            points.append(Calibration(said=said, seen=seen, low=low, high=high, n=card.n_test))
    return points
