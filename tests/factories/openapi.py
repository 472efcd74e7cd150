"""Holds answers against the published schema, more strictly than it says: nothing may be there that it does not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

FORMATS = Draft202012Validator.FORMAT_CHECKER


def faults(document: dict[str, Any], component: str, answer: Any) -> list[str]:
    """What is wrong with an answer, each with its path."""
    schema = {"$ref": f"#/components/schemas/{component}", "components": _closed(document["components"])}
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    return [
        f"{deepest.json_path}: {deepest.message}"
        for error in validator.iter_errors(answer)
        for deepest in _deepest(error)
    ]


def _deepest(error: ValidationError) -> Iterator[ValidationError]:
    """What is wrong with each of several alternatives, where there are any."""
    if not error.context:
        yield error
    for nested in error.context or ():
        yield from _deepest(nested)


def _closed(part: Any) -> Any:
    """The same schemas, each object with its own properties only."""
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _closed(value) for name, value in part.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
