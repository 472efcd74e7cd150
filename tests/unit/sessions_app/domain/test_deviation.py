from __future__ import annotations

import pytest

from climbiq.domain.values import BadValues
from sessions_app.domain.deviation import settle_deviation

PLANNED = {
    "caffeine_mg": 200,
    "warmup_duration_min": 15,
    "session_type": "project",
    "session_intensity": None,
}


@pytest.mark.parametrize(
    ("actual", "said", "deviated", "changed"),
    [
        pytest.param({}, None, False, {}, id="nothing-said"),
        pytest.param({}, False, False, {}, id="as-planned"),
        pytest.param({"caffeine_mg": 0}, None, True, {"caffeine_mg": 0}, id="none-taken-is-a-change"),
        pytest.param({"caffeine_mg": 200}, None, False, {}, id="the-same-value-is-no-change"),
        pytest.param({"caffeine_mg": 200}, False, False, {}, id="the-same-value-and-as-planned"),
        pytest.param({"caffeine_mg": 200}, True, True, {}, id="different-in-some-other-way"),
        pytest.param(
            {"session_intensity": "low"}, None, True, {"session_intensity": "low"}, id="nothing-was-planned"
        ),
        pytest.param(
            {"caffeine_mg": 100, "warmup_duration_min": 15},
            True,
            True,
            {"caffeine_mg": 100},
            id="only-what-changed",
        ),
    ],
)
def test_settle_deviation(actual, said, deviated, changed):
    settled, values = settle_deviation(planned=PLANNED, actual=actual, deviated=said)
    assert settled is deviated
    assert {name: value for name, value in values.items() if value is not None} == changed
    assert set(values) == set(PLANNED)


def test_a_change_contradicts_as_planned_by_the_name_it_was_given_under():
    with pytest.raises(BadValues) as caught:
        settle_deviation(planned=PLANNED, actual={"caffeine_mg": 0}, deviated=False)
    assert set(caught.value.problems) == {"actual_caffeine_mg"}
