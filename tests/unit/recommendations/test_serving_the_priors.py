"""Before the first publication: the priors serve, and the level follows its climber."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from climbiq.accounts import rls
from modeling.domain.design_matrix import design_matrix
from modeling.domain.drift import PRIOR_DRIFT
from modeling.domain.personal import replay
from modeling.domain.posterior import predict_moments
from recommendations.domain.context import believe
from recommendations.domain.own_model import as_trained
from recommendations.models import Recommendation
from recommendations.services.knowledge import what_is_known, what_it_taught
from recommendations.services.recommend import Asked, make_recommendation
from tests.factories.published import publish_population
from tests.factories.recommendation_context import REFERENCE, context, past_sessions
from tests.factories.sessions import make_session

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
PRIOR = context().population


def ask(user):
    with rls.as_user(user.pk):
        made = make_recommendation(by=user, asked=Asked(conditions={}), now=NOW, tells=False)
    return Recommendation.objects.get(pk=made.recommendation_id)


@pytest.fixture
def better_of_late(alice):
    """Sixty sessions rated 5, and the last ten rated 8."""
    for days in range(70, 0, -1):
        make_session(alice, day=NOW.date() - timedelta(days=days), planned={}, quality=8 if days <= 10 else 5)
    return alice


def test_a_climber_who_has_changed_is_followed(better_of_late):
    """Seventy sessions have a mean of 5.4: that is where a level that stays would put them."""
    assert ask(better_of_late).expected_quality > 7.2


def test_form_of_late_is_told_on_pages(better_of_late):
    with rls.as_user(better_of_late.pk):
        model = what_is_known(by=better_of_late).model
        assert model.level.mean > 1.0
        assert model.band.expected[-1] > 7.0
        session = make_session(better_of_late, day=NOW.date(), planned={}, quality=9)
        change = what_it_taught(by=better_of_late, session_id=session.pk).taught.change
        assert change.surprise.expected > 7.2
        assert change.level_after > change.level_before > 1.0


def test_the_drift_is_on_the_record_while_the_priors_serve(alice):
    assert ask(alice).evidence["drift"] == {"rate_per_day": 0.03, "half_life_days": 30.0}
    publish_population()
    assert "drift" not in ask(alice).evidence


@pytest.mark.parametrize("n", [1, 8, 130])
def test_both_forms_of_the_priors_condition_alike(n):
    """As one normal, for a recommendation, and as a population of one draw and one rhythm, for the band over time."""
    sessions = [replace(s, conditions=dict(REFERENCE, **given(s))) for s in past_sessions(n + 1)]
    matrix = design_matrix(sessions=sessions)
    seen = replay(
        trained=as_trained(PRIOR, drift=PRIOR_DRIFT),
        design=matrix.design,
        outcome=matrix.outcome,
        day=matrix.day,
    )
    gap = sessions[-1].day - sessions[-2].day
    before = believe(sessions=sessions[:-1], population=PRIOR, drift=PRIOR_DRIFT, days_since_last=gap)
    mean, variance = predict_moments(posterior=before.posterior, design_row=matrix.design[-1])
    assert before.posterior.level_variance > 0.0
    assert seen.predictive.mean[-1, 0] == pytest.approx(mean, abs=1e-8)
    assert seen.predictive.sd[-1, 0] ** 2 == pytest.approx(variance + PRIOR.sigma**2, abs=1e-8)


def given(session):
    return {name: value for name, value in session.conditions.items() if value is not None}
