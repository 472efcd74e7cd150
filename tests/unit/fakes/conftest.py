from __future__ import annotations

from tests.fakes.fixtures import _messages_server, messages_api  # noqa: F401  (fixtures)
