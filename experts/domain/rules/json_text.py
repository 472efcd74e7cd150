"""JSON as a person types it into a form: read strictly, refused with the place of the mistake."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from climbiq.domain.texts import quotable

__all__ = ["MAX_JSON_CHARS", "UnreadableJson", "pretty_json", "read_json"]

MAX_JSON_CHARS: Final = 60_000  # laid out; `MAX_RULE_CHARS` without the white space

_LINE_CHARS: Final = 76
_KEYS: Final = ("type", "field", "op", "value", "recommendation", "target", "multiplier", "message")
_ORDER: Final = {key: place for place, key in enumerate(_KEYS)}


class UnreadableJson(ValueError):
    """Text that is not JSON, or says one thing twice; the message is a sentence for its author."""


def read_json(text: str) -> Any:
    """Read one JSON value.

    Raises
    ------
    UnreadableJson
        Not JSON, nested too deeply, too long, a key given twice, NaN or an infinity.

    >>> read_json('{"field": "pre_session.stress_level"}')
    {'field': 'pre_session.stress_level'}
    >>> read_json('{"op": ">=", "op": "<"}')
    Traceback (most recent call last):
        ...
    experts.domain.rules.json_text.UnreadableJson: “op” is given twice in one place.
    """
    if len(text) > MAX_JSON_CHARS:
        raise UnreadableJson(f"This has {len(text):,} characters; {MAX_JSON_CHARS:,} are the most.")
    try:
        return json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableJson(f"This is not JSON: {error.msg.lower()} at {where}.") from None
    except RecursionError:
        raise UnreadableJson("This is nested far too deeply.") from None
    except UnreadableJson:
        raise
    except ValueError:  # a whole number of thousands of digits
        raise UnreadableJson("This holds a number that is too long.") from None


def pretty_json(value: Any) -> str:
    """Write a value for a form: keys in the order people say them, a line for each comparison that fits one.

    >>> print(pretty_json({"ALL": [{"op": "<", "field": "baseline.age", "value": 18}]}))
    {"ALL": [
      {"field": "baseline.age", "op": "<", "value": 18}
    ]}
    """
    return _pretty(value, "")


def _pretty(value: Any, indent: str) -> str:
    inner = f"{indent}  "
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        items = ",\n".join(inner + _pretty(item, inner) for item in value)
        return f"[\n{items}\n{indent}]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: _ORDER.get(key, len(_ORDER)))
        pairs = [f"{json.dumps(key, ensure_ascii=False)}: {_pretty(value[key], indent)}" for key in keys]
        line = f"{{{', '.join(pairs)}}}"
        if len(pairs) == 1 or len(indent + line) <= _LINE_CHARS:
            return line
        return "{\n" + ",\n".join(inner + pair for pair in pairs) + f"\n{indent}}}"
    return json.dumps(value, ensure_ascii=False)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableJson(f"“{quotable(twice)}” is given twice in one place.")
    return found


def _no_constant(word: str) -> NoReturn:
    raise UnreadableJson(f"{word} is no JSON number.")
