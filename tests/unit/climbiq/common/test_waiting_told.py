"""Whoever asks too often is told so, and for how long, in the house's words."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.exceptions import Throttled

from climbiq.common.problems import problem_of
from climbiq.common.throttles import PerUserThrottle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wait", "told"), [(2495, "42 minutes"), (0.3, "1 second"), (7201, "3 hours"), (300_000, "4 days")]
)
def test_the_wait_in_words(wait: float, told: str) -> None:
    problem = problem_of(Throttled(wait=wait), safe=True)
    assert problem is not None
    assert problem.detail == f"Too many requests: try again in {told}."


def test_the_api_says_it(client, alice, monkeypatch) -> None:
    rates = dict(PerUserThrottle.THROTTLE_RATES) | {"user": "1/hour"}
    monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", rates)
    cache.clear()
    client.force_login(alice)
    assert client.get("/api/v1/variables").status_code == 200
    refused = client.get("/api/v1/variables")
    assert refused.status_code == 429
    assert refused.json()["detail"] == "Too many requests: try again in 60 minutes."
    assert 3590 < int(refused.headers["Retry-After"]) <= 3600
    cache.clear()
