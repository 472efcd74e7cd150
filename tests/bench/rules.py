"""Rules: one decision on a thousand active rules, trace included, beside other ways to evaluate the same rules.

Run as `python -m tests.bench.rules`. The other engines are measured where they are installed, and only if they find
the same rules to match.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from time import perf_counter
from typing import Any

from climbiq.domain.rule_fields import RULE_FIELDS, RuleField
from experts.domain.rules.decision import Decision, RuleDefinition
from experts.domain.rules.rule_set import RuleSet

RULES, STATES, ROUNDS = 1000, 100, 7
NOW = datetime(2026, 5, 20, tzinfo=UTC)
FIELDS = [field for field in RULE_FIELDS.values() if field.kind in ("number", "choice")]

State = dict[str, Any]
Matcher = Callable[[State], list[int]]  # state → positions of the rules that match


class Incomparable(Exception):
    """An engine that does not find the same rules to match."""


def run() -> list[tuple[str, float, str]]:
    """Measure; returns (what, how much, unit), the others with their ratios last."""
    random_source = random.Random(20260520)
    definitions = [_definition(number, random_source) for number in range(RULES)]
    rules = RuleSet(definitions)
    in_order = list(rules.definitions)
    all_known = [_state(random_source, share_missing=0.0) for _ in range(STATES)]
    some_missing = [_state(random_source, share_missing=0.1) for _ in range(STATES)]

    started = perf_counter()
    RuleSet(definitions)
    rows = [("read and compile 1,000 rules", (perf_counter() - started) * 1e3, "ms")]

    def decide(state: State) -> Decision:
        return rules.decide(state, now=NOW)

    rows.append(("decide, everything known", _median_us(decide, all_known), "µs"))
    rows.append(("decide, one field in ten missing", _median_us(decide, some_missing), "µs"))
    fresh = RuleSet(definitions)  # remembers no value yet
    first_pass = _median_us(lambda state: fresh.decide(state, now=NOW), all_known, rounds=1)
    rows.append(("decide, first pass after a change", first_pass, "µs"))

    expected = [
        [place for place, entry in enumerate(decide(state).trace) if entry.outcome == "true"]
        for state in all_known
    ]
    for name, build in OTHERS.items():
        try:
            match = build(in_order)
            if [match(state) for state in all_known[:10]] != expected[:10]:
                raise Incomparable(f"{name} matches other rules")
        except ImportError:
            continue
        beside, theirs = _side_by_side(decide, match, all_known)
        rows += [(name, theirs, "µs"), (f"{name} / ours", theirs / beside, "×")]
    return rows


def _median_us(act: Callable[[State], object], states: list[State], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        for state in states:
            started = perf_counter()
            act(state)
            times.append(perf_counter() - started)
    return statistics.median(times) * 1e6


def _side_by_side(
    ours: Callable[[State], object], theirs: Callable[[State], object], states: list[State]
) -> tuple[float, float]:
    """Medians of two contenders that take turns, so that a busy machine is busy for both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        for state in states:
            for act, spent in zip((ours, theirs), times, strict=True):
                started = perf_counter()
                act(state)
                spent.append(perf_counter() - started)
    return statistics.median(times[0]) * 1e6, statistics.median(times[1]) * 1e6


def _value(field: RuleField, random_source: random.Random) -> Any:
    if field.kind == "choice":
        return random_source.choice(list(field.choices))
    steps = min(int((field.high - field.low) / field.step), 200)
    value = round(field.low + field.step * random_source.randint(0, steps), 1)
    return int(value) if field.is_whole else value


def _state(random_source: random.Random, *, share_missing: float) -> State:
    return {f.path: _value(f, random_source) for f in FIELDS if random_source.random() >= share_missing}


