"""Serializers: unknown names, names under aliases, and values by the registry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from climbiq.common.openapi import schema_of_variable
from climbiq.common.problems import problem_of
from climbiq.common.serializers import MomentField, StrictSerializer, VariableField, variable_fields
from climbiq.domain.variables import VARIABLES, in_room, variable


class Inner(StrictSerializer):
    grade = serializers.CharField()
    tries = serializers.IntegerField(min_value=1)


class Outer(StrictSerializer):
    name = serializers.CharField(max_length=5)
    secret = serializers.CharField(read_only=True)
    inner = Inner(required=False)
    many = Inner(many=True, required=False)


class Conditions(StrictSerializer):
    def get_fields(self) -> dict[str, Any]:
        return dict(variable_fields(in_room("pre_session")))


def errors_of(serializer: serializers.Serializer[Any]) -> dict[str, list[str]]:
    """The errors as a client sees them."""
    with pytest.raises(serializers.ValidationError) as caught:
        serializer.is_valid(raise_exception=True)
    problem = problem_of(caught.value, safe=False)
    assert problem is not None
    assert problem.status == 400
    return dict(problem.errors)


def test_every_error_is_told_at_once_by_its_path() -> None:
    posted = {
        "name": "too long",
        "is_staff": True,
        "secret": "x",
        "inner": {"grade": "7a", "tries": 0, "colour": "red"},
        "many": [{"grade": "7a", "tries": 1}, {"tries": "three"}],
    }
    assert errors_of(Outer(data=posted)) == {
        "name": ["Ensure this field has no more than 5 characters."],
        "inner.tries": ["Ensure this value is greater than or equal to 1."],
        "inner.colour": ["There is no such field here."],
        "many.1.grade": ["This field is required."],
        "many.1.tries": ["A valid integer is required."],
        "is_staff": ["There is no such field here."],
        "secret": ["This cannot be set."],
    }


def test_a_strange_name_is_not_echoed_as_it_is() -> None:
    (name,) = set(errors_of(Outer(data={"name": "a", "x\n\x1b[31m" * 50: 1})))
    assert len(name) <= 40
    assert name.isprintable()


def test_a_change_of_nothing_is_refused() -> None:
    assert errors_of(Outer(data={}, partial=True)) == {
        "non_field_errors": ["Give at least one field to change."]
    }


def test_something_that_is_no_object_is_refused() -> None:
    assert "non_field_errors" in errors_of(Outer(data=[1, 2]))


def test_values_are_the_registrys() -> None:
    posted = {"sleep_hours": "7.5", "stress_level": 4.0, "caffeine_mg": None, "current_niggles": "finger 2"}
    serializer = Conditions(data=posted)
    serializer.is_valid(raise_exception=True)
    assert serializer.validated_data == {
        "sleep_hours": 7.5,
        "stress_level": 4,
        "planned_caffeine_mg": None,
        "current_niggles": [{"location": "finger", "severity": 2, "notes": ""}],
    }


@pytest.mark.parametrize(
    ("posted", "errors"),
    [
        pytest.param(
            {"stress_level": 6}, {"stress_level": ["Stress must be between 1 and 5."]}, id="out of range"
        ),
        pytest.param({"stress_level": True}, {"stress_level": ["Stress must be a number."]}, id="a bool"),
        pytest.param({"sleep_hours": [7]}, {"sleep_hours": ["Sleep must be a number."]}, id="a list"),
        pytest.param({"mood": 3}, {"mood": ["There is no such field here."]}, id="unknown"),
        pytest.param(
            {"caffeine_mg": 100, "planned_caffeine_mg": 200},
            {"planned_caffeine_mg": ["This is given twice, also as caffeine_mg."]},
            id="by name and by alias",
        ),
        pytest.param(
            {"warmup_min": 5, "planned_warmup_min": 10},
            {"planned_warmup_min": ["This is given twice, also as warmup_min."]},
            id="by two aliases",
        ),
        pytest.param(
            {"planned_caffeine_mg": "lots"},
            {"planned_caffeine_mg": ["Caffeine must be a number."]},
            id="the name that was sent",
        ),
    ],
)
def test_conditions_are_refused_by_name(posted: dict[str, Any], errors: dict[str, list[str]]) -> None:
    assert errors_of(Conditions(data=posted)) == errors


def test_an_alias_is_understood() -> None:
    serializer = Conditions(data={"planned_caffeine_mg": 200})
    serializer.is_valid(raise_exception=True)
    assert serializer.validated_data == {"planned_caffeine_mg": 200}


def test_stored_numbers_are_written_as_numbers() -> None:
    assert VariableField(variable("sleep_hours")).to_representation(Decimal("7.5")) == 7.5
    whole = VariableField(variable("caffeine_mg")).to_representation(Decimal(200))
    assert (whole, type(whole)) == (200, int)


def test_every_variable_has_a_schema() -> None:
    for v in VARIABLES.values():
        schema = schema_of_variable(v)
        assert "null" in schema["type"], v.name
        assert schema["description"], v.name
        if v.kind == "choice":
            assert schema["enum"] == [*v.choices, None]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("written", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "0001-01-01T00:00:00+14:00",
                                     "9999-12-31T23:59:59Z", "1949-12-31T23:00:00", "2101-01-01T00:00:00"])  # fmt: skip
def test_the_ends_of_the_calendar_are_no_moments(zone: str, written: str) -> None:
    with timezone.override(zone), pytest.raises(ValidationError, match="between 1950 and 2100"):
        MomentField().run_validation(written)
