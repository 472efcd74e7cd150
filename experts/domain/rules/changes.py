"""What changed between two states of a stored rule, in words that a coach reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.grammar import parse_actions, parse_conditions
from experts.domain.rules.sentences import action_sentence, condition_sentence
from experts.domain.rules.words import LIFECYCLES, RULE_CATEGORIES, RULE_CONFIDENCES, RULE_SOURCES

__all__ = ["Change", "describe_changes", "keys_in"]

NOTHING: Final = "nothing"
_KEYS: Final = ("contributors", "source_scenario_id", "review_session_id", "superseded_by")


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a rule, before and after, in words; `before` is None where the rule is new."""

    what: str
    before: str | None
    after: str


def describe_changes(
    *, before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> tuple[Change, ...]:
    """Compare two rows of the audit log; against None, tell what the rule began with.

    Parameters
    ----------
    names : mapping of str to str, optional
        What people and rows are called, by their keys (`keys_in`); one that is not there is told by its key.

    >>> describe_changes(before={"priority": 50}, after={"priority": 80})
    (Change(what='Priority', before='50', after='80'),)
    """
    return tuple(_changes(_named(before, names or {}), _named(after, names or {}) or {}))


def keys_in(row: Mapping[str, Any] | None) -> Iterator[str]:
    """Keys of the people, scenarios, review sessions and rules that a row of the log names.

    >>> sorted(keys_in({"contributors": ["a", "b"], "review_session_id": "c", "source_scenario_id": None}))
    ['a', 'b', 'c']
    """
    for column in _KEYS:
        found = (row or {}).get(column)
        yield from map(str, found if isinstance(found, list) else [found] if found else [])


def _named(row: Mapping[str, Any] | None, names: Mapping[str, str]) -> Mapping[str, Any] | None:
    if row is None:
        return None
    called = {
        column: ", ".join(names.get(key, key) for key in keys_in({column: row[column]}))
        for column in _KEYS
        if column in row
    }
    return {**row, **called}


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[Change]:
    for column, (label, words) in _PARTS.items():
        new = after.get(column)
        if before is None:
            if new not in (None, ""):
                yield Change(label, None, words(new))
        elif before.get(column) != new:
            yield Change(label, words(before.get(column)), words(new))


def _plain(value: Any) -> str:
    return NOTHING if value in (None, "") else str(value)


def _one_of(labels: Mapping[str, str]) -> Callable[[Any], str]:
    def label(value: Any) -> str:
        return labels.get(value, _plain(value)) if isinstance(value, str) else _plain(value)

    return label


def _conditions(value: Any) -> str:
    try:
        return condition_sentence(parse_conditions(value))
    except InvalidRule:
        return json.dumps(value, ensure_ascii=False)


def _actions(value: Any) -> str:
    try:
        return "; ".join(action_sentence(action) for action in parse_actions(value))
    except InvalidRule:
        return json.dumps(value, ensure_ascii=False)


def _moment(value: Any) -> str:
    try:
        return f"{datetime.fromisoformat(value):%-d %B %Y, %H:%M %Z}"
    except (TypeError, ValueError):
        return _plain(value)


_PARTS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "lifecycle": ("Lifecycle", _one_of(LIFECYCLES)),
    "name": ("Name", _plain),
    "description": ("Description", _plain),
    "conditions": ("When", _conditions),
    "actions": ("Then", _actions),
    "rule_category": ("Category", _one_of(RULE_CATEGORIES)),
    "priority": ("Priority", _plain),
    "confidence": ("Confidence", _one_of(RULE_CONFIDENCES)),
    "source": ("Source", _one_of(RULE_SOURCES)),
    "evidence": ("Evidence", _plain),
    "contributors": ("Contributors", _plain),
    "source_scenario_id": ("Scenario", _plain),
    "review_session_id": ("Review session", _plain),
    "expires_at": ("Expires", _moment),
    "superseded_by": ("Superseded by", _plain),
}
