"""Fixtures that every test may use."""

from __future__ import annotations

from hypothesis import settings

# A shared machine is sometimes slow; the same examples every time make a failure repeatable.
settings.register_profile("climbiq", deadline=None, derandomize=True)
settings.load_profile("climbiq")

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.people",
    "tests.fixtures.servers",
    "tests.fixtures.browser",
    "tests.fakes.fixtures",
]
