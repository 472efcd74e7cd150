"""JSON as a person types it into a form: read strictly, refused with the place of the mistake."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from climbiq.domain.texts import quotable

__all__ = ["MAX_JSON_CHARS", "UnreadableJson", "pretty_json", "read_json"]

MAX_JSON_CHARS: Final = 60_000  # laid out; `MAX_RULE_CHARS` without the white space


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
    """Write a value for a form: short comparisons on one line each, groups over several.

    >>> print(pretty_json({"ALL": [{"field": "baseline.age", "op": "<", "value": 18}]}))
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
    if isinstance(value, dict) and len(value) == 1:
        ((key, only),) = value.items()
        return f"{{{json.dumps(key, ensure_ascii=False)}: {_pretty(only, indent)}}}"
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
