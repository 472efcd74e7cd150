from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.values import BadValues, parse_value
from climbiq.domain.variables import variable
from sessions_app.domain.measures import in_metric


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param({"weight_lb": 154}, {"weight_kg": 69.9}, id="69.853 kg"),
        pytest.param({"height_in": "5.5"}, None, id="out-of-range"),
        pytest.param({"height_in": "70.5"}, {"height_cm": 179.1}, id="179.07 cm"),
        pytest.param({"arm_span_in": 72}, {"arm_span_cm": 182.9}, id="182.88 cm"),
        pytest.param({"max_hang_weight_lb": -20}, {"max_hang_weight_kg": -9.1}, id="assisted-hang"),
        pytest.param({"weight_lb": ""}, {"weight_kg": None}, id="blank"),
        pytest.param(
            {"weight_lb": 150, "weight_kg": ""}, {"weight_kg": 68.0}, id="the-other-unit-left-blank"
        ),
        pytest.param({"weight_lb": 150, "weight_kg": 70}, None, id="twice"),
        pytest.param({"weight_lb": "heavy"}, None, id="no-number"),
        pytest.param({"age": 30}, {"age": 30}, id="nothing-to-convert"),
    ],
)
def test_in_metric(raw, expected):
    if expected is None:
        with pytest.raises(BadValues) as caught:
            in_metric(raw)
        assert set(caught.value.problems) <= set(raw)
    else:
        assert in_metric(raw) == expected


@given(st.decimals("44.1", "551.2", places=1))
def test_every_accepted_weight_is_accepted_in_kilograms(pounds):
    assert parse_value(variable("weight_kg"), in_metric({"weight_lb": pounds})["weight_kg"]) is not None
