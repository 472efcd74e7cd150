"""Fixtures of the fakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.asgi_server import running
from tests.fakes.messages_api import FakeMessagesAPI


@pytest.fixture(scope="session")
def _messages_server() -> Iterator[FakeMessagesAPI]:
    api = FakeMessagesAPI()
    with running(api) as url:
        api.url = url
        yield api


@pytest.fixture
def messages_api(_messages_server: FakeMessagesAPI) -> Iterator[FakeMessagesAPI]:
    """The fake Messages API at `messages_api.url`: fine unless told otherwise, clean in every test."""
    _messages_server.reset()
    yield _messages_server
    _messages_server.reset()
