"""What a rule may look at: paths derived from the registry, and the state that they are read from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, Literal

from climbiq.domain.grade_tables import LABELS, Discipline
from climbiq.domain.grades import GRADES, grade_index
from climbiq.domain.quantities import Variable
from climbiq.domain.training_history import TrainingHistory
from climbiq.domain.variables import ALIASES, in_room, variable
from climbiq.domain.vocabularies import NIGGLE_SEVERITIES, NIGGLE_SITES

__all__ = [
    "FIELD_ALIASES",
    "RULE_FIELDS",
    "FieldKind",
    "RuleField",
    "UnknownRuleField",
    "build_state",
    "finite_number",
    "rule_field",
]

FieldKind = Literal["number", "choice", "flag", "list"]

_KINDS: Final[Mapping[str, FieldKind]] = {  # free text decides nothing
    "number": "number",
    "choice": "choice",
    "flag": "flag",
    "list": "list",
    "niggles": "list",
}

_SCALES: Final[Mapping[Discipline, str]] = {"boulder": "on the V scale", "route": "on the IRCRA scale"}


class UnknownRuleField(KeyError):
    """No rule may look at that path."""

    def __str__(self) -> str:
        return f"unknown rule field {self.args[0]!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleField:
    """One path of the state, with what the editor and the validation need to know of its values."""

    path: str
    label: str
    kind: FieldKind
    low: float = -math.inf
    high: float = math.inf
    step: float = 1.0
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    anchors: Mapping[float, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers occur."""
        return self.kind == "number" and float(self.step).is_integer()

    def known(self, value: object) -> Any:
        """The value as rules compare it, or None where it is not one of this field's: then it is unknown.

        >>> rule_field("pre_session.sleep_hours").known(Decimal("7.3"))
        7.3
        >>> rule_field("pre_session.sleep_hours").known(float("nan")) is None
        True
        """
        match self.kind:
            case "number":
                return finite_number(value)
            case "choice":
                return value if isinstance(value, str) and value in self.choices else None
            case "flag":
                return value if isinstance(value, bool) else None
            case "list":
                return tuple(value) if isinstance(value, list | tuple) else None


def rule_field(path: str) -> RuleField:
    """Look a field up by its path or by an alias of it.

    >>> rule_field("pre_session.planned_caffeine_mg").path
    'pre_session.caffeine_mg'
    """
    try:
        return RULE_FIELDS[FIELD_ALIASES.get(path, path)]
    except (KeyError, TypeError):
        raise UnknownRuleField(path) from None


def build_state(
    *,
    baseline: Mapping[str, object] | None,
    conditions: Mapping[str, object],
    history: TrainingHistory | None,
) -> dict[str, Any]:
    """Lay out what is known of a climber today as path → value.

    Parameters
    ----------
    baseline : mapping or None
        Column of the baseline assessment → value; None before there is one. Of its grades a rule sees the index.
    conditions : mapping
        Registry name or column of today's form → value. `current_niggles` is a list of
        ``{location, severity, …}``, empty where nothing hurts, None where nobody asked.
    history : TrainingHistory or None
        The climber's sessions before this one; None where they were not looked up.

    Returns
    -------
    dict
        Only what is known: an unknown or unusable value has no key, so that rules on it are not evaluable.

    >>> state = build_state(baseline={"age": 30}, conditions={"current_niggles": []}, history=None)
    >>> state["pre_session.niggle_severity.finger"], "pre_session.stress_level" in state
    (0, False)
    """
    by_name = {ALIASES.get(name, name): value for name, value in conditions.items() if value is not None}
    niggles = _severities(by_name.pop("current_niggles", None))
    past = _severities((baseline or {}).get("injury_history"))
    found: dict[str, object] = {f"pre_session.{name}": value for name, value in by_name.items()}
    found |= {f"baseline.{name}": value for name, value in (baseline or {}).items()}
    found |= {f"baseline.{name}_index": _index_of(name, (baseline or {}).get(name)) for name in GRADES}
    found["baseline.injury_history"] = None if past is None else tuple(past)
    if niggles is not None:
        found["pre_session.current_niggles"] = tuple(niggles)
        found |= {f"pre_session.niggle_severity.{site}": niggles.get(site, 0) for site in NIGGLE_SITES}
        found["pre_session.niggle_severity.any"] = max(niggles.values(), default=0)
    if history is not None:
        found |= {f"history.{f.name}": getattr(history, f.name) for f in fields(history)}
    state = {path: RULE_FIELDS[path].known(value) for path, value in found.items() if path in RULE_FIELDS}
    return {path: value for path, value in state.items() if value is not None}


