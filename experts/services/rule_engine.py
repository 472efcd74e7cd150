"""The rules in force, compiled once a process and dropped the moment any of them changes.

Triggers raise a counter with every change of a rule, whoever makes it and however; a decision names the counter it
was read with. The time limit is a second net, for a process that is asked without one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from climbiq.common.models import DataVersion
from experts.domain.rules.decision import Decision, RuleDefinition, RuleOverride
from experts.domain.rules.rule_set import RuleSet
from experts.models import ExpertRule

log = logging.getLogger(__name__)

CACHE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Cached:
    version: int
    loaded_at: float
    rules: RuleSet
    shadow: RuleSet


class RuleEngine:
    """Evaluates expert rules against a climber's state, before any model work."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: _Cached | None = None

    def shadow_rules(self, *, version: int | None = None) -> RuleSet:
        """The rules that are evaluated but never shown: their outcomes go into the evidence."""
        return self._cache(version).shadow

    def active_rules(self, *, version: int | None = None) -> RuleSet:
        """The compiled rules; read anew when `version` is not the one they were read with, or after 300 s.

        Parameters
        ----------
        version : int or None
            The `rules` counter of `data_versions` that the caller has just read; None reads it.
        """
        return self._cache(version).rules

    def _cache(self, version: int | None) -> _Cached:
        wanted = self._current_version() if version is None else version
        cached = self._cached
        if cached and cached.version == wanted and self._clock() - cached.loaded_at < CACHE_SECONDS:
            return cached
        with self._lock:
            cached = self._cached
            if not (cached and cached.version == wanted and self._clock() - cached.loaded_at < CACHE_SECONDS):
                # Rules read now may be newer than `wanted`: then the next caller's counter is newer too.
                active, shadow = _definitions()
                cached = _Cached(wanted, self._clock(), RuleSet(active), RuleSet(shadow))
                self._cached = cached
            return cached

    def decide(self, *, state: Mapping[str, Any], now: datetime, version: int | None = None) -> Decision:
        """Evaluate every rule: what bypasses the model, what adjusts it, and how each came out."""
        return self.active_rules(version=version).decide(state, now=now)

    def check_rules(self, *, user_state: Mapping[str, Any], now: datetime) -> RuleOverride | None:
        """The first override by priority, or None: the model is asked."""
        return self.decide(state=user_state, now=now).override

    def forget(self) -> None:
        """Drop what is cached."""
        with self._lock:
            self._cached = None

    @staticmethod
    def _current_version() -> int:
        return DataVersion.objects.values_list("version", flat=True).get(name="rules")


RULE_ENGINE: Final = RuleEngine()


def _definitions() -> tuple[list[RuleDefinition], list[RuleDefinition]]:
    """The rules in force, and those in shadow as if they were."""
    active: list[RuleDefinition] = []
    shadow: list[RuleDefinition] = []
    for rule in ExpertRule.objects.in_use().by_priority():
        if rule.is_active:
            active.append(definition_of(rule))
        else:
            shadow.append(replace(definition_of(rule), is_active=True))
    for broken in (*RuleSet(active).faulty, *RuleSet(shadow).faulty):
        log.error("rule %s cannot be read and never matches: open it in the admin", broken)
    return active, shadow


def definition_of(rule: ExpertRule) -> RuleDefinition:
    """A stored rule as the domain knows it."""
    return RuleDefinition(
        id=str(rule.pk),
        name=rule.name,
        version=rule.version,
        conditions=rule.conditions,
        actions=rule.actions,
        description=rule.description or "",
        category=rule.rule_category or "edge_case",
        priority=50 if rule.priority is None else rule.priority,
        confidence=rule.confidence or "",
        source=rule.source or "",
        evidence=rule.evidence or "",
        expires_at=rule.expires_at,
        is_active=bool(rule.is_active),
        superseded_by=None if rule.superseded_by_id is None else str(rule.superseded_by_id),
    )
