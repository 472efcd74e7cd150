"""What recommendations condition on: the published population, else the priors, never nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from climbiq.accounts import rls
from modeling.domain.climber_outputs import climber_outputs
from modeling.domain.training_data import training_data
from modeling.models import PopulationPosterior
from modeling.priors import as_population_priors
from modeling.selectors import treated_columns
from recommendations.domain.context import believe
from recommendations.domain.own_model import own_model
from recommendations.models import Recommendation, RecommendationEvent
from recommendations.services.own_sessions import own_sessions
from recommendations.services.recommend import Asked, make_recommendation
from recommendations.services.shared_data import population_in_force
from sessions_app.selectors import context_for
from tests.factories.published import publish_population, trained_population
from tests.factories.sessions import make_session

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
CONDITIONS = {"sleep_hours": 7.5, "stress_level": 3, "caffeine_mg": 100}


def ask(user):
    with rls.as_user(user.pk):
        made = make_recommendation(by=user, asked=Asked(conditions=CONDITIONS), now=NOW, tells=False)
    return Recommendation.objects.get(pk=made.recommendation_id)


def event(row, name):
    return json.loads(RecommendationEvent.objects.get(recommendation_id=row.pk, event=name).data)


def climb(user, n, *, quality=9, start=1):
    for days in range(start, start + n):
        make_session(
            user,
            day=NOW.date() - timedelta(days=days),
            planned={
                "sleep_hours": 6.0 + days % 3,
                "stress_level": 1 + days % 5,
                "caffeine_mg": None if days % 4 == 0 else 50 * (days % 5),
                "session_type": "project" if days % 2 else "volume",
                "session_intensity": "high" if days % 3 else None,
            },
            actual={"caffeine_mg": 0} if days % 6 == 0 else None,
            quality=max(quality - days % 3, 1),
        )


def test_before_the_first_training_the_priors_serve(alice):
    row = ask(alice)
    assert row.model_version == "population-prior-1"
    assert row.evidence["run_id"] is None
    assert row.evidence["population"]["caffeine_mg"] == {"mean": 0.003, "sd": 0.00447}
    quality = row.evidence["quality_priors"]
    assert (quality["intercept_mean"], quality["noise_sd"]) == (5.0, 1.3)
    assert set(quality["sources"]) == set(quality) - {"sources"}


def test_what_is_published_serves_and_is_on_the_record(alice):
    before = ask(alice)
    published = publish_population()
    after = ask(alice)
    assert (after.model_version, after.prior_version) == ("hierarchical-1", 1)
    assert after.evidence["run_id"] == str(published.run_id)
    assert "quality_priors" not in after.evidence  # what was learnt stands in their place
    assert after.evidence["model_version"] == event(after, "meta")["model_version"] == "hierarchical-1"
    assert after.evidence["population"]["intercept"]["mean"] == pytest.approx(6.2, abs=0.1)
    assert after.expected_quality > before.expected_quality + 1.0


def test_the_next_one_counts_from_its_publication_on(alice):
    publish_population()
    assert ask(alice).model_version == "hierarchical-1"
    publish_population(trained_population(usual=3.0), version="hierarchical-2")
    row = ask(alice)
    assert row.model_version == "hierarchical-2"
    assert row.expected_quality < 4.5


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda stored: stored | {"sigma": stored["sigma"][:-1]}, id="damaged"),
        pytest.param(lambda stored: stored | {"beta": [[9.0] * 10] * 32}, id="changed by hand"),
        pytest.param(lambda stored: stored | {"format": 99}, id="of a later program"),
        pytest.param(lambda stored: ["nothing"], id="no object"),
    ],
)
def test_a_broken_population_stops_nobody(alice, caplog, spoil):
    row = publish_population()
    PopulationPosterior.objects.filter(pk=row.pk).update(population=spoil(row.population))
    assert ask(alice).model_version == "population-prior-1"
    assert ask(alice).model_version == "population-prior-1"
    assert caplog.text.count("the priors serve") == 1  # told once, not at every request
    publish_population(version="hierarchical-2")
    assert ask(alice).model_version == "hierarchical-2"


def test_a_population_over_other_columns_stops_nobody(alice, caplog):
    trained = trained_population()
    draws = replace(trained.draws, names=("intercept", *(f"x{k}" for k in range(1, 10))))
    publish_population(replace(trained, draws=draws))
    assert ask(alice).model_version == "population-prior-1"
    assert "the priors serve" in caplog.text


def test_a_population_without_a_finite_answer_stops_nobody(alice, caplog):
    trained = trained_population()
    draws = replace(trained.draws, sigma=np.full(32, 1e-200))
    publish_population(replace(trained, draws=draws))
    assert ask(alice).model_version == "population-prior-1"
    assert "the priors serve" in caplog.text


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda stored: stored | {"beta": nested(900)}, id="nested"),
        pytest.param(lambda stored: {"format": nested(900)}, id="nested elsewhere"),
        pytest.param(lambda stored: stored | {"tau": (1e150 * np.ones((32, 10))).tolist()}, id="huge"),
        pytest.param(lambda stored: stored | {"tau": (1e90 * np.ones((32, 10))).tolist()}, id="large"),
        pytest.param(lambda stored: stored | {"sigma": [1e-150] * 32}, id="without noise"),
    ],
)
def test_a_population_that_no_page_could_show_stops_nobody(client, alice, caplog, spoil):
    row = publish_population()
    PopulationPosterior.objects.filter(pk=row.pk).update(population=spoil(row.population))
    climb(alice, 7)
    session = make_session(alice, day=NOW.date() - timedelta(days=9), planned={"stress_level": 5}, quality=2)
    assert ask(alice).model_version == "population-prior-1"
    client.force_login(alice)
    for address in ("/model/", "/api/v1/users/me/model", f"/api/v1/sessions/{session.pk}/taught"):
        assert client.get(address).status_code == 200, address
    assert "the priors serve" in caplog.text


def test_a_database_that_fails_is_no_broken_population(alice, monkeypatch):
    def fails():
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("recommendations.services.shared_data.modeling_selectors.published_population", fails)
    with pytest.raises(OperationalError):
        ask(alice)
    monkeypatch.undo()
    publish_population()
    assert ask(alice).model_version == "hierarchical-1"  # it was not remembered as none


@pytest.mark.parametrize("kinds", [False, True])
def test_a_sound_population_passes(alice, kinds):
    publish_population(trained_population(kinds=kinds))
    assert ask(alice).model_version == "hierarchical-1"


def test_a_session_logged_now_counts_now(alice, bob):
    publish_population()
    first, others = ask(alice), ask(bob)
    make_session(alice, day=NOW.date(), planned=dict(CONDITIONS), quality=10)
    second = ask(alice)
    assert event(second, "meta")["n_sessions"] == 1
    assert second.expected_quality > first.expected_quality + 0.3
    assert (
        second.evidence["coefficients"]["intercept"]["mean"]
        > first.evidence["coefficients"]["intercept"]["mean"] + 0.3
    )
    assert second.evidence["population"] == first.evidence["population"]
    assert ask(bob).expected_quality == others.expected_quality


def test_another_kind_of_session_is_in_the_belief(alice):
    publish_population(trained_population(kinds=True))
    climb(alice, 12)
    row = ask(alice)
    assert row.model_version == "hierarchical-1"
    assert "type:project" in row.evidence["coefficients"]


@pytest.mark.parametrize("kinds", [False, True], ids=["conditions", "kinds"])
def test_served_is_what_the_night_computes(alice, bob, kinds):
    """The same sessions through the web's path and through the night's: the same posterior."""
    climb(alice, 37)
    climb(bob, 3, quality=5)
    publish_population(trained_population(kinds=kinds))
    versions = context_for(user_id=alice.pk).versions
    served = population_in_force(versions=versions)
    columns, _ = treated_columns()
    priors = as_population_priors(rows=served.priors.rows, version=served.priors.version)
    data = training_data(sessions=columns, priors=priors)
    if not kinds:
        data = only_conditions(data)
    nightly = {o.climber: o for o in climber_outputs(trained=served.population, data=data)}
    for user in (alice, bob):
        sessions = own_sessions(history=context_for(user_id=user.pk).history)
        belief = believe(sessions=sessions, population=served.population)
        night = nightly[str(user.pk)]
        posterior = belief.posterior
        lower = np.tril_indices(len(posterior.names))
        assert night.n_sessions == posterior.n_sessions == len(sessions)
        np.testing.assert_allclose(posterior.mean, night.mean, atol=1e-6)
        np.testing.assert_allclose(posterior.covariance[lower], night.covariance, atol=1e-6)
        np.testing.assert_allclose(posterior.level_mean, night.level_mean, atol=1e-6)
        np.testing.assert_allclose(posterior.sigma, night.noise_sd, atol=1e-6)
        np.testing.assert_allclose([*belief.reliability.values()], night.reliability, atol=1e-6)
        mine = own_model(sessions=sessions, population=served.population)
        assert mine.shrinkage_factor == pytest.approx(night.shrinkage_factor, abs=1e-6)
        assert mine.phase == night.phase


def only_conditions(data):
    """The training rows without kinds of sessions, for a population that was trained without."""
    width = 10
    priors = data.priors
    return replace(
        data,
        grouped=replace(data.grouped, design=data.grouped.design[:, :width]),
        priors=replace(
            priors,
            names=priors.names[:width],
            mean=priors.mean[:width],
            sd=priors.sd[:width],
            individual_sd=priors.individual_sd[:width],
        ),
    )


def test_serving_the_published_asks_no_more_of_the_database(alice):
    with CaptureQueriesContext(connection) as with_priors:
        ask(alice)
        with_priors_cold = len(with_priors)
    publish_population()
    ask(alice)
    with CaptureQueriesContext(connection) as warm:
        ask(alice)
    assert len(warm) < with_priors_cold  # neither priors nor population are read again
    assert not any("population_posteriors" in query["sql"] for query in warm.captured_queries)