def finite_number(value: object) -> int | float | None:
    """The value if it is a number that can be compared, else None: no flag, no text, no NaN, no infinity.

    >>> finite_number(True), finite_number(float("inf")), finite_number(Decimal("7.3"))
    (None, None, 7.3)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int):
        return value
    number = float(value)  # a Decimal of 7.3 is not equal to the 7.3 that a rule was written with
    return number if math.isfinite(number) else None


def _index_of(name: str, grade: object) -> float | None:
    return grade_index(grade, discipline=GRADES[name]) if isinstance(grade, str) else None


def _severities(niggles: object) -> dict[str, int] | None:
    """Site → worst severity there, or None where niggles are unknown or not in their form."""
    if not isinstance(niggles, list | tuple):
        return None
    worst: dict[str, int] = {}
    for niggle in niggles:
        if not isinstance(niggle, Mapping):
            return None
        site, severity = niggle.get("location"), finite_number(niggle.get("severity"))
        if not isinstance(site, str) or site not in NIGGLE_SITES or severity not in NIGGLE_SEVERITIES:
            return None
        worst[site] = max(int(severity), worst.get(site, 0))
    return worst


def _of(entry: Variable) -> Iterator[RuleField]:
    kind = _KINDS.get(entry.kind)
    if kind is not None:
        ranged = {"low": entry.low, "high": entry.high, "step": entry.step} if kind == "number" else {}
        yield RuleField(
            path=f"{entry.room}.{entry.name}",
            label=entry.label,
            kind=kind,
            unit=entry.unit,
            choices=entry.choices,
            anchors=entry.anchors,
            **ranged,
        )


def _grade_indices() -> Iterator[RuleField]:
    """Grades as numbers: text decides nothing, and boulders and routes are never compared."""
    for name, discipline in GRADES.items():
        anchors = _grades_at(discipline)
        yield RuleField(
            path=f"baseline.{name}_index",
            label=variable(name).label,
            kind="number",
            low=min(anchors),
            high=max(anchors),
            step=0.5,
            unit=_SCALES[discipline],
            anchors=anchors,
        )


def _grades_at(discipline: Discipline) -> dict[float, str]:
    """The usual spellings at each point of the index: 4 is V4 or 6B."""
    spelled: dict[float, list[str]] = {}
    for labels in LABELS[discipline].values():
        for label in labels:
            if label.usual:
                spelled.setdefault(float(label.index), []).append(label.text)
    return {index: " or ".join(spelled[index]) for index in sorted(spelled)}


def _niggle_severities() -> Iterator[RuleField]:
    anchors = {0.0: "none", **{float(severity): word for severity, word in NIGGLE_SEVERITIES.items()}}
    labels = {site: f"{label} niggle" for site, label in NIGGLE_SITES.items()}
    labels |= {"other": "Niggle elsewhere", "any": "Worst niggle"}
    for site, label in labels.items():
        path = f"pre_session.niggle_severity.{site}"
        yield RuleField(path=path, label=label, kind="number", low=0, high=max(anchors), anchors=anchors)


def _history() -> Iterable[RuleField]:
    quality = variable("session_quality")
    days = variable("days_since_last_session")

    def count(name: str, label: str, high: float, unit: str = "") -> RuleField:
        return RuleField(path=f"history.{name}", label=label, kind="number", low=0, high=high, unit=unit)

    def rating(name: str, label: str, step: float) -> RuleField:
        path, low, high = f"history.{name}", quality.low, quality.high
        words = quality.anchors
        return RuleField(path=path, label=label, kind="number", low=low, high=high, step=step, anchors=words)

    return (
        count("sessions_last_7_days", "Sessions in the last 7 days", 50),
        count("hard_sessions_last_7_days", "Hard sessions in the last 7 days", 50),
        count("n_sessions", "Sessions on record", 100_000),
        rating("mean_quality_last_5", "Mean quality of the last 5 sessions", 0.1),
        rating("last_quality", "Quality of the last session", 1),
        count("days_since_last_session", "Days since the last recorded session", 10 * days.high, days.unit),
    )


def _all_fields() -> Iterator[RuleField]:
    for entry in (*in_room("baseline"), *in_room("pre_session")):
        yield from _of(entry)
    yield from _grade_indices()
    yield from _niggle_severities()
    yield from _history()


def _spellings(entry: Variable) -> frozenset[str]:
    """Other names that it has before a session; `actual_…` is only known afterwards."""
    return frozenset((entry.column, *entry.aliases)) - {entry.name, entry.actual_column}


RULE_FIELDS: Final[Mapping[str, RuleField]] = {f.path: f for f in _all_fields()}
FIELD_ALIASES: Final[Mapping[str, str]] = {
    f"{entry.room}.{spelling}": f"{entry.room}.{entry.name}"
    for entry in (*in_room("baseline"), *in_room("pre_session"))
    for spelling in _spellings(entry)
}
