"""What the schema says of views and fields, with types: drf-spectacular's decorators carry none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers

from climbiq.domain.quantities import Variable

__all__ = [
    "OpenApiParameter",
    "OpenApiResponse",
    "OpenApiTypes",
    "described_as",
    "document_problems",
    "documented",
    "one_of_many",
    "schema_of_variable",
]

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `errors` names each field by its path, with sentences for a person.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:climbiq:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "examples": [{"current_conditions.sleep_hours": ["Sleep must be between 0 and 16 h."]}],
        },
    },
}

F = TypeVar("F", bound=Callable[..., Any])


def documented(**kwargs: Any) -> Callable[[F], F]:
    """drf-spectacular's `extend_schema`, keeping the type of what it decorates."""
    return cast("Callable[[F], F]", extend_schema(**kwargs))


def described_as(schema: dict[str, Any]) -> Callable[[F], F]:
    """What values of a field's class look like."""
    return cast("Callable[[F], F]", extend_schema_field(schema))


def one_of_many(
    name: str, kinds: dict[str, type[serializers.Serializer[object]]], *, by: str
) -> PolymorphicProxySerializer:
    """A list of objects of several kinds, told apart `by` a field of theirs; a component of its own each."""
    return PolymorphicProxySerializer(
        component_name=name, serializers=kinds, resource_type_field_name=by, many=True
    )


def schema_of_variable(variable: Variable) -> dict[str, Any]:
    """Describe one registered variable in OpenAPI 3.1.

    >>> from climbiq.domain.variables import variable
    >>> schema_of_variable(variable("stress_level"))["maximum"]
    5
    """
    description = variable.question or variable.label
    if variable.unit and variable.unit != "points":
        description += f" ({variable.unit})"
    match variable.kind:
        case "number":
            kind: dict[str, Any] = {
                "type": ["integer" if variable.is_whole else "number", "null"],
                "minimum": _short(variable.low),
                "maximum": _short(variable.high),
            }
            if variable.anchors:
                words = ", ".join(f"{point:g} {word}" for point, word in variable.anchors.items())
                description += f" {words}."
        case "choice":
            kind = {"type": ["string", "null"], "enum": [*variable.choices, None]}
        case "flag":
            kind = {"type": ["boolean", "null"]}
        case "list":
            kind = {"type": ["array", "null"], "items": {"type": "string"}}
        case "niggles":
            kind = {"type": ["array", "null"], "items": _niggle(variable)}
        case _:
            kind = {"type": ["string", "null"]}
    return {**kind, "description": description}


def _niggle(variable: Variable) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["location", "severity"],
        "properties": {
            "location": {"type": "string", "enum": list(variable.choices)},
            "severity": {"type": "integer", "minimum": 1, "maximum": 5},
            "notes": {"type": "string"},
        },
    }


def _short(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to every operation what it answers when it fails; drf-spectacular calls this with the finished schema."""
    del kwargs
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    answer = {
        "description": "What went wrong.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            operation.setdefault("responses", {})["default"] = answer
    return result


class _VariableInSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    target_class = "climbiq.common.serializers.VariableField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        del auto_schema, direction
        return schema_of_variable(self.target.variable)