def _definition(number: int, random_source: random.Random) -> RuleDefinition:
    """A rule in the flat form that the specification's interpreter can read too: two to five comparisons."""

    def comparison() -> dict[str, Any]:
        field = random_source.choice(FIELDS)
        op = random_source.choice([">=", "<=", ">", "<"]) if field.kind == "number" else "=="
        return {"field": field.path, "op": op, "value": _value(field, random_source)}

    parts = [comparison() for _ in range(random_source.randint(2, 5))]
    kind = "ANY" if random_source.random() < 0.05 else "ALL"
    override = {"type": "override", "recommendation": "rest_day", "message": "Rest."}
    suppress = {"type": "suppress", "target": "caffeine_recommendation"}
    return RuleDefinition(
        id=f"{number:08d}",
        name=f"rule {number:04d}",
        version=1,
        conditions={kind: parts},
        actions=[override if number % 4 == 0 else suppress],
        category="safety" if number % 4 == 0 else "performance",
        priority=random_source.randint(0, 100),
    )


def _specification(definitions: list[RuleDefinition]) -> Matcher:
    """The interpreter of the specification, asked about every rule as a trace needs it."""

    def nested_value(state: State, path: str) -> Any:
        found: Any = state
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def single(condition: dict[str, Any], state: State) -> bool:
        actual, op, value = nested_value(state, condition["field"]), condition["op"], condition["value"]
        if actual is None:
            return False
        if op == ">=":
            return actual >= value
        if op == "<=":
            return actual <= value
        if op == ">":
            return actual > value
        if op == "<":
            return actual < value
        return actual == value

    def holds(conditions: dict[str, Any], state: State) -> bool:
        if "ALL" in conditions:
            return all(single(part, state) for part in conditions["ALL"])
        return any(single(part, state) for part in conditions["ANY"])

    def match(state: State) -> list[int]:
        nested = _nested(state)
        return [place for place, rule in enumerate(definitions) if holds(rule.conditions, nested)]

    return match


def _json_logic(definitions: list[RuleDefinition]) -> Matcher:
    evaluate = import_module("json_logic").jsonLogic

    def translated(conditions: dict[str, Any]) -> dict[str, Any]:
        ((kind, parts),) = conditions.items()
        tests = [{part["op"]: [{"var": part["field"]}, part["value"]]} for part in parts]
        return {"and" if kind == "ALL" else "or": tests}

    logics = [translated(rule.conditions) for rule in definitions]

    def match(state: State) -> list[int]:
        nested = _nested(state)
        return [place for place, logic in enumerate(logics) if evaluate(logic, nested)]

    return match


def _expression(conditions: dict[str, Any]) -> str:
    ((kind, parts),) = conditions.items()
    tests = [f"({_flat(part['field'])} {part['op']} {_literal(part['value'])})" for part in parts]
    return (" and " if kind == "ALL" else " or ").join(tests)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _flat(path: str) -> str:
    return path.replace(".", "__")


def _rule_engine(definitions: list[RuleDefinition]) -> Matcher:
    compile_rule = import_module("rule_engine").Rule
    compiled = [compile_rule(_expression(rule.conditions)) for rule in definitions]

    def match(state: State) -> list[int]:
        flat = {_flat(path): value for path, value in state.items()}
        return [place for place, rule in enumerate(compiled) if rule.matches(flat)]

    return match


def _zen_engine(definitions: list[RuleDefinition]) -> Matcher:
    compile_expression = import_module("zen").compile_expression
    compiled = [compile_expression(_expression(rule.conditions)) for rule in definitions]

    def match(state: State) -> list[int]:
        flat = {_flat(path): value for path, value in state.items()}
        return [place for place, expression in enumerate(compiled) if expression.evaluate(flat)]

    return match


def _nested(state: State) -> State:
    tree: State = {}
    for path, value in state.items():
        *rooms, name = path.split(".")
        here = tree
        for room in rooms:
            here = here.setdefault(room, {})
        here[name] = value
    return tree


OTHERS: dict[str, Callable[[list[RuleDefinition]], Matcher]] = {
    "the specification's interpreter": _specification,
    "json-logic": _json_logic,
    "rule-engine": _rule_engine,
    "zen-engine": _zen_engine,
}

if __name__ == "__main__":
    for what, amount, unit in run():
        print(f"{what:40} {amount:10.1f} {unit}")  # noqa: T201
