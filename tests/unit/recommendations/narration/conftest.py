from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from recommendations.narration.base import NarrationRequest
from recommendations.narration.breaker import CircuitBreaker
from recommendations.narration.claude import ClaudeConfig, ClaudeNarrator
from tests.factories.tips import PREDICTION, STATS, make_tip
from tests.fakes.fixtures import _messages_server, messages_api  # noqa: F401  (fixtures)
from tests.fakes.messages_api import FakeMessagesAPI


@pytest.fixture
def request_for() -> Callable[..., NarrationRequest]:
    def make(**changes: Any) -> NarrationRequest:
        values: dict[str, Any] = {"tip": make_tip().as_payload(), "prediction": PREDICTION, "stats": STATS}
        return NarrationRequest(**{**values, **changes})

    return make


@pytest.fixture
def narration_request(request_for: Callable[..., NarrationRequest]) -> NarrationRequest:
    return request_for()


@pytest.fixture
async def claude_at(
    messages_api: FakeMessagesAPI,  # noqa: F811
) -> AsyncIterator[Callable[..., ClaudeNarrator]]:
    """Make narrators that talk to the fake over real HTTP."""
    made: list[ClaudeNarrator] = []

    def make(*, breaker: CircuitBreaker | None = None, **changes: Any) -> ClaudeNarrator:
        values: dict[str, Any] = {
            "api_key": "test-key",
            "base_url": messages_api.url,
            "read_seconds": 3.0,
            "total_seconds": 10.0,
        }
        made.append(ClaudeNarrator(config=ClaudeConfig(**{**values, **changes}), breaker=breaker))
        return made[-1]

    yield make
    for narrator in made:
        await narrator.aclose()
