from __future__ import annotations

import pytest

from sessions_app.domain.records import as_treated

PLANNED = {"caffeine_mg": 200, "warmup_duration_min": 15, "session_type": "project", "stress_level": 4}


@pytest.mark.parametrize(
    ("actual", "deviated", "expected"),
    [
        pytest.param({}, False, PLANNED, id="as-planned"),
        pytest.param({"caffeine_mg": 0}, True, PLANNED | {"caffeine_mg": 0}, id="none-taken-is-not-unknown"),
        pytest.param({"caffeine_mg": None}, True, PLANNED, id="not-said-keeps-the-plan"),
        pytest.param({"caffeine_mg": 0}, False, PLANNED, id="stray-value-without-deviation"),
        pytest.param({"caffeine_mg": 0}, None, PLANNED, id="deviation-unknown"),
        pytest.param({"session_type": "volume"}, True, PLANNED | {"session_type": "volume"}, id="a-word"),
        pytest.param({"stress_level": 1}, True, PLANNED, id="a-state-is-never-overwritten"),
    ],
)
def test_as_treated(actual, deviated, expected):
    assert as_treated(planned=PLANNED, actual=actual, deviated=deviated) == expected


def test_an_unknown_plan_stays_unknown():
    treated = as_treated(planned={"caffeine_mg": None}, actual={}, deviated=True)
    assert treated == {"caffeine_mg": None}
