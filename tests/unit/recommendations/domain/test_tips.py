"""A tip cannot hold a number that its payload does not show."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.domain import rounding
from recommendations.domain.tips import Flip, Tip, worded
from tests.factories.tips import make_basis

reals = st.floats(-20, 20)


def tip(**changes):
    return Tip(
        **{
            "index": 0, "variable": "caffeine_mg", "label": "Caffeine", "action": "increase",
            "current_value": 0.4, "compared_with": 0.4, "recommended_value": 100.0, "unit": "mg", "gain": 0.2988,
            "gain_interval_95": (-0.5789, 1.1765), "probability_of_gain": 0.74777,
            "expected_quality_before": 4.949, "expected_quality_after": 5.2478, "flips": (),
            "basis": make_basis(own_sessions=3, reliability=0.123), "caveats": (),
        }
        | changes
    )  # fmt: skip


def test_numbers_are_rounded_when_the_tip_is_made():
    made = tip()
    assert (made.gain, made.gain_interval_95, made.probability_of_gain) == (0.3, (-0.58, 1.18), 0.75)
    assert (made.expected_quality_before, made.expected_quality_after) == (4.9, 5.2)
    assert (made.current_value, made.basis.reliability) == (0.0, 0.12)


@given(reals, reals, st.floats(0, 1), st.floats(1, 10))
def test_what_is_shown_is_what_is_in_the_payload(gain, low, p, quality):
    made = tip(
        gain=gain, gain_interval_95=(low, low + 1), probability_of_gain=p, expected_quality_before=quality
    )
    payload = json.loads(json.dumps(made.as_payload(), allow_nan=False))
    for name, value in payload.items():
        shown = getattr(made, name)
        if isinstance(value, list) and name != "gain_interval_95":
            continue
        if name == "basis":
            assert value == shown.as_payload()
        else:
            assert value == (list(shown) if isinstance(shown, tuple) else shown)
        assert "-0.0" not in json.dumps(value)


@given(st.floats(0, 1))
def test_no_probability_is_certain(p):
    assert 0.01 <= rounding.probability(p) <= 0.99


@pytest.mark.parametrize(
    ("variable", "value", "shown"),
    [
        ("caffeine_mg", 99.6, 100.0),
        ("sleep_hours", 6.49, 6.5),
        ("session_type", "volume", "volume"),
        ("stress_level", None, None),
        ("niggle_severity.finger", 3, 3.0),
    ],
)
def test_amounts_are_as_precise_as_a_report(variable, value, shown):
    flip = Flip(kind="rule", variable=variable, threshold=value, direction="is", sentence="")
    assert flip.threshold == shown


@pytest.mark.parametrize(
    ("value", "digits"), [(0.0031234, 0.00312), (-0.3512, -0.351), (123.456, 123.0), (0.0, 0.0), (-0.0, 0.0)]
)
def test_coefficients_keep_three_digits(value, digits):
    assert rounding.coefficient(value) == digits
    assert math.copysign(1, rounding.coefficient(0.0 * value)) == 1.0


def test_values_in_words():
    assert worded("warmup_duration_min", 15.0, "min") == "15 min"
    assert worded("stress_level", 4.0, "points") == "4"
    assert worded("session_type", "power") == "Power"
    assert worded("caffeine_mg", None, "mg") == ""
