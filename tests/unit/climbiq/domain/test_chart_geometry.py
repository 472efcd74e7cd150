"""Coordinates of charts, by hand and by property."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.chart_geometry import (
    Axis,
    Span,
    band_path,
    bell_path,
    covering_axis,
    line_path,
    nice_ticks,
)

FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("axis", "value", "expected"),
    [
        pytest.param(Axis(1, 10, 14, 346), 1, 14.0, id="low end"),
        pytest.param(Axis(1, 10, 14, 346), 10, 346.0, id="high end"),
        pytest.param(Axis(1, 10, 14, 346), 5.5, 180.0, id="middle"),
        pytest.param(Axis(1, 10, 14, 346), 0, 14.0, id="clipped below"),
        pytest.param(Axis(1, 10, 14, 346), 11, 346.0, id="clipped above"),
        pytest.param(Axis(1, 10, 170, 12), 10, 12.0, id="upwards: high is a small y"),
        pytest.param(Axis(-1, 1, 0, 100), 0, 50.0, id="nought in the middle"),
        pytest.param(Axis(0, 3, 0, 100), 1, 33.3, id="rounded to a tenth"),
    ],
)
def test_a_value_has_its_place(axis, value, expected):
    assert axis.at(value) == expected


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        pytest.param((2, 7), Span(20.0, 50.0), id="in order"),
        pytest.param((7, 2), Span(20.0, 50.0), id="the other way round"),
        pytest.param((5, 5), Span(50.0, 1.0), id="nothing wide is still seen"),
        pytest.param((-4, 5), Span(0.0, 50.0), id="clipped"),
    ],
)
def test_an_interval_has_its_place(ends, expected):
    assert Axis(0, 10, 0, 100).span(*ends) == expected


def test_an_axis_without_length_is_refused():
    with pytest.raises(ValueError, match="low < high"):
        Axis(3, 3, 0, 100)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 10, (2, 4, 6, 8, 10)),
        (-0.7, 1.3, (-0.5, 0, 0.5, 1)),
        (0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (-0.03, 0.02, (-0.03, -0.02, -0.01, 0, 0.01, 0.02)),
        (0, 480, (0, 100, 200, 300, 400)),
        (5, 5, (5,)),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert nice_ticks(low, high) == pytest.approx(expected)


@given(low=FINITE, length=st.floats(1e-3, 1e6))
def test_ticks_lie_between_the_ends_and_are_few(low, length):
    ticks = nice_ticks(low, low + length)
    slack = 1e-6 * (abs(low) + length)
    assert all(low - slack <= tick <= low + length + slack for tick in ticks)
    assert 2 <= len(ticks) <= 11
    assert list(ticks) == sorted(set(ticks))


@given(values=st.lists(FINITE, max_size=8), also=st.none() | FINITE)
def test_a_covering_axis_holds_everything(values, also):
    axis = covering_axis(values, start=0, end=100, also=also)
    assert all(axis.holds(value) for value in values)
    assert also is None or axis.holds(also)


@given(value=FINITE)
def test_a_covering_axis_has_length_even_for_one_value(value):
    axis = covering_axis([value], start=0, end=100, margin=0)
    assert axis.holds(value)


@given(values=st.lists(FINITE, min_size=2, max_size=2, unique=True))
def test_order_is_kept(values):
    axis = covering_axis(values, start=0, end=100)
    small, large = sorted(values)
    assert axis.at(small) <= axis.at(large)


def test_paths_by_hand():
    assert line_path([]) == ""
    assert line_path([(1.25, 2), (3, -0.04)]) == "M1.2 2L3 0"
    assert band_path([]) == ""
    assert band_path([(0, 30, 10), (5, 25, 5)]) == "M0 10L5 5L5 25L0 30Z"


def test_a_bell_peaks_at_its_mean_and_starts_and_ends_on_the_baseline():
    axis = Axis(-4, 4, 0, 80)
    path = bell_path(mean=1, sd=0.5, axis=axis, baseline=100, height=60)
    points = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
    assert points[0][1] == points[-1][1] == 100
    assert min(points, key=lambda point: point[1]) == (axis.at(1), 40.0)
    # One standard deviation from the mean the height is exp(-1/2) of the peak's.
    beside = min(points, key=lambda point: abs(point[0] - axis.at(1.5)))
    assert 100 - beside[1] == pytest.approx(60 * 0.6065, abs=2.5)


def test_a_bell_outside_its_axis_is_not_drawn_and_one_without_width_is_refused():
    assert bell_path(mean=99, sd=1, axis=Axis(0, 1, 0, 10), baseline=0, height=1) == ""
    with pytest.raises(ValueError, match="positive"):
        bell_path(mean=0, sd=0, axis=Axis(0, 1, 0, 10), baseline=0, height=1)
