"""Where advice may move a treatment, by hand, and where it never does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.population_prior import PopulationPrior
from recommendations.domain.levers import (
    LEVERS,
    WARMUP_SHARE_OF_TIME,
    Room,
    doses_above_safe,
    own_ranges,
    room_for,
    values_to_advise,
)

CAFFEINE, WARMUP = LEVERS


@pytest.mark.parametrize(
    ("lever", "own", "time", "room"),
    [
        pytest.param(CAFFEINE, None, None, Room(low=0, high=100, high_is="dose_limit"), id="new: reference"),
        pytest.param(CAFFEINE, (0, 0), None, Room(low=0, high=100, high_is="dose_limit"), id="never had any"),
        pytest.param(CAFFEINE, (50, 130), None, Room(low=0, high=225, high_is="dose_limit"), id="130 + 100"),
        pytest.param(CAFFEINE, (180, 200), None, Room(low=100, high=300, high_is="optimum"), id="to the optimum"),
        pytest.param(CAFFEINE, (400, 600), 30, Room(low=100, high=300, high_is="optimum"), id="no further"),
        pytest.param(WARMUP, None, None, Room(low=15, high=15, high_is="dose_limit"), id="new warm-up"),
        pytest.param(WARMUP, (10, 30), None, Room(low=15, high=30, high_is="optimum"), id="long warm-up"),
        pytest.param(WARMUP, (10, 30), 90, Room(low=15, high=20, high_is="dose_limit"), id="a quarter of 90"),
        pytest.param(WARMUP, (10, 30), 45, Room(low=15, high=10, high_is="dose_limit"), id="10 min in 45"),
        pytest.param(WARMUP, (5, 12), None, Room(low=15, high=20, high_is="dose_limit"), id="12 + 8"),
    ],
)  # fmt: skip
def test_room_by_hand(lever, own, time, room):
    assert room_for(lever=lever, own_range=own, time_available_min=time) == room


def test_coaches_can_narrow_the_optimum():
    prior = PopulationPrior(mean=0.003, sd=0.001, individual_sd=0.001, optimal_min=50, optimal_max=150)
    room = room_for(lever=CAFFEINE, prior=prior, own_range=(0, 300))
    assert (room.high, room.high_is) == (150, "optimum")
    wider = PopulationPrior(mean=0.003, sd=0.001, individual_sd=0.001, optimal_max=350)
    assert room_for(lever=CAFFEINE, prior=wider, own_range=(0, 300)).high == 300  # the dose ends there


@given(
    st.sampled_from(LEVERS),
    st.one_of(st.none(), st.tuples(st.floats(0, 120), st.floats(0, 120)).map(lambda p: (min(p), max(p)))),
    st.one_of(st.none(), st.floats(10, 720)),
    st.booleans(),
)
def test_every_value_is_safe_fits_and_can_be_measured(lever, own, time, upwards):
    variable = VARIABLES[lever.variable]
    room = room_for(lever=lever, own_range=own, time_available_min=time)
    for value in values_to_advise(room=room, lever=lever, upwards=upwards):
        assert variable.low <= value <= variable.optimal_range[1] <= variable.safe_high
        assert upwards or value >= lever.least
        assert value % lever.step == 0
        if lever.share_of_time and time is not None:
            assert value <= WARMUP_SHARE_OF_TIME * time + 1e-6


def test_own_ranges_skip_what_was_not_said():
    sessions = [
        TreatedSession(day=i, conditions=c, session_quality=5)
        for i, c in enumerate([{"caffeine_mg": 80}, {"caffeine_mg": None}, {}, {"caffeine_mg": 200}])
    ]
    assert own_ranges(sessions=sessions) == {"caffeine_mg": (80, 200)}


def test_a_dose_above_the_safe_one_is_told():
    assert doses_above_safe(conditions={"caffeine_mg": 400, "warmup_duration_min": None}) == ()
    (told,) = doses_above_safe(conditions={"caffeine_mg": 401})
    assert "401 mg is above 400 mg" in told
    assert "60 min is above 45 min" in doses_above_safe(conditions={"warmup_duration_min": 60})[0]
