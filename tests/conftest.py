"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from climbiq.local import testing
from tests.fixtures import prepared

# A shared machine is sometimes slow; the same examples every time make a failure repeatable.
hypothesis_settings.register_profile("climbiq", deadline=None, derandomize=True)
hypothesis_settings.load_profile("climbiq")

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.attackers",
    "tests.fixtures.people",
    "tests.fixtures.servers",
    "tests.fixtures.browser",
    "tests.fixtures.diary_site",
    "tests.fixtures.left_out",
    "tests.fakes.fixtures",
]


def pytest_configure(config: pytest.Config) -> None:
    """Log in cheaply in this process; real servers hash as in production.

    Whoever hands out the tests to others has made for them, meanwhile, what each would make.
    """
    from django.conf import settings

    if config.getoption("tx", None) and not hasattr(config, "workerinput") and not config.option.collectonly:
        prepared.start(testing.run_folder() / "made")

    settings.PASSWORD_HASHERS = ["tests.fixtures.hashing.QuickArgon2", *settings.PASSWORD_HASHERS[1:]]


# Whole files go to whoever is free. Those that wait for servers and browsers come first: one of them at the end would
# keep one process busy alone.
LONGEST_FIRST = ("browser", "faults", "statistical", "integration", "architecture", "unit")
TESTS = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """Collect without the garbage collector: nothing of it is garbage, then or later.

    Beside others the first one goes ahead: what it compiles, the tests' own modules above all, the others only read.
    """
    worker = getattr(session.config, "workerinput", {}).get("workerid")
    if worker is None:
        return (yield)
    if worker != "gw0":
        prepared.wait_for_the_first()
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    if worker == "gw0":
        prepared.let_the_others_go()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, otherwise as collected. How pages look, and all of them on a desktop, is for the slow suites."""
    for item in items:
        is_look = item.path.stem.endswith("_look") or item.name.endswith("[desktop]")
        if is_look and "browser" in item.keywords:
            item.add_marker(pytest.mark.slow)
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(TESTS).parts[0], len(ranks)))


def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores, since tests of real servers wait half of their time; each has servers of its own."""
    return min(len(os.sched_getaffinity(0)) + 1, 5)
