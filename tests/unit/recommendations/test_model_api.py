"""What is known and what was taught, over HTTP: in the specification's names, as of now, one's own only."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from climbiq.accounts.tokens import create_token
from climbiq.common.throttles import PerUserThrottle
from experts.models import PopulationPrior
from modeling.domain.design_matrix import COEFFICIENTS
from recommendations.api.knowledge import OwnModelView, SessionTaughtView
from tests.factories.published import publish_population, trained_population
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 19)
MODEL = "/api/v1/users/me/model"


@pytest.fixture
def headers(alice):
    _, token = create_token(user=alice, name="t", scope="read", expires_at=None)
    return {"Authorization": f"Bearer {token}"}


def test_before_any_session_it_is_the_population(client, alice, headers):
    answer = client.get(MODEL, headers=headers).json()
    assert answer["user_id"] == str(alice.pk)
    assert set(answer["coefficients"]) == set(answer["confidence_intervals"]) == set(COEFFICIENTS)
    assert answer["coefficients"] == answer["population"]["coefficients"]
    assert answer["coefficients"]["caffeine_mg"] == 0.003
    assert (answer["sessions_included"], answer["phase"]) == (0, "cold_start")
    assert (answer["shrinkage_factor"], answer["sessions_to_next_phase"]) == (0.0, 10)
    assert (answer["last_trained_at"], answer["run_id"]) == (None, None)
    assert answer["model_version"] == "population-prior-1"
    assert "need not cause" in answer["note"]


def test_trained_and_as_of_now(client, alice, bob, headers):
    published = publish_population(trained_population(kinds=True))
    for back in range(12):
        make_session(bob, day=DAY - timedelta(days=back), planned={}, quality=1)
        make_session(
            alice,
            day=DAY - timedelta(days=back),
            planned={"stress_level": 1 + back % 5},
            quality=9 - back % 3,
        )
    first = client.get(MODEL, headers=headers).json()
    assert (first["sessions_included"], first["phase"], first["sessions_to_next_phase"]) == (
        12,
        "learning",
        18,
    )
    assert first["run_id"] == str(published.run_id)
    assert first["model_version"] == "hierarchical-1"
    assert first["last_trained_at"] is not None
    assert 0.0 < first["shrinkage_factor"] < 1.0
    assert first["reliability"]["type:project"] == 0.0
    low, high = first["confidence_intervals"]["intercept"]
    assert low < first["coefficients"]["intercept"] < high
    make_session(alice, day=DAY + timedelta(days=1), planned={}, quality=2)
    second = client.get(MODEL, headers=headers).json()
    assert second["sessions_included"] == 13
    assert second["coefficients"]["intercept"] < first["coefficients"]["intercept"]


def test_what_a_session_taught(client, alice, headers):
    make_session(alice, day=DAY, planned={"stress_level": 3}, quality=5)
    session = make_session(alice, day=DAY + timedelta(days=2), planned={"stress_level": 5}, quality=9)
    answer = client.get(f"/api/v1/sessions/{session.pk}/taught", headers=headers).json()
    assert (answer["session_id"], answer["sessions_before"]) == (str(session.pk), 1)
    assert answer["observed"] == 9.0
    assert answer["surprise"] == pytest.approx(9.0 - answer["expected"], abs=0.11)
    assert answer["why"] == "learnt"
    assert answer["coefficients"][0]["variable"] == "intercept"
    assert answer["coefficients"][0]["after"] > answer["coefficients"][0]["before"]
    low, high = answer["predictive_interval_95"]
    assert low < answer["expected"] < high


def test_what_is_not_rated_or_not_ones_own_taught_nothing(client, alice, bob, headers):
    unrated = make_session(alice, day=DAY, planned={})
    foreign = make_session(bob, day=DAY, planned={}, quality=7)
    answer = client.get(f"/api/v1/sessions/{unrated.pk}/taught", headers=headers)
    assert answer.status_code == 404
    assert "no rating yet" in answer.json()["detail"]
    for key in (foreign.pk, uuid4()):
        answer = client.get(f"/api/v1/sessions/{key}/taught", headers=headers)
        assert answer.status_code == 404
        assert "rating" not in answer.json()["detail"]


def test_without_priors_it_says_when_to_come_back(client, alice, headers):
    PopulationPrior.objects.all().update(is_current=False)
    assert client.get(MODEL, headers=headers).status_code == 503


@pytest.mark.parametrize("path", [MODEL, "/api/v1/sessions/6f1c0e9a-5d0f-4b7a-9c58-2f7d3a1b4c5d/taught"])
def test_it_asks_who_you_are(client, path):
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("view", [OwnModelView, SessionTaughtView])
def test_it_is_throttled_as_others(view):
    assert PerUserThrottle in view.throttle_classes


def test_the_schema_documents_both(client):
    paths = client.get("/api/schema/").json()["paths"]
    for path in ("/api/v1/users/me/model", "/api/v1/sessions/{session_id}/taught"):
        content = paths[path]["get"]["responses"]["200"]["content"]
        assert "$ref" in content["application/json"]["schema"]
