"""What we know about the climber, and what a session taught: pages of numbers, each with its words."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from climbiq.accounts.requests import person_of
from climbiq.common.chart_data import Estimate, Moment
from climbiq.domain.variables import variable
from modeling.domain.design_matrix import INTERCEPT
from modeling.domain.figures import QualityBand
from recommendations.domain import model_words as words
from recommendations.domain import rounding
from recommendations.domain.belief_change import CoefficientChange
from recommendations.domain.guess_words import guess_sentences
from recommendations.domain.own_model import Effect, OwnModel
from recommendations.domain.provenance import provenance_of_all, sources
from recommendations.domain.statistical_context import CoefficientBelief
from recommendations.domain.taught import Taught
from recommendations.services.knowledge import SessionNotFound, what_is_known, what_it_taught
from recommendations.views.faults import needs_priors
from sessions_app.domain.records import SessionRecord
from sessions_app.domain.wording import in_words, title_of

SESSIONS_DRAWN: Final = 40
GUESSES_DRAWN: Final = 20
CHANGES_DRAWN: Final = 3
PHASES: Final = ("cold_start", "learning", "personalized")


@login_required
@require_GET
@needs_priors
def own_model(request: HttpRequest) -> HttpResponse:
    """What we know about the climber: phase, effects beside everybody's, quality over time."""
    known = what_is_known(by=person_of(request))
    model = known.model
    conditions = [effect for effect in model.effects if not effect.is_kind]
    return render(
        request,
        "recommendations/own_model.html",
        {
            "model": model,
            "served": known.served,
            "sources": sources(
                provenance_of_all(priors=known.served.priors.by_variable, trained=False).as_payload()
            ),
            "phases": [{"name": words.phase_title(p), "is_now": p == model.phase} for p in PHASES],
            "meaning": words.lead(model.shrinkage_factor),
            "next_phase": words.next_phase(model),
            "association": words.ASSOCIATION,
            "usual": _usual(model, today=timezone.localdate()),
            "estimates": [_estimate(effect) for effect in conditions],
            "effects": [_row(effect, model) for effect in conditions],
            "kinds": [_row(effect, model) for effect in model.effects if effect.is_kind],
            "guesses": known.guesses,
            "guesses_drawn": known.guesses.guesses[-GUESSES_DRAWN:],
            "guess_sentences": guess_sentences(known.guesses),
            "moments": moments_of(model.band)[-SESSIONS_DRAWN:],
        },
    )


@login_required
@require_GET
@needs_priors
def session_taught(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What one session taught: expected and rated, before and after, why much or little."""
    try:
        lesson = what_it_taught(by=person_of(request), session_id=session_id)
    except SessionNotFound:
        raise Http404 from None
    page: dict[str, Any] = {"session": lesson.session, "title": title_of(lesson.session)}
    if lesson.taught is not None:
        changes = [_change(change) for change in lesson.taught.change.coefficients]
        page |= {
            "taught": lesson.taught,
            "change": lesson.taught.change.as_payload(),
            "drawn": [change for change in changes if change["is_news"]][:CHANGES_DRAWN],
            "changes": changes,
            "level": _level(lesson.taught),
            "association": words.ASSOCIATION,
            "beside_the_plan": lesson.taught.beside_the_plan(done=_done_instead(lesson.session)),
        }
    return render(request, "recommendations/taught.html", page)


def _done_instead(session: SessionRecord) -> list[str]:
    return [f"{variable(name).label.lower()}: {in_words(name, value)}" for name, _, value in session.changes]


def moments_of(band: QualityBand) -> list[Moment]:
    """A band as the trend's points."""
    return [
        Moment(day=date.fromordinal(int(day)), observed=observed, expected=expected, low=low, high=high)
        for day, observed, expected, low, high in zip(
            band.day.tolist(),
            band.observed.tolist(),
            band.expected.tolist(),
            band.low.tolist(),
            band.high.tolist(),
            strict=True,
        )
    ]


def _estimate(effect: Effect) -> Estimate:
    own, (low, high) = words.told(effect.own, effect.name)
    everybody, (from_, to) = words.told(effect.population, effect.name)
    return Estimate(
        label=f"{words.effect_label(effect.name)}, {words.per_step(effect.name)}",
        value=own,
        low=low,
        high=high,
        reference=everybody,
        reference_low=from_,
        reference_high=to,
    )


def _row(effect: Effect, model: OwnModel) -> dict[str, Any]:
    own, own_interval = words.told(effect.own, effect.name)
    everybody, interval = words.told(effect.population, effect.name)
    per = words.per_step(effect.name)
    return {
        "name": effect.name,
        "label": words.effect_label(effect.name),
        "title": f"{words.effect_label(effect.name)}: before your own sessions, and with them",
        "unit": f"points {per}".strip(),
        "per": per,
        "up_to": words.up_to(effect.name),
        "own": own,
        "own_interval": own_interval,
        "population": everybody,
        "population_interval": interval,
        "direction": words.direction(effect),
        "share": words.share_in_words(effect.reliability, varies=effect.varies),
        "reliability": effect.reliability,
        "own_sessions": effect.own_sessions,
        "sessions": model.n_sessions,
    }


def _usual(model: OwnModel, *, today: date) -> dict[str, Any]:
    """The level is of the last rated session: it fades afterwards, so its day is said unless that is today."""
    last = date.fromordinal(int(model.band.day[-1])) if model.n_sessions else None
    return {
        **_row(model.usual, model),
        "level": rounding.gain(model.level.mean),
        "with_level": model.usual.own.mean + model.level.mean,
        "level_day": None if last == today else last,
    }


def _level(taught: Taught) -> dict[str, Any]:
    change = taught.change
    return {
        "before": rounding.gain(change.level_before),
        "after": rounding.gain(change.level_after),
        "is_news": change.level_is_news,
    }


def _change(change: CoefficientChange) -> dict[str, Any]:
    (before, before_interval), (after, after_interval) = (
        words.told(CoefficientBelief(mean=mean, sd=sd), change.variable)
        for mean, sd in (change.before, change.after)
    )
    per = words.per_step(change.variable)
    return {
        "label": words.effect_label(change.variable),
        "is_usual": change.variable == INTERCEPT,
        "unit": f"points {per}".strip(),
        "before": before,
        "before_interval": before_interval,
        "after": after,
        "after_interval": after_interval,
        "why": change.why,
        "is_news": change.is_clear,
    }
