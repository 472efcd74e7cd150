"""Short words around numbers on the climber's pages; the numbers come from payloads, already rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from recommendations.domain.kind_words import is_kind, swap
from recommendations.domain.statistical_context import NOT_CLEAR

PHASES: Final = {
    "cold_start": "with fewer than 10 sessions",
    "learning": "with 10 to 29 sessions",
    "personalized": "with 30 sessions or more",
}
ASSUMED: Final = {
    "own_mean": "taken as usual for you",
    "reference": "taken as ordinary",
    "untrained": "too rare to tell, taken as ordinary",
    "": "",
}
OUTCOMES: Final = {"true": "fits today", "false": "does not fit today", "not_evaluable": "cannot be told"}


def percent(share: float) -> str:
    """A share as whole per cent.

    >>> percent(0.87)
    '87 %'
    """
    return f"{round(share * 100)} %"


def choice_label(value: Any, variable: str) -> str:
    """The label of a choice, or the value itself.

    >>> choice_label("project", "session_type")
    'Projecting'
    """
    return VARIABLES[variable].choices.get(value, str(value) if value is not None else "")


def tip_title(tip: Mapping[str, Any]) -> str:
    """What to do, as a heading.

    >>> tip_title({"variable": "caffeine_mg", "label": "Caffeine", "action": "increase", "current_value": 0,
    ...     "recommended_value": 100, "unit": "mg"})
    'Caffeine: 100 mg instead of 0 mg'
    >>> tip_title({"variable": "session_type", "label": "Session type", "current_value": "project",
    ...     "recommended_value": "technique", "unit": ""})
    'A technique session instead of a projecting one'
    """
    variable, unit = str(tip["variable"]), str(tip["unit"])
    if is_kind(variable):
        return swap(variable, tip["recommended_value"], tip["current_value"])

    def worded(value: Any) -> str:
        return f"{value:g} {unit}".strip()

    title = f"{tip['label']}: {worded(tip['recommended_value'])}"
    return title if tip["current_value"] is None else f"{title} instead of {worded(tip['current_value'])}"


def field_labels(paths: Sequence[str]) -> str:
    """The labels of rule fields, for a sentence.

    >>> field_labels(["pre_session.stress_level"])
    'stress'
    """
    return ", ".join(RULE_FIELDS[p].label.lower() if p in RULE_FIELDS else p for p in paths)


def stat_lines(stats: Mapping[str, Any]) -> list[str]:
    """How today compares, a sentence each; what is not clear is said to be so."""
    lines: list[str] = []
    unclear: list[str] = []
    for key, entry in stats.items():
        if not isinstance(entry, Mapping):
            continue
        if key.endswith("_population"):
            lines.append(_condition_line(key.removesuffix("_population"), entry))
        elif key.endswith("_response"):
            label = VARIABLES[key.removesuffix("_response")].label.lower()
            if entry["descriptor"] == NOT_CLEAR:
                unclear.append(label)
            else:
                lines.append(f"{entry['descriptor']} to {label}.")
        elif key == "personal_high_stress":
            lines += _high_stress_lines(entry)
        elif key == "personal_caffeine":
            lines.append(
                f"Your own sessions: {entry['high_caffeine_avg']} of 10 on average with much caffeine"
                f" ({entry['n_high']}), {entry['low_caffeine_avg']} with little or none ({entry['n_low']})."
            )
    if unclear:
        lines.append(f"{NOT_CLEAR} to {_listed(unclear)}.")
    if any(isinstance(entry, Mapping) and entry.get("source") == "registry" for entry in stats.values()):
        lines.append("Compared with usual values: there are too few climbers here yet to compare with.")
    return lines


def _condition_line(name: str, entry: Mapping[str, Any]) -> str:
    variable = VARIABLES[name]
    unit = "" if variable.unit in {"", "points"} else f" {variable.unit}"
    among = (
        f"more than {entry['percentile']:g} % of what {entry['n_climbers']} climbers log"
        if entry["source"] == "climbers"
        else str(entry["descriptor"])
    )
    return f"{variable.label} {entry['user_value']:g}{unit}: {among}."


def _high_stress_lines(entry: Mapping[str, Any]) -> list[str]:
    if entry["avg_quality_project"] is None or entry["avg_quality_volume"] is None:
        return []
    sentence = (
        f"On your {entry['n_sessions']} stressed days: projecting {entry['avg_quality_project']} of 10"
        f" ({entry['n_project']}), volume {entry['avg_quality_volume']} ({entry['n_volume']})."
    )
    return [sentence]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def amount(value: Any, unit: str = "") -> str:
    """A value with its unit: no needless decimals, words as they are.

    >>> amount(100.0, "mg"), amount(7.5, "h"), amount("project")
    ('100 mg', '7.5 h', 'project')
    """
    if value is None:
        return "not said"
    number = f"{value:g}" if isinstance(value, int | float) else str(value)
    return number if unit in {"", "points"} else f"{number} {unit}"


def amount_of(value: Any, variable: str) -> str:
    """A value of a variable in words: a choice by its label.

    >>> amount_of("project", "session_type"), amount_of(100.0, "caffeine_mg"), amount_of(None, "caffeine_mg")
    ('Projecting', '100 mg', 'not said')
    """
    known = VARIABLES[variable]
    return amount(known.choices.get(value, value) if isinstance(value, str) else value, known.unit)


def greeting_for(name: str, *, hour: int) -> str:
    """A greeting by the climber's own clock.

    >>> greeting_for("Ana", hour=8)
    'Good morning, Ana'
    """
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {name}" if name else f"Good {part}"
