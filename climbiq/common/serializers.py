"""Serializers that refuse what they do not know, and fields that read the registry of variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from climbiq.common import openapi as _openapi  # noqa: F401  registers how the schema shows VariableField
from climbiq.domain.texts import quotable
from climbiq.domain.values import BadValue, Value, parse_value
from climbiq.domain.variables import ALIASES, Variable
from climbiq.domain.zones import exists, skipped

FIRST_YEAR: Final = 1950
LAST_YEAR: Final = 2100

__all__ = ["MomentField", "StrictModelSerializer", "StrictSerializer", "VariableField", "variable_fields"]


class VariableField(serializers.Field[Any, Any, Any, Any]):
    """One registered variable: converted by the registry's own rules; null means "not said"."""

    def __init__(self, variable: Variable, **kwargs: Any) -> None:
        self.variable = variable
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        kwargs.setdefault("label", variable.label)
        kwargs.setdefault("help_text", variable.question or variable.label)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Value | None:
        """Convert what was posted."""
        try:
            return parse_value(self.variable, data)
        except BadValue as bad:
            raise serializers.ValidationError(bad.message) from bad

    def to_representation(self, value: Any) -> Any:
        """Write a stored value: numbers as JSON numbers, whole ones without a decimal point."""
        if isinstance(value, Decimal):
            return int(value) if self.variable.is_whole else float(value)
        return value


class MomentField(serializers.DateTimeField):
    """A moment, with its offset or by the climber's own clock."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse what that clock never shows, and first the ends of the calendar: they have no other time zone."""
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise serializers.ValidationError(f"The year must be between {FIRST_YEAR} and {LAST_YEAR}.")
        moment = super().enforce_timezone(value)
        if value.tzinfo is None and not exists(moment):
            raise serializers.ValidationError(skipped(value.time()))
        return moment


class RefusesUnknownFields(serializers.Serializer[Any]):
    """Names every field it does not have, or does not let anybody set, beside the other errors.

    Names of variables may be given under their aliases.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Convert, telling all errors at once."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        errors = self._errors_of_names(data)
        try:
            converted = super().to_internal_value(self._under_own_names(data))
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):
                errors = {**self._under_given_names(error.detail, data), **errors}
            raise serializers.ValidationError(errors) from error
        if errors:
            raise serializers.ValidationError(errors)
        return converted

    def validate(self, attrs: Any) -> Any:
        """A change that changes nothing is most likely a mistake: a body got lost."""
        if self.partial and self.root is self and not self.initial_data:
            raise serializers.ValidationError("Give at least one field to change.")
        return super().validate(attrs)

    def _errors_of_names(self, data: Mapping[str, Any]) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        first = {name: name for name in data if self._own_name(name) == name}
        for given in data:
            own = self._own_name(given)
            field = self.fields.get(own)
            if field is None:
                errors[quotable(given)] = ["There is no such field here."]
            elif field.read_only:
                errors[quotable(given)] = ["This cannot be set."]
            elif first.setdefault(own, given) != given:
                errors[quotable(given)] = [f"This is given twice, also as {first[own]}."]
        return errors

    def _under_own_names(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        renamed = [name for name in data if self._own_name(name) != name]
        return {self._own_name(name): data[name] for name in data} if renamed else data

    def _under_given_names(self, detail: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong, by the names that were sent."""
        given = {self._own_name(name): name for name in data if self._own_name(name) not in data}
        return {given.get(name, name): said for name, said in detail.items()}

    def _own_name(self, given: str) -> str:
        name = ALIASES.get(given, given)
        return name if name in self.fields and given not in self.fields else given


class StrictSerializer(RefusesUnknownFields):
    """Base of every serializer that reads a request."""


class StrictModelSerializer(RefusesUnknownFields, serializers.ModelSerializer[Any]):
    """The same for one model's rows. List the fields; never `__all__`."""


def variable_fields(variables: Iterable[Variable], **kwargs: Any) -> dict[str, VariableField]:
    """Build one field for each variable, by its name, reading and writing its own column.

    >>> from climbiq.domain.variables import in_room
    >>> variable_fields(in_room("pre_session"))["caffeine_mg"].source
    'planned_caffeine_mg'
    """
    return {
        v.name: VariableField(v, **({"source": v.column} if v.column != v.name else {}), **kwargs)
        for v in variables
    }
