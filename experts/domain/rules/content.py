"""What the author of a rule writes, checked as a whole before anything is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, TypedDict
from uuid import UUID

from climbiq.domain.texts import UnstorableText, clean_text
from experts.domain.rules.faults import Fault, Faults, InvalidRule
from experts.domain.rules.grammar import parse_actions, parse_conditions, parse_rule
from experts.domain.rules.tree import canonical_json
from experts.domain.rules.words import RULE_CATEGORIES, RULE_CONFIDENCES, RULE_SOURCES

__all__ = [
    "CONTENT_PARTS",
    "MAX_CHARS",
    "MAX_CONTRIBUTORS",
    "RuleChanges",
    "RuleContent",
    "check_content",
    "faults_of_parts",
]

MAX_CHARS: Final[Mapping[str, int]] = {"name": 120, "description": 2000, "evidence": 2000, "reason": 500}
MAX_CONTRIBUTORS: Final = 50
MAX_RULE_CHARS: Final = 30_000  # conditions and actions; nobody reads half as much
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "rule_category": RULE_CATEGORIES,
    "confidence": RULE_CONFIDENCES,
    "source": RULE_SOURCES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContent:
    """Everything that an author decides, None where they said nothing; keys of people and rows that it came from."""

    name: str
    conditions: Any
    actions: Any
    description: str | None = None
    rule_category: str | None = None
    priority: int = 50
    confidence: str | None = None
    source: str | None = None
    evidence: str | None = None
    contributors: tuple[UUID, ...] = ()
    source_scenario: UUID | None = None
    review_session: UUID | None = None
    expires_at: datetime | None = None

    def revision(self, *, lifecycle: str, superseded_by: UUID | None) -> str:
        """A short digest of content, lifecycle and successor: what an editor was shown, to notice that it has changed.

        >>> rule = RuleContent(name="Tense", conditions={}, actions=[])
        >>> heir = UUID("5f0c3c52-0c1b-4c4e-8f0e-3a6a1d6f7b21")
        >>> len({
        ...     rule.revision(lifecycle="draft", superseded_by=None),
        ...     rule.revision(lifecycle="active", superseded_by=None),
        ...     rule.revision(lifecycle="active", superseded_by=heir),
        ... })
        3
        """
        heir = None if superseded_by is None else str(superseded_by)
        said = {**asdict(self), "lifecycle": lifecycle, "superseded_by": heir}
        if self.expires_at is not None:
            said["expires_at"] = self.expires_at.astimezone(UTC).isoformat()
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


CONTENT_PARTS: Final = tuple(field.name for field in fields(RuleContent))


class RuleChanges(TypedDict, total=False):
    """Some of a rule's content, anew."""

    name: str
    conditions: Any
    actions: Any
    description: str | None
    rule_category: str | None
    priority: int
    confidence: str | None
    source: str | None
    evidence: str | None
    contributors: tuple[UUID, ...]
    source_scenario: UUID | None
    review_session: UUID | None
    expires_at: datetime | None


def check_content(
    *,
    content: RuleContent,
    now: datetime,
    expired_before: datetime | None = None,
    unknown: tuple[Fault, ...] = (),
) -> RuleContent:
    """Return the content as it is stored: texts trimmed, conditions and actions in their one spelling.

    Parameters
    ----------
    expired_before : datetime or None
        The end that the rule has already: it may lie in the past, a new one may not.
    unknown : tuple of Fault
        What whoever knows the database has found: people and rows that are not there. Told with the rest.

    Raises
    ------
    InvalidRule
        With every fault of every part, in the order in which they stand.

    >>> from datetime import UTC
    >>> say = [{"type": "message", "message": " Sip slowly. "}]
    >>> ask = {"value": 200.0, "op": ">", "field": "pre_session.planned_caffeine_mg"}
    >>> given = RuleContent(name="  Much   coffee ", conditions=ask, actions=say)
    >>> stored = check_content(content=given, now=datetime(2026, 5, 1, tzinfo=UTC))
    >>> stored.name, stored.conditions
    ('Much coffee', {'field': 'pre_session.caffeine_mg', 'op': '>', 'value': 200})
    """
    faults = Faults()
    name = _text("name", content.name, faults) or ""
    if not name and not faults:
        faults.add("name", "Needs a name.")
    description = _text("description", content.description, faults)
    evidence = _text("evidence", content.evidence, faults)
    for field, words in _WORDS.items():
        given = getattr(content, field)
        if given is not None and given not in words:
            faults.add(field, f"Must be one of: {', '.join(words)}.")
    if isinstance(content.priority, bool) or not 0 <= content.priority <= 100:
        faults.add("priority", "Must be between 0 and 100.")
    contributors = tuple(dict.fromkeys(content.contributors))
    if len(contributors) > MAX_CONTRIBUTORS:
        faults.add("contributors", f"{MAX_CONTRIBUTORS} are the most; these are {len(contributors)}.")
    if content.expires_at is not None and content.expires_at != expired_before and content.expires_at <= now:
        faults.add("expires_at", "This moment has passed: the rule would never apply.")
    for fault in unknown:
        faults.add(fault.path, fault.message)
    try:
        parsed = parse_rule(conditions=content.conditions, actions=content.actions)
    except InvalidRule as invalid:
        raise InvalidRule((*faults.found, *invalid.faults)) from None
    if len(canonical_json(parsed)) > MAX_RULE_CHARS:
        faults.add("conditions", f"The rule is too long: {MAX_RULE_CHARS:,} characters are the most.")
    if faults:
        raise InvalidRule(faults.found)
    return replace(
        content,
        name=name,
        description=description,
        evidence=evidence,
        contributors=contributors,
        conditions=parsed.conditions.to_json(),
        actions=parsed.actions_json(),
    )


def faults_of_parts(given: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Everything wrong with the conditions and the actions, whichever of them are given.

    >>> faults_of_parts({"actions": [], "name": "Tense"})
    (Fault(path='actions', message='Must be a list of at least one action.'),)
    """
    found: list[Fault] = []
    for part, parse in (("conditions", parse_conditions), ("actions", parse_actions)):
        if part in given:
            try:
                parse(given[part])
            except InvalidRule as invalid:
                found += invalid.faults
    return tuple(found)


def _text(field: str, given: str | None, faults: Faults) -> str | None:
    """The text as it is stored; None where nothing is left of it."""
    if given is None:
        return None
    try:
        text = clean_text(given, one_line=field == "name")
    except UnstorableText as error:
        faults.add(field, f"The text {error}.")
        return None
    if len(text) > MAX_CHARS[field]:
        faults.add(field, f"Can have {MAX_CHARS[field]:,} characters at most; these are {len(text):,}.")
        return None
    return text or None
