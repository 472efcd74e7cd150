"""The grammar of rules: conditions and actions out of JSON, or every fault in them with its path.

    condition = {"field": path, "op": operator, "value": value} | {"ALL": [condition, …]} | {"ANY": [condition, …]}
    action    = {"type": "override", "recommendation": word, "message": text}
              | {"type": "suppress", "target": word}
              | {"type": "modify_coefficient", "target": variable, "multiplier": number}
              | {"type": "message", "message": text}

A value is checked against the kind and range of its field, so a rule that passes can be evaluated on any state.
"""

from __future__ import annotations

from typing import Final, Literal

from experts.domain.rules.actions import read_actions
from experts.domain.rules.comparing import read_comparison
from experts.domain.rules.faults import Faults, InvalidRule
from experts.domain.rules.tree import Action, Condition, Group, ParsedRule

__all__ = [
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "MAX_PARTS",
    "parse_actions",
    "parse_conditions",
    "parse_rule",
]

MAX_DEPTH: Final = 5  # groups within groups
MAX_PARTS: Final = 50  # of one group
MAX_CONDITIONS: Final = 200  # comparisons and groups of one rule


def parse_rule(*, conditions: object, actions: object) -> ParsedRule:
    """Read a whole rule.

    Raises
    ------
    InvalidRule
        With the faults of both, in the order in which they stand.

    >>> parse_rule(conditions={"ALL": []}, actions=[{"type": "dance"}])
    Traceback (most recent call last):
        ...
    experts.domain.rules.faults.InvalidRule: conditions.ALL: Needs at least one condition.
    actions[0].type: There is no dance. Known: override, suppress, modify_coefficient, message.
    """
    faults = Faults()
    found = _ConditionReader(faults).read(conditions, "conditions")
    doing = read_actions(actions, "actions", faults)
    if found is None or faults:
        raise InvalidRule(faults.found)
    return ParsedRule(found, doing)


def parse_conditions(raw: object, *, at: str = "conditions") -> Condition:
    """Read conditions alone.

    >>> parse_conditions({"field": "pre_session.stress_level", "op": ">=", "value": 4.0})
    Comparison(field='pre_session.stress_level', op='>=', value=4)
    """
    faults = Faults()
    found = _ConditionReader(faults).read(raw, at)
    if found is None or faults:
        raise InvalidRule(faults.found)
    return found


def parse_actions(raw: object, *, at: str = "actions") -> tuple[Action, ...]:
    """Read actions alone.

    >>> parse_actions([{"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5}])
    (ModifyCoefficient(target='caffeine_mg', multiplier=0.5),)
    """
    faults = Faults()
    found = read_actions(raw, at, faults)
    if faults:
        raise InvalidRule(faults.found)
    return found


class _ConditionReader:
    """Reads one tree; a reader that returns None has noted why."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._count = 0

    def read(self, raw: object, at: str, depth: int = 1) -> Condition | None:
        """A comparison or a group, at a depth of groups."""
        self._count += 1
        if self._count > MAX_CONDITIONS:
            if self._count == MAX_CONDITIONS + 1:
                self._faults.add(
                    at, f"The rule ends here: {MAX_CONDITIONS} conditions and groups are the most."
                )
            return None
        if isinstance(raw, dict):
            if "ALL" in raw:
                return self._group("ALL", raw, at, depth)
            if "ANY" in raw:
                return self._group("ANY", raw, at, depth)
            if "field" in raw or "op" in raw or "value" in raw:
                return read_comparison(raw, at, self._faults)
        self._faults.add(at, 'Must be {"field", "op", "value"}, {"ALL": […]} or {"ANY": […]}.')
        return None

    def _group(
        self, kind: Literal["ALL", "ANY"], raw: dict[str, object], at: str, depth: int
    ) -> Group | None:
        self._faults.unknown_keys(at, raw, kind)
        parts, at = raw[kind], f"{at}.{kind}"
        if not isinstance(parts, list):
            self._faults.add(at, "Must be a list of conditions.")
        elif not parts:
            self._faults.add(at, "Needs at least one condition.")
        elif len(parts) > MAX_PARTS:
            self._faults.add(at, f"Has {len(parts):,} conditions; {MAX_PARTS} are the most.")
        elif depth > MAX_DEPTH:
            self._faults.add(at, f"Groups can be nested {MAX_DEPTH} deep at most.")
        else:
            found = [self.read(part, f"{at}[{place}]", depth + 1) for place, part in enumerate(parts)]
            sound = tuple(part for part in found if part is not None)
            return Group(kind, sound) if len(sound) == len(parts) else None
        return None
